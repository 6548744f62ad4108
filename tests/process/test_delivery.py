"""From the publisher through Redis and gateways to clients: every message, byte for byte, in order.

The real data is in $SLUICE_DATA, a directory of captures (*.ndjson) with lines of this form:
{"time":…,"source":"exchange","message":{"stream":…,"data":…}}; by default ../shared/data beside the
checkout. Where there is none that test is skipped; a small built-in capture is always played.
"""
import json
import os
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.servers import PREFIX, ROOT, ProcessTest, until  # noqa: E402

DATA = Path(os.environ.get("SLUICE_DATA", ROOT.parent / "shared" / "data"))
ROOMY = ("--queue-messages", "100000", "--queue-bytes", "64M",
         "--max-subscriptions", "1024", "--binance-rate", "1000")

# What the wire must not change: escapes, big numbers, white space in strings, order of keys, empty
# values, text in other scripts, repeated messages.
BUILT_IN = [
    ("trade.SOL_USDC", '{"T":1727866324088,"e":"trade","m":false,"p":"101.5","q":"2","t":17}'),
    ("depth.SOL_USDC", '{"a":[["101.6","3"]],"b":[["101.5","0"]],"e":"depth","s":"SOL_USDC"}'),
    ("btcusdt@aggTrade", '{"e":"aggTrade","E":1,"a":18446744073709551615,"p":"0.1","q":1e400}'),
    ("btcusdt@depth5@100ms", '{"z":1,"a":0.10000000000000000000000000000001,"m":-0}'),
    ("odd", '{"text":"\\u0000 \\ud83d\\ude00 \\/ / \\" \\\\ \\n","empty":"","null":null}'),
    ("odd", '{"snow":"☃ 雪 🌨","":{"":[[],{}]}}'),
    ("odd", "[]"), ("odd", "{}"), ("odd", '{"same":1}'), ("odd", '{"same":1}'),
    ("!miniTicker@arr", '[{"e":"24hrMiniTicker","c":"1"},{"e":"24hrMiniTicker","c":"2"}]'),
    ("trade.SOL_USDC", '{"big":"' + "x" * 40_000 + '"}'),
] + [("trade.SOL_USDC", '{"n":%d}' % n) for n in range(500)]


def captured(path):
    """[(stream, data)] of a capture, the data as the bytes of the file say."""
    messages = []
    for line in path.read_text().splitlines():
        whole = json.loads(line)["message"]
        inner = line[line.index('"message":') + len('"message":'):-1]
        head = '{"stream":"%s","data":' % whole["stream"]
        assert inner.startswith(head) and inner.endswith("}"), line[:200]
        messages.append((whole["stream"], inner[len(head):-1]))
    return messages


def capture_text(messages):
    lines = ['{"time":%d,"source":"exchange","message":{"stream":"%s","data":%s}}' % (at, *message)
             for at, message in enumerate(messages, 1_700_000_000_000)]
    return "\n".join(lines) + "\n"


def by_stream(messages):
    found = {}
    for stream, data in messages:
        found.setdefault(stream, []).append(data)
    return found


class Delivery(ProcessTest):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.redis = await self.stage.redis()
        self.gateways = [await self.stage.gateway(self.redis, *ROOMY),
                         await self.stage.gateway(self.redis, *ROOMY),
                         await self.stage.gateway(self.redis, *ROOMY, "--workers", "2")]

    async def play(self, *files):
        """Publish the captures, one publisher each, and await their ends."""
        for path in files:
            publisher = await self.stage.publisher(
                self.redis, "--prefix", PREFIX, "--source", f"replay={path},speed=max")
            self.assertEqual(await publisher.exited(60), 0, publisher.tail())

    async def audience(self, streams):
        """On each gateway a client of each form on all streams, and one on a bare /ws/<stream>."""
        exchange, combined, bare = [], [], []
        for gateway in self.gateways:
            client = await self.stage.client(gateway)
            await client.subscribe(*streams)
            exchange.append(client)
            client = await self.stage.client(gateway, "/stream?streams=" + "/".join(streams[:2]))
            await client.subscribe(*streams[2:])
            if streams[2:]:
                self.assertEqual(await client.text(), '{"result":null,"id":1}')
            combined.append(client)
            bare.append(await self.stage.client(gateway, f"/ws/{streams[0]}"))
            await gateway.has_subscriptions(2 * len(streams) + 1)
        # A gateway with two workers listens once in Redis or twice: as its clients fell.
        for stream in streams:
            await until(lambda s=stream: self.redis.listening(PREFIX + s) >= len(self.gateways),
                        f"every gateway listens to {stream}")
        return exchange + combined, bare

    async def check(self, messages, publish):
        """Everyone listens, publish() is awaited, everyone must have got everything."""
        expected = by_stream(messages)
        streams = list(expected)
        for gateway in self.gateways:
            await gateway.has_subscriptions(0)
        enveloped, bare = await self.audience(streams)
        await publish()
        for client in enveloped:
            self.assertEqual(await self.received(client, len(messages)), expected)
            await client.expect_silence()
        for client in bare:
            first = expected[streams[0]]
            self.assertEqual(await client.texts(len(first)), first)
            await client.expect_silence()
        for client in enveloped + bare:
            client.kill()

    async def received(self, client, count):
        """{stream: [data]} of the next count messages, taken out of their envelopes."""
        got = {}
        for _ in range(count):
            text = await client.text()
            stream = json.loads(text)["stream"]
            head = '{"stream":"%s","data":' % stream
            self.assertTrue(text.startswith(head) and text.endswith("}"), text[:200])
            got.setdefault(stream, []).append(text[len(head):-1])
        return got

    @unittest.skipUnless(list(DATA.glob("*.ndjson")), "no captures: set SLUICE_DATA to a directory")
    async def test_captures_of_a_real_exchange_arrive_through_the_publisher(self):
        for path in sorted(DATA.glob("*.ndjson")):
            with self.subTest(capture=path.name):
                await self.check(captured(path), lambda p=path: self.play(p))

    async def test_a_built_in_capture_arrives_through_the_publisher(self):
        path = self.stage.write("capture.ndjson", capture_text(BUILT_IN))
        await self.check(BUILT_IN, lambda: self.play(path))

    async def test_lines_that_name_their_stream_arrive_as_they_are(self):
        text = "".join('{"stream":"%s","data":%s}\n' % message for message in BUILT_IN)
        path = self.stage.write("lines.ndjson", text)
        await self.check(BUILT_IN, lambda: self.play(path))

    async def test_payloads_without_a_head_arrive(self):
        async def publish():
            for stream, data in BUILT_IN:
                self.redis.publish(PREFIX + stream, data)
        await self.check(BUILT_IN, publish)

    async def test_payloads_with_a_head_arrive_without_it(self):
        async def publish():
            seq = {}
            for stream, data in BUILT_IN:
                seq[stream] = seq.get(stream, 0) + 1
                head = f"1700000000000-{seq[stream]} 1700000000000000"
                self.redis.publish(PREFIX + stream, f"{head}\n{data}")
        await self.check(BUILT_IN, publish)


class BesideAnEngine(ProcessTest):
    """On an engine's own Redis: no prefix, and messages that are enveloped already."""

    STREAM = "trade.SOL_USDC"
    INNER = '{"T":1727866324088,"e":"trade","m":false,"p":"101.5","q":"2","s":"SOL_USDC","t":17}'

    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.redis, self.gateway = await self.pair(
            "--prefix", "", "--streams", "trade.*", "--streams", "depth.*", "--payload", "wrapped")

    async def clients(self):
        exchange = await self.listener(self.redis, self.gateway, self.STREAM, prefix="")
        combined = await self.stage.client(self.gateway, f"/stream?streams={self.STREAM}")
        bare = await self.stage.client(self.gateway, f"/ws/{self.STREAM}")
        await self.gateway.has_listeners(self.STREAM, 3)
        return exchange, combined, bare

    async def test_the_engines_envelope_passes_word_for_word_and_bare_clients_get_the_inside(self):
        exchange, combined, bare = await self.clients()
        for text in (f'{{"stream":"{self.STREAM}","data":{self.INNER}}}',
                     f'{{"data":{self.INNER},"stream":"{self.STREAM}"}}',
                     f'{{ "stream" : "{self.STREAM}" , "data" : {self.INNER} , "more":[1] }}'):
            self.redis.publish(self.STREAM, text)
            self.assertEqual(await exchange.text(), text)
            self.assertEqual(await combined.text(), text)
            self.assertEqual(await bare.text(), self.INNER)

    async def test_what_is_no_envelope_is_dropped_and_counted(self):
        exchange, combined, bare = await self.clients()
        bad = ["{}", "[]", '{"stream":"trade.SOL_USDC"}', '{"data":{}}', "7", "{", '{"stream":1}']
        for text in bad:
            self.redis.publish(self.STREAM, text)
        await self.gateway.metric_reaches("sluice_dropped_messages_total", len(bad))
        good = f'{{"stream":"{self.STREAM}","data":{self.INNER}}}'
        self.redis.publish(self.STREAM, good)
        self.assertEqual(await exchange.text(), good)
        self.assertEqual(await combined.text(), good)
        self.assertEqual(await bare.text(), self.INNER)

    async def test_other_channels_of_that_redis_are_nobodys_business(self):
        client = await self.stage.client(self.gateway)
        await client.subscribe("__keyevent@0__:expired", "secrets", "ticker.SOL_USDC", "trade")
        await client.fence()
        await self.listen(self.redis, client, "depth.SOL_USDC", prefix="")
        self.assertEqual(self.redis.channels(), ["depth.SOL_USDC"])
        await client.expect_silence()


if __name__ == "__main__":
    unittest.main()
