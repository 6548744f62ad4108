"""SIGTERM: red, closed to new clients, the others are told to go, exit 0."""
import asyncio
import json
import signal
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.servers import PREFIX, ProcessTest, until  # noqa: E402
from support.wsclient import Refused  # noqa: E402

STREAM = "trade.SOL_USDC"
GOING_AWAY = 1001


class Drain(ProcessTest):
    async def test_clients_are_closed_with_1001_and_the_gateway_exits_with_0(self):
        redis, gateway = await self.pair("--drain", "1s")
        clients = [await self.listener(redis, gateway, STREAM) for _ in range(20)]
        gateway.signal(signal.SIGTERM)
        for client in clients:
            self.assertEqual((await client.closed()).code, GOING_AWAY)
        self.assertEqual(await gateway.exited(), 0)
        self.assertEqual(redis.channels(), [])

    async def test_messages_arrive_up_to_the_close(self):
        redis, gateway = await self.pair("--drain", "2s")
        client = await self.listener(redis, gateway, STREAM)
        gateway.signal(signal.SIGTERM)
        sent = 0
        while not client.ended:
            redis.publish(PREFIX + STREAM, '{"n":%d}' % sent)
            sent += 1
            await asyncio.sleep(0.001)  # a pace, not a wait: any would do
        got = client.messages.qsize() - 1  # the last is the close
        self.assertGreater(got, 0)
        for n in range(got):
            self.assertEqual(await client.text(), f'{{"stream":"{STREAM}","data":{{"n":{n}}}}}')
        self.assertEqual((await client.closed()).code, GOING_AWAY)

    async def test_while_it_drains_it_is_not_ready_and_takes_nobody_in(self):
        redis, gateway = await self.pair("--drain", "10s")
        clients = [await self.stage.client(gateway) for _ in range(50)]
        gateway.signal(signal.SIGTERM)

        async def refuses():
            try:
                (await self.stage.client(gateway)).kill()
            except (OSError, EOFError, Refused):
                return True
            return False

        await until(refuses, "new clients are refused")
        self.assertIn(await gateway.status("/readyz"), (0, 503))
        self.assertTrue(gateway.running)
        self.assertTrue(any(client.messages.empty() for client in clients))
        gateway.signal(signal.SIGTERM)  # a second one ends it at once
        await gateway.exited(5)
        gateway.expected_exit = gateway.process.returncode

    async def test_a_second_sigterm_ends_it_at_once(self):
        redis, gateway = await self.pair("--drain", "300s")
        for _ in range(20):
            await self.stage.client(gateway)
        gateway.signal(signal.SIGTERM)
        await until(lambda: self.is_draining(gateway), "it drains")
        gateway.signal(signal.SIGTERM)
        await gateway.exited(10)
        gateway.expected_exit = gateway.process.returncode

    async def is_draining(self, gateway):
        return await gateway.status("/readyz") != 200

    async def test_closes_are_spread_over_the_drain_window(self):
        redis, gateway = await self.pair("--drain", "3s")
        clients = [await self.stage.client(gateway) for _ in range(30)]
        gateway.signal(signal.SIGTERM)
        for client in clients:
            await client.closed()
        ends = [client.ended_at for client in clients]
        self.assertGreater(max(ends) - min(ends), 1.0)  # not all in one moment
        self.assertEqual(await gateway.exited(), 0)

    async def test_without_clients_it_ends_without_waiting(self):
        redis, gateway = await self.pair("--drain", "300s")
        began = time.monotonic()
        gateway.signal(signal.SIGTERM)
        self.assertEqual(await gateway.exited(), 0)
        self.assertLess(time.monotonic() - began, 60)

    async def test_a_client_that_does_not_answer_the_close_does_not_hold_it_up(self):
        redis, gateway = await self.pair("--drain", "1s")
        await self.stage.client(gateway, receive_buffer=4096, read=False)
        gateway.signal(signal.SIGTERM)
        self.assertEqual(await gateway.exited(30), 0)

    async def test_it_drains_while_redis_is_away(self):
        redis, gateway = await self.pair("--drain", "1s")
        client = await self.listener(redis, gateway, STREAM)
        await redis.kill()
        await gateway.turns_red()
        gateway.signal(signal.SIGTERM)
        self.assertEqual((await client.closed()).code, GOING_AWAY)
        self.assertEqual(await gateway.exited(), 0)

    async def test_binance_clients_are_told_before_the_close(self):
        redis, gateway = await self.pair("--drain", "1s")
        combined = await self.stage.client(gateway, f"/stream?streams={STREAM}")
        raw = await self.stage.client(gateway, f"/ws/{STREAM}")
        gateway.signal(signal.SIGTERM)
        notice = json.loads(await combined.text())
        self.assertEqual(list(notice), ["stream", "data"])
        self.assertEqual(notice["stream"], "!serverShutdown")
        self.assertEqual(notice["data"]["e"], "serverShutdown")
        self.assertLess(abs(notice["data"]["E"] / 1000 - time.time()), 600)  # Unix milliseconds
        self.assertEqual(list(json.loads(await raw.text())), ["e", "E"])
        for client in (combined, raw):
            self.assertEqual((await client.closed()).code, GOING_AWAY)


if __name__ == "__main__":
    unittest.main()
