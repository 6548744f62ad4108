"""Several worker processes behind one port: one gateway to the outside."""
import asyncio
import os
import signal
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.servers import PREFIX, ProcessTest, until  # noqa: E402

STREAM = "trade.SOL_USDC"
CROWD = 64  # connections that the kernel spreads over the workers: both get some, all but surely


def workers_of(gateway):
    """The process ids of its children."""
    path = Path(f"/proc/{gateway.pid}/task/{gateway.pid}/children")
    return [int(pid) for pid in path.read_text().split()]


class Workers(ProcessTest):
    async def begin(self, *flags):
        self.redis, self.gateway = await self.pair("--workers", "2", *flags)
        await until(lambda: len(workers_of(self.gateway)) == 2, "two workers run")
        self.crowd = await self.join(CROWD)
        await self.gateway.has_subscriptions(CROWD)

    async def join(self, count):
        clients = [await self.stage.client(self.gateway) for _ in range(count)]
        for client in clients:
            await client.subscribe(STREAM)
            await client.fence()
        return clients

    async def reaches_all(self, clients, text='{"n":1}'):
        self.redis.publish(PREFIX + STREAM, text)
        got = await asyncio.gather(*(client.text() for client in clients))
        self.assertEqual(set(got), {f'{{"stream":"{STREAM}","data":{text}}}'})

    async def test_each_worker_serves_its_part_of_the_clients(self):
        await self.begin()
        await self.redis.has_listeners(PREFIX + STREAM, 2)
        await self.reaches_all(self.crowd)

    async def test_metrics_are_those_of_all_workers_whoever_is_asked(self):
        await self.begin()
        for _ in range(10):  # each time another connection, so sooner or later another worker
            self.assertEqual(await self.gateway.metric("sluice_clients"), CROWD)
            self.assertEqual(await self.gateway.metric("sluice_workers"), 2)

    async def test_a_killed_worker_is_replaced_and_the_others_clients_stay(self):
        await self.begin()
        await self.redis.has_listeners(PREFIX + STREAM, 2)
        victim, survivor = workers_of(self.gateway)
        os.kill(victim, signal.SIGKILL)
        await until(lambda: self.replaced(victim), "the worker is replaced", 30)
        self.assertIn(survivor, workers_of(self.gateway))

        await until(lambda: any(not c.messages.empty() for c in self.crowd), "its clients notice")
        await self.gateway.turns_green(30)
        left = [client for client in self.crowd if client.messages.empty()]
        self.assertGreater(len(left), 0)
        await self.gateway.has_subscriptions(len(left))
        newcomers = await self.join(CROWD)
        await self.gateway.has_subscriptions(len(left) + CROWD)
        await self.redis.has_listeners(PREFIX + STREAM, 2)
        await self.reaches_all(left + newcomers)

    def replaced(self, victim):
        now = workers_of(self.gateway)
        return len(now) == 2 and victim not in now

    async def test_sigterm_drains_all_workers(self):
        await self.begin("--drain", "1s")
        self.gateway.signal(signal.SIGTERM)
        for client in self.crowd:
            self.assertEqual((await client.closed()).code, 1001)
        self.assertEqual(await self.gateway.exited(), 0)
        self.assertEqual(self.redis.channels(), [])

    async def test_no_worker_outlives_a_killed_gateway(self):
        await self.begin()
        pids = workers_of(self.gateway)
        self.gateway.signal(signal.SIGKILL)
        await self.gateway.exited()
        self.gateway.expected_exit = -signal.SIGKILL
        await until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids),
                    "the workers end", 30)


if __name__ == "__main__":
    unittest.main()
