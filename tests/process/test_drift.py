"""The Drift form from end to end: recorded events, last values, slow readers."""
import asyncio
import json
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.servers import PREFIX, ROOT, ProcessTest, free_port, until  # noqa: E402
from support.wsclient import Closed  # noqa: E402

SAMPLES = ROOT / "deploy" / "samples" / "drift.ndjson"
HEARTBEAT = '{"channel":"heartbeat"}'


def subscribe(channel, market="SOL-PERP", kind="perp", **more):
    return json.dumps({"type": "subscribe", "marketType": kind, "channel": channel,
                       "market": market} | more)


def recorded(channel):
    """The messages of that channel, as the recorded server sent them."""
    with open(SAMPLES) as lines:
        messages = (json.loads(line)["message"] for line in lines)
        return [m for m in messages if m["channel"] == channel]


def sent(message):
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False)


class DriftTest(ProcessTest):
    async def drift_client(self, gateway, *requests, path="/drift", **how):
        client = await self.stage.client(gateway, path, **how)
        client.passes_over = HEARTBEAT.encode()
        for request in requests:
            await client.send(request)
        return client

    async def acknowledged(self, client, times=1):
        for _ in range(times):
            self.assertIn("Subscribe received for", (await client.json())["message"])

    async def play_samples(self, redis):
        publisher = await self.stage.publisher(redis, "--source", f"replay={SAMPLES},speed=max")
        await publisher.exited()


class Recorded(DriftTest):
    async def test_what_the_server_sent_arrives_word_for_word(self):
        redis, gateway = await self.pair("--queue-bytes", "64M")
        client = await self.drift_client(gateway, subscribe("trades"), subscribe("priorityfees"))
        await self.acknowledged(client, 2)
        for stream in ("trades_perp_0", "priorityFees_perp_0"):
            await redis.has_listeners(PREFIX + stream, 1)
        await self.play_samples(redis)
        wanted = recorded("trades_perp_0") + recorded("priorityFees_perp_0")
        self.assertGreater(len(wanted), 50)
        got = await client.texts(len(wanted))
        for channel in ("trades_perp_0", "priorityFees_perp_0"):
            ours = [text for text in got if json.loads(text)["channel"] == channel]
            self.assertEqual(ours, [sent(m) for m in recorded(channel)])
        await client.expect_silence()

    async def test_order_books_come_in_both_profiles_under_the_name_each_waits_for(self):
        redis, gateway = await self.pair()
        doc = await self.drift_client(gateway, subscribe("orderbook"))
        node = await self.drift_client(gateway, subscribe("orderbook"), path="/drift?profile=node")
        for client in (doc, node):
            await self.acknowledged(client)
        for stream in ("orderbook_perp_0", "orderbook_perp_0_grouped_1"):
            await redis.has_listeners(PREFIX + stream, 1)
        await self.play_samples(redis)
        for message in recorded("orderbook_perp_0_grouped_1"):
            self.assertEqual(await node.text(), sent(message))
            self.assertEqual(await doc.text(), sent(message | {"channel": "orderbook_perp_0"}))

    async def test_who_comes_after_the_publisher_gets_the_last_order_book_alone(self):
        redis, gateway = await self.pair()
        await self.play_samples(redis)
        client = await self.drift_client(gateway, subscribe("orderbook", grouping=100))
        await self.acknowledged(client)
        last = recorded("orderbook_perp_0_grouped_100")[-1]
        self.assertEqual(await client.text(), sent(last))
        await client.send(subscribe("trades"))
        await self.acknowledged(client)
        await redis.has_listeners(PREFIX + "trades_perp_0", 1)
        await client.expect_silence()

    async def test_last_values_are_kept_for_order_books_only_and_not_for_ever(self):
        redis, _ = await self.pair()
        await self.play_samples(redis)
        keys = {key.decode() for key in redis.command_now("KEYS", PREFIX + "last:*")}
        self.assertIn(PREFIX + "last:orderbook_perp_0_grouped_1", keys)
        self.assertIn(PREFIX + "last:orderbook_perp_0", keys)
        self.assertEqual({key for key in keys if "book" not in key}, set())
        for key in keys:
            self.assertGreater(redis.command_now("PTTL", key), 0)

    async def test_a_script_that_redis_forgot_is_loaded_again_and_nothing_is_missing(self):
        redis, gateway = await self.pair()
        client = await self.drift_client(gateway, subscribe("orderbook"))
        await self.acknowledged(client)
        await redis.has_listeners(PREFIX + "orderbook_perp_0", 1)
        lines = await self.pipe_to(redis)
        messages = recorded("orderbook_perp_0_grouped_1")
        for number, message in enumerate(messages[:6]):
            if number == 3:
                redis.command_now("SCRIPT", "FLUSH")
            lines.write(json.dumps({"source": "drift", "message": message}).encode() + b"\n")
            self.assertEqual((await client.json())["data"], message["data"])

    async def pipe_to(self, redis):
        """A publisher, and a connection on which it takes lines."""
        port = free_port()
        await self.stage.publisher(redis, "--source", f"lines=tcp://127.0.0.1:{port}")

        async def connected():
            try:
                return (await asyncio.open_connection("127.0.0.1", port))[1]
            except OSError:
                return None
        writer = await until(connected, "the publisher takes lines")
        self.addCleanup(writer.close)
        return writer


class LostLink(DriftTest):
    async def test_an_order_book_missed_while_redis_was_away_is_given_when_it_is_back(self):
        redis, gateway = await self.pair()
        client = await self.drift_client(gateway, subscribe("orderbook"))
        await self.acknowledged(client)
        await redis.has_listeners(PREFIX + "orderbook_perp_0", 1)
        redis.publish(PREFIX + "orderbook_perp_0", '5-1 1700000000000000\n{"slot":1}')
        self.assertEqual((await client.json())["data"], '{"slot":1}')
        await redis.kill()
        await gateway.turns_red()
        await redis.up()
        redis.command_now("HSET", PREFIX + "last:orderbook_perp_0", "message",
                          '5-2 1700000001000000\n{"slot":2}')
        self.assertEqual((await client.json())["data"], '{"slot":2}')
        await redis.has_listeners(PREFIX + "orderbook_perp_0", 1)
        await client.expect_silence()


class SlowReader(DriftTest):
    COUNT = 120

    async def stall(self, gateway, redis, path):
        """A client that reads nothing, to which 12 MB are published."""
        client = await self.drift_client(gateway, subscribe("trades"), path=path, read=False,
                                         receive_buffer=4096)
        await redis.has_listeners(PREFIX + "trades_perp_0", 1)
        fill = "x" * 100_000
        redis.publish_all(PREFIX + "trades_perp_0",
                          ['{"n":%d,"fill":"%s"}' % (n, fill) for n in range(self.COUNT)])
        await gateway.metric_reaches("sluice_held_back_frames_total", 1)
        return client

    async def all_until(self, client, stop):
        got = []
        while True:
            text = await client.text()
            got.append(text)
            if stop(text):
                return got

    async def test_by_the_document_sending_stops_until_the_buffer_is_empty(self):
        redis, gateway = await self.pair()
        client = await self.stall(gateway, redis, "/drift")
        client.passes_over = None
        queued = await gateway.metric("sluice_deliveries_total")
        await gateway.metric_reaches("sluice_deliveries_total", queued + 1)  # the heartbeat goes on
        client.start_reading()

        async def empty():
            return await gateway.metric("sluice_queued_bytes") == 0
        await until(empty, "the buffer is empty")
        redis.publish(PREFIX + "trades_perp_0", '{"n":"last"}')
        got = await self.all_until(client, lambda text: '"last' in text)
        self.assertIn(HEARTBEAT, got)
        self.assertGreater(len(got), 50)
        self.assertLess(len(got), self.COUNT)

    async def test_by_the_server_messages_are_skipped_and_then_the_connection_is_closed(self):
        redis, gateway = await self.pair()
        client = await self.stall(gateway, redis, "/drift?profile=node")
        await gateway.has_subscriptions(0)  # at the 10 s tick it leaves its streams
        client.start_reading()
        got = []
        with self.assertRaises(Closed) as ended:
            while True:
                got.append(await client.text())
        self.assertEqual((ended.exception.code, ended.exception.reason), (1008, b"Buffer overflow"))
        self.assertGreater(len(got), 2)
        self.assertLess(len(got), self.COUNT)
        numbers = [json.loads(json.loads(text)["data"])["n"] for text in got[1:]]
        self.assertEqual(numbers, list(range(len(numbers))))

    async def test_nobody_else_is_held_back(self):
        redis, gateway = await self.pair()
        other = await self.drift_client(gateway, subscribe("trades"))
        await self.acknowledged(other)
        await self.stall(gateway, redis, "/drift?profile=node")
        for n in range(self.COUNT):
            self.assertEqual(json.loads((await other.json())["data"])["n"], n)


if __name__ == "__main__":
    unittest.main()
