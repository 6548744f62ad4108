"""What a publisher leaves in Redis: histories, last values, and how much of them."""
import asyncio
import json
import signal
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support import resp  # noqa: E402
from support.servers import PREFIX, ProcessTest, free_port, until  # noqa: E402


def line(stream, data, **more):
    return json.dumps({"stream": stream, "data": data} | more) + "\n"


class History(ProcessTest):
    async def publish(self, redis, text, *flags):
        path = self.stage.write(f"events-{len(self.stage.servers)}.ndjson", text)
        server = await self.stage.publisher(redis, "--source", f"replay={path},speed=max", *flags)
        self.assertEqual(await server.exited(60), 0)
        return server

    def history(self, redis, stream):
        rows = redis.command_now("XRANGE", f"{PREFIX}hist:{stream}", "-", "+")
        return [(row[0].decode(), row[1][1].decode()) for row in rows]

    async def test_an_event_is_in_the_history_word_for_word_under_its_id(self):
        redis = await self.stage.redis()
        await self.publish(redis, line("a", {"n": 1}, tag="t") + line("a", {"n": 2}))
        (first, message), (second, _) = self.history(redis, "a")
        head, data = message.split("\n")
        self.assertEqual(data, '{"n": 1}')
        self.assertEqual(head.split()[0], first)
        self.assertEqual(head.split()[2], "t")
        epoch = first.split("-")[0]
        self.assertEqual([first, second], [f"{epoch}-1", f"{epoch}-2"])
        self.assertGreater(redis.command_now("PTTL", PREFIX + "hist:a"), 500000)

    async def test_whoever_hears_an_event_finds_it_in_the_history_already(self):
        redis = await self.stage.redis()
        listener = resp.Connection(redis.port)
        listener.command("SUBSCRIBE", PREFIX + "a")
        text = "".join(line("a", n) for n in range(500))
        publishing = asyncio.create_task(self.publish(redis, text, "--history", "a=1000,10m"))
        for n in range(500):
            await asyncio.sleep(0)
            _, _, payload = await asyncio.to_thread(listener.reply)
            newest = redis.command_now("XREVRANGE", PREFIX + "hist:a", "+", "-", "COUNT", "1")
            self.assertGreaterEqual(int(newest[0][0].split(b"-")[1]), n + 1)
            self.assertTrue(payload.endswith(b"\n%d" % n))
        await publishing
        listener.close()

    async def test_a_snapshot_keeps_its_newest_value_alone(self):
        redis = await self.stage.redis()
        await self.publish(redis, line("book", 1, **{"class": "snapshot"}) +
                           line("book", 2, **{"class": "snapshot"}))
        message = redis.command_now("HGET", PREFIX + "last:book", "message")
        self.assertTrue(message.endswith(b"\n2"))
        self.assertEqual(redis.command_now("EXISTS", PREFIX + "hist:book"), 0)

    async def test_settings_say_how_much_is_kept_of_what(self):
        redis = await self.stage.redis("--stream-node-max-entries", "1")
        text = "".join(line("a.x", n) + line("b.x", n) + line("c", n) +
                       line("d", n, **{"class": "entity"}) for n in range(100))
        await self.publish(redis, text, "--history", "a.*,z=0", "--history", "b.*=7,1m",
                           "--history-streams", "20,1m", "--history-entities", "5,1m")
        lengths = [len(self.history(redis, stream)) for stream in ("a.x", "b.x", "c", "d")]
        self.assertEqual(lengths, [0, 7, 20, 5])

    async def test_very_many_accounts_take_bounded_memory_and_are_forgotten(self):
        redis = await self.stage.redis("--stream-node-max-entries", "10")
        text = "".join(line(f"account.{n % 2000}", n, **{"class": "entity"})
                       for n in range(40000)) + \
            "".join(line("account.7", n, **{"class": "entity"}) for n in range(1000))
        await self.publish(redis, text, "--history-entities", "50,3s")
        self.assertLess(len(self.history(redis, "account.7")), 50 + 10 + 1)
        await until(lambda: redis.command_now("EXISTS", PREFIX + "hist:account.7") == 0,
                    "the last account is forgotten")
        await until(lambda: redis.command_now("DBSIZE") < 10, "all of them are")

    async def test_an_event_that_a_later_one_overtook_is_refused_and_not_taken_for_a_repeat(self):
        redis = await self.stage.redis()
        port = free_port()
        server = await self.stage.publisher(redis, "--source", f"lines=tcp://127.0.0.1:{port}")
        await until(lambda: "listening" in server.stderr(), "it listens")
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(line("a", 1).encode())
        epoch = (await until(lambda: self.history(redis, "a"), "it is there"))[0][0].split("-")[0]
        redis.command_now("XADD", PREFIX + "hist:a", f"{epoch}-3", "m", "as if 2 had been put off")
        writer.write((line("a", 2) + line("a", 3) + line("a", 4)).encode())
        await until(lambda: len(self.history(redis, "a")) == 3, "the fourth is there")
        writer.close()
        server.signal(signal.SIGTERM)
        self.assertEqual(await server.exited(), 0)
        end = json.loads(server.stderr().splitlines()[-1])
        self.assertEqual((end["published"], end["refused"]), (3, 1), server.tail())
        self.assertIn("OVERTAKEN", server.stderr())

    async def test_blocks_that_did_not_fit_are_named_by_the_next_one(self):
        redis = await self.stage.redis()
        port = free_port()
        server = await self.stage.publisher(redis, "--source", f"lines=tcp://127.0.0.1:{port}",
                                            "--backlog", "64k")
        await until(lambda: "listening" in server.stderr(), "it listens")
        _, writer = await asyncio.open_connection("127.0.0.1", port)

        def block(height):
            prices = [{"symbol": "A", "price": "1" * 200}] * 10
            return json.dumps({"source": "injective", "message": {
                "jsonrpc": "2.0", "id": 1,
                "result": {"block_height": str(height), "block_time": "1", "gas_price": "1",
                           "oracle_prices": prices}}}) + "\n"

        writer.write(block(1).encode())
        await until(lambda: self.history(redis, "injective.block"), "the first block is there")
        await redis.kill()
        writer.write("".join(block(height) for height in range(2, 60)).encode())
        await until(lambda: "the backlog is full" in server.stderr(), "it is too much")
        await redis.up()

        def ends():
            rows = self.history(redis, "injective.block")
            return [json.loads(message.split("\n")[1]) for _, message in rows]

        await until(lambda: ends() and ends()[-1]["block_height"] == "59", "the last block is there")
        told = [int(end["block_height"]) for end in ends()]
        told = told[told.index(1) + 1:] if 1 in told else told  # sent again to a new server
        first, last = next(end["missed"] for end in ends() if "missed" in end)
        self.assertEqual([first, last], [2, told[0] - 1])
        self.assertEqual(told, list(range(last + 1, 60)))
        for stream in ("injective.oracle_prices", "injective.oracle_prices.symbol.A"):
            parts = [int(json.loads(message.split("\n")[1])["block_height"])
                     for _, message in self.history(redis, stream)]
            self.assertEqual([n for n in parts if n > 1], told, "no block is there in part")
        writer.close()


if __name__ == "__main__":
    unittest.main()
