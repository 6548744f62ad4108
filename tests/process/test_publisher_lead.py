"""Several publishers for one source: one leads, another takes over; nothing is missed, nothing comes
twice."""
import asyncio
import signal
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.feeder import KEEP, STREAM, Feeder, assert_whole, numbers  # noqa: E402
from support.servers import PREFIX, ProcessTest, free_port, until  # noqa: E402

class Lead(ProcessTest):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.feeder = Feeder()
        self.addAsyncCleanup(self.feeder.stop)

    async def publisher(self, redis):
        port = free_port()
        server = await self.stage.publisher(
            redis, "--source", f"lines=tcp://127.0.0.1:{port}", "--lead", "test", *KEEP)
        self.feeder.ports.append(port)
        return server

    async def two(self, redis):
        """A leader, one that stands by, and events that both get."""
        leader = await self.publisher(redis)
        await until(lambda: "took over" in leader.stderr(), "the first leads")
        standby = await self.publisher(redis)
        await until(lambda: "standing by" in standby.stderr(), "the second stands by")
        self.feeder.start()
        await until(lambda: len(self.feeder.writers) == 2, "both are fed")
        await self.reaches(redis, self.feeder.sent + 20)
        return leader, standby

    async def reaches(self, redis, number, patience=30):
        await until(lambda: (numbers(redis, STREAM) or [0])[-1] >= number,
                    f"event {number} is in the history", patience)

    async def goes_on(self, redis, count=50):
        await self.reaches(redis, self.feeder.sent + count)
        assert_whole(self, redis)

    async def test_a_killed_leader_is_followed_and_nothing_is_missed_or_twice(self):
        redis = await self.stage.redis()
        leader, standby = await self.two(redis)
        await leader.kill()
        leader.expected_exit = -signal.SIGKILL
        await until(lambda: "took over" in standby.stderr(), "the second leads")
        await self.goes_on(redis)

    async def test_a_leader_that_ends_hands_over(self):
        redis = await self.stage.redis()
        leader, standby = await self.two(redis)
        leader.signal(signal.SIGTERM)
        self.assertEqual(await leader.exited(), 0)
        await until(lambda: "took over" in standby.stderr(), "the second leads")
        await self.goes_on(redis)

    async def test_a_leader_that_was_paused_publishes_nothing_and_stands_by(self):
        redis = await self.stage.redis()
        leader, standby = await self.two(redis)
        leader.signal(signal.SIGSTOP)
        await until(lambda: "took over" in standby.stderr(), "the second leads")
        await self.goes_on(redis)
        leader.signal(signal.SIGCONT)
        await until(lambda: "another publisher leads" in leader.stderr(), "the first stands by")
        await self.goes_on(redis)
        standby.signal(signal.SIGTERM)
        await until(lambda: leader.stderr().count("took over") == 2, "the first leads again")
        await self.goes_on(redis)

    async def test_a_short_pause_costs_nothing(self):
        redis = await self.stage.redis()
        leader, standby = await self.two(redis)
        leader.signal(signal.SIGSTOP)
        await asyncio.sleep(1)  # what is tested is a time
        leader.signal(signal.SIGCONT)
        await self.goes_on(redis)
        self.assertNotIn("took over", standby.stderr())

    async def test_redis_away_for_longer_than_the_lease(self):
        redis = await self.stage.redis("--appendonly", "yes", "--appendfsync", "always")
        leader, standby = await self.two(redis)
        await redis.kill()
        await until(lambda: "no longer leading" in leader.stderr(), "the lease has run out")
        before = self.feeder.sent
        await until(lambda: self.feeder.sent > before + 100, "events come meanwhile")
        await redis.up()
        await self.goes_on(redis)

    async def test_a_restart_of_redis_within_the_lease(self):
        redis = await self.stage.redis("--appendonly", "yes", "--appendfsync", "always")
        leader, _ = await self.two(redis)
        await redis.kill()
        await redis.up()
        await self.goes_on(redis)


class Alone(ProcessTest):
    async def test_whoever_finds_a_newer_epoch_on_a_stream_ends_with_one_line(self):
        redis = await self.stage.redis()
        port = free_port()
        first = await self.stage.publisher(redis, "--source", f"lines=tcp://127.0.0.1:{port}")
        first.expected_exit = 1

        async def feed():
            writer = None
            while not writer:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    await asyncio.sleep(0.02)
            return writer

        writer = await feed()
        writer.write(b'{"stream":"a","data":1}\n')
        await until(lambda: redis.command_now("EXISTS", PREFIX + "hist:a"), "it is published")
        path = self.stage.write("other.ndjson", '{"stream":"a","data":2}\n')
        other = await self.stage.publisher(redis, "--source", f"replay={path},speed=max")
        self.assertEqual(await other.exited(), 0)
        writer.write(b'{"stream":"a","data":3}\n')
        self.assertEqual(await first.exited(), 1)
        self.assertIn("stream a has another publisher", first.stderr())
        self.assertEqual(redis.command_now("XLEN", PREFIX + "hist:a"), 2)
        writer.close()


if __name__ == "__main__":
    unittest.main()
