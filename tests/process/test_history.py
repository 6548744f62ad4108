"""What a gateway missed it reads from the streams' histories: each message once and in order."""
import json
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.histories import key, write, write_all  # noqa: E402
from support.injective import subscribe  # noqa: E402
from support.servers import PREFIX, ProcessTest, until  # noqa: E402

STREAM, OTHER = "trade.SOL_USDC", "depth.SOL_USDC"
GAPS, MISSED = "sluice_gaps_total", "sluice_gap_messages_total"
FILLED = "sluice_filled_messages_total"


def envelope(n, stream=STREAM):
    return '{"stream":"%s","data":{"n":%d}}' % (stream, n)


class Histories(ProcessTest):
    async def expect(self, client, *numbers, stream=STREAM):
        self.assertEqual(await client.texts(len(numbers)), [envelope(n, stream) for n in numbers])

    async def begun(self, *flags):
        """A client that has heard 7-1."""
        self.redis, self.gateway = await self.pair(*flags)
        client = await self.listener(self.redis, self.gateway, STREAM)
        write_all(self.redis, STREAM, 7, [1])
        await self.expect(client, 1)
        return client

    async def lose_link(self):
        killed = self.redis.command_now("CLIENT", "KILL", "TYPE", "pubsub")
        self.assertGreaterEqual(killed, 1)

    async def back(self, stream=STREAM):
        await until(lambda: self.redis.listening(PREFIX + stream) == 1, "subscribed again", 60)

    async def test_a_message_that_was_missed_comes_before_the_one_that_shows_it(self):
        client = await self.begun()
        write_all(self.redis, STREAM, 7, [2, 3], heard=False)
        write_all(self.redis, STREAM, 7, [4])
        await self.expect(client, 2, 3, 4)
        self.assertEqual(await self.gateway.metric(GAPS), 0)
        self.assertEqual(await self.gateway.metric(FILLED), 3)  # that one, too, is in the history

    async def test_many_pages_are_read_in_order(self):
        client = await self.begun()
        write_all(self.redis, STREAM, 7, range(2, 1001), heard=False)
        write_all(self.redis, STREAM, 7, [1001])
        await self.expect(client, *range(2, 1002))
        self.assertEqual(await self.gateway.metric(GAPS), 0)

    async def test_a_lost_link_loses_nothing_that_the_history_has(self):
        client = await self.begun()
        for round_ in range(3):
            first = 2 + 100 * round_
            write_all(self.redis, STREAM, 7, range(first, first + 50))
            await self.lose_link()
            write_all(self.redis, STREAM, 7, range(first + 50, first + 90))
            await self.back()
            write_all(self.redis, STREAM, 7, range(first + 90, first + 100))
            await self.expect(client, *range(first, first + 100))
        await client.expect_silence()
        self.assertEqual(await self.gateway.metric(GAPS), 0)

    async def test_what_was_missed_is_filled_though_nothing_follows(self):
        client = await self.begun()
        await self.lose_link()
        write_all(self.redis, STREAM, 7, [2, 3], heard=False)
        await self.expect(client, 2, 3)

    async def test_a_stream_that_had_no_message_yet_is_filled_from_the_beginning(self):
        self.redis, self.gateway = await self.pair()
        client = await self.listener(self.redis, self.gateway, STREAM)
        await self.lose_link()
        write_all(self.redis, STREAM, 7, [1, 2], heard=False)
        await self.expect(client, 1, 2)
        self.assertEqual(await self.gateway.metric(GAPS), 0)

    async def test_what_the_history_has_not_got_any_more_is_a_gap(self):
        client = await self.begun()
        await self.lose_link()
        write_all(self.redis, STREAM, 7, range(2, 11), heard=False)
        self.redis.command_now("XTRIM", key(STREAM), "MAXLEN", "3")
        await self.expect(client, 8, 9, 10)
        self.assertEqual(await self.gateway.metric(MISSED), 6)

    async def test_without_a_history_a_jump_is_a_gap(self):
        client = await self.begun()
        self.redis.command_now("DEL", key(STREAM))
        write_all(self.redis, STREAM, 7, [5, 6], kept=False)
        await self.expect(client, 5, 6)
        self.assertEqual(await self.gateway.metric(MISSED), 3)

    async def test_a_baseline_shows_what_was_missed_before_the_first_message(self):
        self.redis, self.gateway = await self.pair()
        write_all(self.redis, STREAM, 7, [1, 2])
        client = await self.listener(self.redis, self.gateway, STREAM)
        await self.has_asked("xrevrange", 1)
        await client.fence()
        write_all(self.redis, STREAM, 7, [3, 4], heard=False)
        write_all(self.redis, STREAM, 7, [5])
        await self.expect(client, 3, 4, 5)

    async def has_asked(self, command, count):
        """Redis has answered so many of these; a fence after it, and the gateway knows."""
        def calls():
            lines = self.redis.command_now("INFO", "commandstats").decode().splitlines()
            found = [line for line in lines if line.startswith(f"cmdstat_{command}:")]
            return int(found[0].split("calls=")[1].split(",")[0]) if found else 0
        await until(lambda: calls() >= count, f"{count} {command}")

    async def test_a_new_term_is_filled_from_the_history_and_is_no_gap(self):
        client = await self.begun()
        write_all(self.redis, STREAM, 7, [2], heard=False)
        write_all(self.redis, STREAM, 8, [1], heard=False)
        write_all(self.redis, STREAM, 8, [2])
        await self.expect(client, 2, 1, 2)
        self.assertEqual(await self.gateway.metric(GAPS), 0)

    async def test_history_off_asks_nothing_and_jumps_are_gaps(self):
        client = await self.begun("--read-history", "off")
        write_all(self.redis, STREAM, 7, [2], heard=False)
        write_all(self.redis, STREAM, 7, [3])
        await self.expect(client, 3)
        self.assertEqual(await self.gateway.metric(MISSED), 1)
        stats = self.redis.command_now("INFO", "commandstats").decode()
        self.assertNotIn("xrange", stats)
        self.assertNotIn("xrevrange", stats)

    async def test_a_user_who_may_not_read_histories_gets_gaps_and_one_line_in_the_log(self):
        redis = await self.stage.redis()
        self.redis = redis
        redis.command_now("ACL", "SETUSER", "default", "-xrange", "-xrevrange")
        self.gateway = await self.stage.gateway(redis)
        client = await self.listener(redis, self.gateway, STREAM)
        write_all(redis, STREAM, 7, [1])
        await self.expect(client, 1)
        for n in (3, 5, 7):
            write_all(redis, STREAM, 7, [n])
            await self.expect(client, n)
        self.assertEqual(await self.gateway.metric(GAPS), 3)
        self.assertEqual(self.gateway.stderr().count("+xrange"), 1)

    async def test_messages_without_ids_go_on_beside_histories(self):
        client = await self.begun()
        self.redis.publish(PREFIX + STREAM, '{"n":77}')
        write_all(self.redis, STREAM, 7, [2])
        await self.expect(client, 77, 2)

    async def test_ten_thousand_streams_heal(self):
        count = 10_000
        self.redis, self.gateway = await self.pair("--max-subscriptions", "20000",
                                                   "--max-message", "4M",
                                                   "--queue-messages", "100000")
        names = [f"t.{n}" for n in range(count)]
        client = await self.stage.client(self.gateway)
        await client.subscribe(*names)
        await until(lambda: len(self.redis.channels()) == count, "all are subscribed", 60)
        await self.has_asked("xrevrange", count)
        await self.lose_link()
        for at in range(0, count, 1000):
            self.redis.connection.pipeline(
                [("XADD", key(name), "7-1", "m", '7-1 1\n{"n":1}') for name in names[at:at + 1000]])
        got = await client.texts(count, 60)
        self.assertEqual(set(got), {envelope(1, name) for name in names})
        self.assertEqual(await self.gateway.metric(GAPS), 0)


class Blocks(ProcessTest):
    """Injective's clients are told whole blocks, in order, or that one is missing."""
    PRICES, END = "injective.oracle_prices", "injective.block"

    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.redis, self.gateway = await self.pair()
        self.client = await self.stage.client(self.gateway, "/injstream-ws")
        await self.client.send(subscribe(1, "s", {"oracle_price_filter": {"symbol": ["*"]}}))
        await self.client.text()
        for stream in (self.PRICES, self.END):
            await self.redis.has_listeners(PREFIX + stream, 1)
        self.block(1)
        self.block(2)
        self.assertEqual(await self.told(), (2, "p2"))

    def block(self, height, **how):
        head = f'"block_height":"{height}","block_time":"{height}"'
        prices = '{%s,"oracle_prices":[{"symbol":"p%d","price":"1","type":"t"}]}' % (head, height)
        tag = str(height)
        write(self.redis, self.PRICES, f"7-{height}", prices, tag=tag, **how)
        write(self.redis, self.END, f"7-{height}", '{%s,"gas_price":"1"}' % head, tag=tag, **how)

    async def told(self):
        """(height, symbol) of the next block."""
        message = json.loads(await self.client.text())
        self.assertIn("result", message, message)
        prices = message["result"]["oracle_prices"]
        return int(message["result"]["block_height"]), prices[0]["symbol"] if prices else None

    def lose_link(self):
        self.redis.command_now("CLIENT", "KILL", "TYPE", "pubsub")

    async def test_blocks_that_were_missed_are_told_whole_and_in_order(self):
        for first in (3, 43, 83):
            self.lose_link()
            for height in range(first, first + 30):
                self.block(height, heard=False)
            for height in range(first + 30, first + 40):
                self.block(height)
            for height in range(first, first + 40):
                self.assertEqual(await self.told(), (height, f"p{height}"))
        await self.client.expect_silence()
        self.assertEqual(await self.gateway.metric(GAPS), 0)

    async def test_a_block_that_the_history_cannot_complete_is_a_stream_error(self):
        self.lose_link()
        for height in range(3, 10):
            self.block(height, heard=False)
        self.redis.command_now("XTRIM", key(self.PRICES), "MAXLEN", "2")
        told = []
        while "error" not in (message := json.loads(await self.client.text())):
            told.append(message["result"]["block_height"])
        self.assertEqual(message["error"], {"code": 1, "message": "stream error"})
        self.assertLess(len(told), 7)


if __name__ == "__main__":
    unittest.main()
