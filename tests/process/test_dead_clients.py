"""Clients that vanish, dawdle or never finish cost the gateway little and others nothing."""
import asyncio
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.servers import PREFIX, ProcessTest  # noqa: E402
from support.wsclient import handshake  # noqa: E402

STREAM = "trade.SOL_USDC"
IMPATIENT = ("--ping-interval", "200ms", "--pong-timeout", "1s")
FAT = '{"fat":"%s"}' % ("x" * 4000)
FLOOD = 5_000  # fat messages: about 20 MB, more than socket buffers and queue hold


class DeadClients(ProcessTest):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.redis = await self.stage.redis()

    async def begin(self, *flags):
        self.gateway = await self.stage.gateway(self.redis, *flags)
        self.healthy = await self.listener(self.redis, self.gateway, STREAM)

    async def others_are_well(self):
        await self.passes_through(self.redis, self.healthy, STREAM, 3)
        await self.healthy.expect_silence()

    async def test_a_client_that_answers_no_ping_is_closed_and_its_streams_are_left(self):
        await self.begin(*IMPATIENT, "--linger", "100ms")
        gone = await self.listener(self.redis, self.gateway, "depth.SOL_USDC")
        gone.answers_pings = False
        await gone.pinged()
        await gone.closed()
        await self.redis.has_listeners(PREFIX + "depth.SOL_USDC", 0)
        await self.others_are_well()

    async def test_a_client_that_vanished_without_a_word_is_closed(self):
        await self.begin(*IMPATIENT, "--linger", "100ms")
        gone = await self.listener(self.redis, self.gateway, "depth.SOL_USDC")
        gone.answers_pings = False
        gone.writer.transport.pause_reading()  # from here it neither reads nor answers
        await self.gateway.has_listeners("depth.SOL_USDC", 0)
        await self.redis.has_listeners(PREFIX + "depth.SOL_USDC", 0)
        await self.others_are_well()

    async def test_a_client_that_answers_pings_stays(self):
        await self.begin(*IMPATIENT)
        for _ in range(10):  # twice the time after which silence would have closed it
            await self.healthy.pinged()
        await self.others_are_well()

    async def test_a_handshake_that_never_finishes_is_ended(self):
        await self.begin("--handshake-timeout", "1s")
        request = handshake("/")
        for part in (b"", b"G", request[:40], request[:-2]):
            slow = await self.stage.connection(self.gateway)
            await slow.send_raw(part)
            self.assertEqual(await self.rest(slow), b"")
        await self.others_are_well()

    async def test_headers_without_an_end_are_cut_off(self):
        await self.begin()
        bomb = await self.stage.connection(self.gateway)
        await bomb.send_raw(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        try:
            for n in range(5_000):
                await bomb.send_raw(b"X-%d: %s\r\n" % (n, b"y" * 1000))
        except ConnectionError:
            pass
        answer = await self.rest(bomb)
        self.assertNotIn(b" 101 ", answer)
        await self.others_are_well()

    async def rest(self, client, patience=15):
        """All that still comes until the connection ends."""
        try:
            return await asyncio.wait_for(client.reader.read(), patience)
        except ConnectionError:
            return b""

    async def test_a_client_that_subscribes_to_nothing_is_closed_in_the_end(self):
        await self.begin("--first-subscription-timeout", "500ms")
        idle = await self.stage.client(self.gateway)
        chatty = await self.stage.client(self.gateway)
        await chatty.send('{"hello":1}')
        await idle.closed()
        await chatty.closed()
        await self.others_are_well()

    async def test_a_reader_that_stopped_is_closed_and_others_lose_nothing(self):
        await self.begin("--queue-bytes", "256k", "--queue-messages", "100000")
        stopped = await self.stage.client(self.gateway, receive_buffer=4096, read=False)
        await stopped.subscribe("fat")
        await self.gateway.has_listeners("fat", 1)
        await self.listen(self.redis, self.healthy, "fat")
        expected = f'{{"stream":"fat","data":{FAT}}}'

        for _ in range(FLOOD // 100):
            self.redis.publish_all(PREFIX + "fat", [FAT] * 100)
            for _ in range(100):
                self.assertEqual(await self.healthy.text(), expected)
        await self.gateway.has_listeners("fat", 1)
        await self.others_are_well()

        stopped.start_reading()  # what it still gets is a clean beginning, then the end
        got = 0
        closed = None
        while closed is None:
            opcode, payload = await self.next_of(stopped)
            if opcode is None:
                closed = payload
            else:
                self.assertEqual(payload.decode(), expected)
                got += 1
        self.assertLess(got, FLOOD)
        self.assertIn(closed.code, (1013, None))

    async def next_of(self, client):
        """The next message, or (None, Closed) at the end."""
        got = await asyncio.wait_for(client.messages.get(), 15)
        return got if isinstance(got, tuple) else (None, got)

    async def test_a_reader_that_stopped_is_bounded_in_messages_too(self):
        await self.begin("--queue-bytes", "1G", "--queue-messages", "100")
        stopped = await self.stage.client(self.gateway, receive_buffer=4096, read=False)
        await stopped.subscribe("fat")
        await self.gateway.has_listeners("fat", 1)
        await self.listen(self.redis, self.healthy, "fat")

        for _ in range(FLOOD // 100):
            self.redis.publish_all(PREFIX + "fat", [FAT] * 100)
            await self.healthy.texts(100)
        await self.gateway.has_listeners("fat", 1)
        await self.others_are_well()

    async def test_a_thousand_clients_that_die_at_once_are_cleared_away(self):
        await self.begin("--linger", "100ms")
        crowd = [await self.stage.client(self.gateway) for _ in range(1000)]
        for client in crowd:
            await client.subscribe("depth.SOL_USDC")
        await self.gateway.has_listeners("depth.SOL_USDC", 1000)
        for client in crowd:
            client.kill()
        await self.redis.has_listeners(PREFIX + "depth.SOL_USDC", 0)
        await self.others_are_well()


if __name__ == "__main__":
    unittest.main()
