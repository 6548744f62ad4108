"""permessage-deflate: who gets it, and that compressed messages are what plain ones are."""
import asyncio
import json
import os
import sys
import unittest
import zlib
from pathlib import Path

import websockets
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.extensions.permessage_deflate import PerMessageDeflate

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.servers import PREFIX, ProcessTest  # noqa: E402
from support.wsclient import (CONTINUATION, PATIENCE, PING, RSV1, RSV2, TEXT,  # noqa: E402
                              frame, request)

STREAM = "trade.SOL_USDC"
BOOK = "orderbook_perp_0"
ASK_BOOK = json.dumps({"type": "subscribe", "marketType": "perp", "channel": "orderbook",
                       "market": "SOL-PERP"})
OFFER = "Sec-WebSocket-Extensions"
ANSWER = "permessage-deflate; server_no_context_takeover"
EXCHANGE = "127.0.0.1:{port},dialect=exchange"
ENVELOPE = '{"stream":"trade.SOL_USDC","data":%s}'


def book(slot, levels=400):
    rows = [{"price": str(150000000 + 100 * i), "size": str(7919 * (i + slot))}
            for i in range(levels)]
    return json.dumps({"bids": rows, "asks": rows, "slot": slot})


def deflated(text, compressor=None):
    """The payload of a compressed message (RFC 7692, 7.2.1)."""
    z = compressor or zlib.compressobj(wbits=-15)
    data = z.compress(text if isinstance(text, bytes) else text.encode())
    data += z.flush(zlib.Z_SYNC_FLUSH)
    assert data.endswith(b"\x00\x00\xff\xff")
    return data[:-4]


class DeflateTest(ProcessTest):
    def url(self, gateway, path="/"):
        return f"ws://127.0.0.1:{gateway.port}{path}"

    async def connect(self, gateway, path="/", **how):
        client = await websockets.connect(self.url(gateway, path), max_size=1 << 24, **how)
        self.addAsyncCleanup(client.close)
        return client

    async def raw(self, gateway, path="/", offer="permessage-deflate"):
        return await self.stage.client(gateway, path, headers=[(OFFER, offer)])

    def agreed(self, client):
        """What a raw client was answered; None: nothing."""
        return client.headers.get(OFFER.lower())

    async def receive(self, client):
        return await asyncio.wait_for(client.recv(), PATIENCE)


class WhoGetsIt(DeflateTest):
    async def test_drift_exchange_and_binance_where_the_handshake_says_so(self):
        redis, gateway = await self.pair()
        other = await self.stage.gateway(redis, listen=EXCHANGE)
        for at, path in ((gateway, "/drift"), (gateway, "/drift?profile=node"),
                         (gateway, f"/ws/{STREAM}"), (gateway, f"/stream?streams={STREAM}"),
                         (other, "/"), (other, "/anything")):
            client = await self.raw(at, path, "permessage-deflate; client_max_window_bits")
            self.assertEqual(self.agreed(client), ANSWER, path)

    async def test_not_those_whose_servers_do_not_have_it_nor_where_the_first_message_chooses(self):
        redis, gateway = await self.pair()
        for path in ("/injective", "/injstream-ws", "/nano", "/zilliqa", "/", "/ws"):
            client = await self.raw(gateway, path)
            self.assertIsNone(self.agreed(client), path)

    async def test_nobody_with_deflate_off(self):
        redis, gateway = await self.pair("--deflate", "off")
        self.assertIsNone(self.agreed(await self.raw(gateway, "/drift")))

    async def test_what_is_answered_to_which_offer(self):
        redis, gateway = await self.pair()
        cases = {
            "permessage-deflate": ANSWER,
            "permessage-deflate; client_max_window_bits=10": ANSWER,
            "permessage-deflate; server_no_context_takeover": ANSWER,
            "permessage-deflate; client_no_context_takeover; client_max_window_bits":
                ANSWER + "; client_no_context_takeover",
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover":
                ANSWER + "; client_no_context_takeover",
            "permessage-deflate; server_max_window_bits=10": None,
            "permessage-deflate; unheard_of": None,
            "permessage-deflate; client_max_window_bits=7": None,
            "permessage-deflate; client_no_context_takeover; client_no_context_takeover": None,
            "permessage-deflate; server_max_window_bits=10, permessage-deflate": ANSWER,
            "permessage-deflate; client_no_context_takeover, permessage-deflate": ANSWER,
            "permessage-deflate, permessage-deflate": ANSWER,
            "x-webkit-deflate-frame, permessage-deflate; client_max_window_bits": ANSWER,
            "permessage-deflate, x-other; a=b": ANSWER,
            "permessage-deflate;;": None,
            "other": None,
        }
        for offer, wanted in cases.items():
            client = await self.raw(gateway, "/drift", offer)
            self.assertEqual(self.agreed(client), wanted, offer)
            await client.send(ASK_BOOK)  # and in any case the connection works
            self.assertIn("Subscribe received", (await client.json())["message"])


class WhatGoesOut(DeflateTest):
    async def drift(self, gateway, **how):
        client = await self.connect(gateway, "/drift", **how)
        await client.send(ASK_BOOK)
        self.assertIn("Subscribe received", json.loads(await self.receive(client))["message"])
        return client

    async def next_book(self, client):
        while True:
            message = json.loads(await self.receive(client))
            if message["channel"] != "heartbeat":
                return message["data"]

    async def test_a_big_book_is_compressed_once_for_all_who_negotiated_and_plain_for_the_rest(self):
        redis, gateway = await self.pair()
        packed = [await self.drift(gateway) for _ in range(3)]
        plain = [await self.drift(gateway, compression=None) for _ in range(3)]
        for client in packed:
            (extension,) = client.extensions
            self.assertIsInstance(extension, PerMessageDeflate)
            self.assertTrue(extension.remote_no_context_takeover)
        for client in plain:
            self.assertEqual(client.extensions, [])
        await redis.has_listeners(PREFIX + BOOK, 1)
        before = await gateway.metric("sluice_sent_bytes_total")
        texts = [book(slot, levels) for slot, levels in ((1, 400), (2, 2), (3, 5000), (4, 400))]
        for text in texts:
            redis.publish(PREFIX + BOOK, text)
        for client in packed + plain:
            for text in texts:
                self.assertEqual(await self.next_book(client), text)
        sent = await gateway.metric("sluice_sent_bytes_total") - before
        total = sum(map(len, texts))
        self.assertLess(sent, 3 * total * 1.5)
        self.assertEqual(await gateway.metric("sluice_deflated_frames_total"), len(texts))

    async def test_short_messages_are_not_compressed(self):
        redis, gateway = await self.pair(listen=EXCHANGE)
        client = await self.raw(gateway)
        await self.listen(redis, client, STREAM)
        redis.publish(PREFIX + STREAM, '{"n":1}')
        self.assertEqual(await client.text(), ENVELOPE % '{"n":1}')
        self.assertEqual(await gateway.metric("sluice_deflated_frames_total"), 0)

    async def test_pings_pongs_and_close_frames_are_as_ever(self):
        redis, gateway = await self.pair("--ping-interval", "200ms", listen=EXCHANGE)
        client = await self.connect(gateway)
        await client.send(request("SUBSCRIBE", STREAM))
        await redis.has_listeners(PREFIX + STREAM, 1)
        for n in range(3):
            await asyncio.wait_for(await client.ping("x" * 125), PATIENCE)
            text = json.dumps([n] * 500)
            redis.publish(PREFIX + STREAM, text)
            self.assertEqual(await self.receive(client), ENVELOPE % text)
        await client.close(1000)
        self.assertEqual(client.close_code, 1000)

    async def test_many_messages_at_once_arrive_in_order_however_slowly_they_are_read(self):
        redis, gateway = await self.pair("--queue-bytes", "256M", "--queue-messages", "100000",
                                         listen=EXCHANGE)
        fast = await self.connect(gateway)
        slow = await self.connect(gateway, max_queue=1, read_limit=4096)
        for client in (fast, slow):
            await client.send(request("SUBSCRIBE", STREAM))
        await gateway.has_listeners(STREAM, 2)
        await redis.has_listeners(PREFIX + STREAM, 1)
        texts = [json.dumps([(n * 7919 * i) % 10007 for i in range(3 if n % 3 else 3000)])
                 for n in range(1500)]
        redis.publish_all(PREFIX + STREAM, texts)
        for client in (fast, slow):
            for text in texts:
                self.assertEqual(await self.receive(client), ENVELOPE % text)


class WhatComesIn(DeflateTest):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.redis, self.gateway = await self.pair("--max-message", "8k", listen=EXCHANGE)

    async def subscribed(self, *streams):
        for stream in streams:
            await self.redis.has_listeners(PREFIX + stream, 1)

    def names(self, kind, count=30):
        return [f"{kind}.stream_{n}" for n in range(count)]

    async def test_the_client_may_refer_back_to_its_earlier_messages(self):
        client = await self.connect(self.gateway)  # it does
        for kind in "abc":
            await client.send(request("SUBSCRIBE", *self.names(kind)))
        await self.subscribed(*self.names("a"), *self.names("c"))

    async def test_or_not_when_it_said_so(self):
        client = await self.connect(self.gateway, compression=None, extensions=[
            ClientPerMessageDeflateFactory(client_no_context_takeover=True)])
        (extension,) = client.extensions
        self.assertTrue(extension.local_no_context_takeover)
        for kind in "abc":
            await client.send(request("SUBSCRIBE", *self.names(kind)))
        await self.subscribed(*self.names("a"), *self.names("c"))

    async def test_a_message_in_fragments_compressed_and_plain_with_pings_between(self):
        client = await self.connect(self.gateway)
        for kind in "ab":
            whole = request("SUBSCRIBE", *self.names(kind))
            await client.send(whole[n:n + 50] for n in range(0, len(whole), 50))
        await self.subscribed(*self.names("a"), *self.names("b"))
        raw = await self.raw(self.gateway)
        payload = deflated(request("SUBSCRIBE", *self.names("c")))
        await raw.send_raw(frame(TEXT, payload[:1], fin=False, rsv=RSV1))
        for n in range(1, len(payload)):
            await raw.send_raw(frame(CONTINUATION, payload[n:n + 1], fin=False))
            await raw.send_raw(frame(PING, b"there?"))
        await raw.send_raw(frame(CONTINUATION, b""))
        await self.subscribed(*self.names("c"))
        await raw.send(request("SUBSCRIBE", "plain"))
        await self.subscribed("plain")

    async def test_a_long_message_that_comes_in_many_pieces(self):
        client = await self.connect(self.gateway)
        for _ in range(3):
            names = [f"trade.{os.urandom(60).hex()}" for _ in range(50)]
            await client.send(request("SUBSCRIBE", *names))
            await self.subscribed(*names)

    async def test_a_message_of_blocks_that_say_they_are_the_last(self):
        raw = await self.raw(self.gateway)
        z = zlib.compressobj(wbits=-15)
        payload = z.compress(request("SUBSCRIBE", *self.names("d")).encode()) + z.flush() + b"\0"
        for _ in range(2):
            await raw.send_frame(TEXT, payload, rsv=RSV1)
        await self.subscribed(*self.names("d"))
        await raw.send_frame(TEXT, deflated(request("SUBSCRIBE", "after")), rsv=RSV1)
        await self.subscribed("after")

    async def closes(self, code, *frames):
        raw = await self.raw(self.gateway)
        await raw.send_raw(b"".join(frames))
        self.assertEqual((await raw.closed()).code, code)

    async def test_a_zip_bomb_closes_with_1009_and_is_not_unpacked(self):
        bomb = deflated(b" " * (64 << 20))
        self.assertLess(len(bomb), 70000)
        await self.closes(1009, frame(TEXT, bomb, rsv=RSV1))
        await self.closes(1009, frame(TEXT, deflated(b" " * 8193), rsv=RSV1))
        raw = await self.raw(self.gateway)
        await raw.send_frame(TEXT, deflated(request("SUBSCRIBE", "x") + " " * 8000), rsv=RSV1)
        await self.subscribed("x")

    async def test_what_is_no_compressed_data_closes_with_1007(self):
        await self.closes(1007, frame(TEXT, b"\xff" * 20, rsv=RSV1))
        z = zlib.compressobj(wbits=-15)
        deflated(b"abc" * 100, z)
        await self.closes(1007, frame(TEXT, deflated(b"abc" * 100, z), rsv=RSV1))  # refers to nothing

    async def test_text_that_is_not_utf8_when_unpacked_closes_with_1007(self):
        await self.closes(1007, frame(TEXT, deflated(b'{"a":"\xff"}'), rsv=RSV1))

    async def test_bits_where_they_do_not_belong_close_with_1002(self):
        payload = deflated("{}")
        await self.closes(1002, frame(TEXT, payload, rsv=RSV2))
        await self.closes(1002, frame(TEXT, payload, rsv=RSV1 | RSV2))
        await self.closes(1002, frame(TEXT, payload, fin=False, rsv=RSV1),
                          frame(CONTINUATION, b"x", rsv=RSV1))

    async def test_an_empty_message_is_one(self):
        raw = await self.raw(self.gateway)
        await raw.send_frame(TEXT, b"\0", rsv=RSV1)
        await self.gateway.metric_reaches("sluice_requests_total", 1)
        await raw.send(request("SUBSCRIBE", "e"))
        await self.subscribed("e")

    async def test_without_negotiation_compressed_messages_close_with_1002(self):
        raw = await self.stage.client(self.gateway)
        await raw.send_frame(TEXT, deflated("{}"), rsv=RSV1)
        self.assertEqual((await raw.closed()).code, 1002)


if __name__ == "__main__":
    unittest.main()
