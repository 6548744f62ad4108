"""The directory of streams: what publishers tell of themselves, and what /streams makes of it."""
import asyncio
import json
import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.servers import PREFIX, ProcessTest, free_port, until  # noqa: E402

KEY = PREFIX + "_directory"


class Directory(ProcessTest):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.redis, self.gateway = await self.pair()

    async def publisher_of(self, **streams):
        """A publisher that has had so many messages for each stream, and lives on."""
        port = free_port()
        publisher = await self.stage.publisher(self.redis, "--source",
                                               f"lines=tcp://127.0.0.1:{port}")

        async def connected():
            try:
                return await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                return None
        _, writer = await until(connected, "the publisher listens")
        for name, count in streams.items():
            writer.write((json.dumps({"stream": name, "data": 1}) + "\n").encode() * count)
        await writer.drain()
        writer.close()
        return publisher

    async def published(self):
        _, _, body = await self.gateway.get("/streams")
        return json.loads(body)["published"]

    async def shows(self, *names, patience=15):
        async def there():
            found = await self.published()
            return found != "unknown" and [row["stream"] for row in found] == list(names)
        await until(there, f"/streams shows {names}", patience)

    async def test_what_is_published_is_shown_with_the_busiest_first(self):
        self.assertEqual(await self.published(), "unknown")
        await self.publisher_of(quiet=1, busy=50)
        await self.shows("busy", "quiet")
        rows = await self.published()
        self.assertGreater(rows[0]["rate"], rows[1]["rate"])
        self.assertGreater(rows[1]["last_ms"], 1_700_000_000_000)

    async def test_two_publishers_do_not_erase_each_others_streams(self):
        await self.publisher_of(a=3)
        await self.publisher_of(b=2)
        await self.shows("a", "b")

        def written(field):
            return json.loads(self.redis.command_now("HGET", KEY, field))["seen_ms"]
        before = written("a"), written("b")
        await until(lambda: written("a") > before[0] and written("b") > before[1],
                    "both have written again")
        await self.shows("a", "b")

    async def test_what_nobody_writes_any_more_is_removed_by_whoever_writes(self):
        self.redis.command_now("HSET", KEY, "old", '{"seen_ms":1,"rate":9,"last_ms":1}')
        self.redis.command_now("HSET", KEY, "torn", "xyz")
        await self.publisher_of(a=1)
        await until(lambda: self.redis.command_now("HKEYS", KEY) == [b"a"], "only a is left", 15)
        self.assertGreater(self.redis.command_now("PTTL", KEY), 0)

    async def test_fields_that_no_publisher_wrote_are_passed_over(self):
        for field, value in (("bad name", "{}"), ("n", "5"), ("j", "{"), ("r", '{"rate":"1"}'),
                             ("ok", '{"rate":0.5,"last_ms":7}')):
            self.redis.command_now("HSET", KEY, field, value)
        self.assertEqual(await self.published(), [{"stream": "ok", "rate": 0.5, "last_ms": 7}])

    async def test_many_who_ask_at_once_are_all_answered_and_redis_is_not_asked_for_each(self):
        self.redis.command_now("HSET", KEY, "a", '{"rate":1,"last_ms":7}')
        self.redis.command_now("CONFIG", "RESETSTAT")
        found = await asyncio.gather(*(self.published() for _ in range(20)))
        self.assertEqual(found, [[{"stream": "a", "rate": 1, "last_ms": 7}]] * 20)
        asked = self.redis.command_now("INFO", "commandstats").decode()
        self.assertLess(int(re.search(r"cmdstat_hgetall:calls=(\d+)", asked)[1]), 10)

    async def test_without_redis_it_is_unknown_what_is_published(self):
        await self.redis.kill()
        await self.gateway.turns_red()
        self.assertEqual(await self.published(), "unknown")


if __name__ == "__main__":
    unittest.main()
