"""sluice-publisher --demand: which streams have listeners, at all gateways together."""
import asyncio
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.servers import BUILD, ProcessTest  # noqa: E402


class DemandList(ProcessTest):
    async def listed(self, url, *flags):
        """The exit status, the lines, and what it says on standard error."""
        done = await asyncio.to_thread(
            subprocess.run, [BUILD / "sluice-publisher", "--demand", "--redis", url, *flags],
            capture_output=True, text=True, timeout=60, check=False,
            env=self.stage.environment())
        return done.returncode, done.stdout.splitlines(), done.stderr

    async def test_it_names_each_stream_with_the_number_of_gateways_that_listen(self):
        redis, first = await self.pair()
        second = await self.stage.gateway(redis)
        await self.listener(redis, first, "b", "a", "depth.x")
        client = await self.stage.client(second)
        await client.subscribe("a")
        await redis.has_listeners("sluice:a", 2)
        self.assertEqual(await self.listed(redis.url), (0, ["a 2", "b 1", "depth.x 1"], ""))

    async def test_very_many_streams_are_all_named(self):
        redis, gateway = await self.pair("--max-subscriptions", "2000")
        names = sorted(f"s{number}" for number in range(1500))
        client = await self.stage.client(gateway)
        await client.subscribe(*names)
        await redis.has_listeners("sluice:s1499", 1)
        self.assertEqual(await self.listed(redis.url), (0, [name + " 1" for name in names], ""))

    async def test_channels_of_others_are_not_in_it(self):
        redis, gateway = await self.pair("--prefix", "mine:")
        await self.listener(redis, gateway, "a", prefix="mine:")
        self.assertEqual(await self.listed(redis.url), (0, [], ""))
        self.assertEqual(await self.listed(redis.url, "--prefix", "mine:"), (0, ["a 1"], ""))

    async def test_a_redis_that_is_not_there_is_said_in_one_line(self):
        code, lines, said = await self.listed("redis://127.0.0.1:1")
        self.assertNotEqual(code, 0)
        self.assertEqual(lines, [])
        self.assertRegex(said, r"^sluice-publisher: redis: 127.0.0.1:1: .*refused\n$")


if __name__ == "__main__":
    unittest.main()
