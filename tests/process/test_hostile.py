"""Hostile clients: each is got rid of, and a well-behaved one beside them misses nothing."""
import asyncio
import struct
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.servers import ProcessTest  # noqa: E402
from support.wsclient import (CLOSE, CONTINUATION, PING, TEXT, Client, frame, handshake,  # noqa: E402
                              request)

STREAM = "trade.SOL_USDC"


class Hostile(ProcessTest):
    async def begin(self, *flags):
        self.redis, self.gateway = await self.pair(*flags)
        self.good = await self.listener(self.redis, self.gateway, STREAM, source="127.0.0.9")

    async def unharmed(self):
        await self.passes_through(self.redis, self.good, STREAM, count=10)

    async def pour(self, client, data):
        """Send it all, unless the other end has had enough."""
        try:
            await client.send_raw(data)
        except ConnectionError:
            pass

    async def is_cut(self, client):
        try:
            rest = await asyncio.wait_for(client.reader.read(), 15)
        except ConnectionError:
            rest = b""
        self.assertNotIn(b" 101 ", rest)

    # ---- before the handshake ----------------------------------------------------------------

    async def test_a_handshake_that_drips_is_cut_in_time(self):
        await self.begin("--handshake-timeout", "1s")
        client = await self.stage.connection(self.gateway)

        async def drip():
            for byte in handshake("/"):
                await client.send_raw(bytes([byte]))
                await asyncio.sleep(0.05)
        dripping = asyncio.ensure_future(drip())
        await self.is_cut(client)
        dripping.cancel()
        await self.unharmed()

    async def test_endless_headers_are_cut(self):
        await self.begin()
        for bomb in (b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 2_000_000,
                     b"GET / HTTP/1.1\r\nHost: x\r\n" + b"Cookie: a=b\r\n" * 100_000,
                     b"GET /" + b"a" * 1_000_000,
                     b"\x00" * 1_000_000):
            client = await self.stage.connection(self.gateway)
            await self.pour(client, bomb)
            await self.is_cut(client)
        await self.unharmed()

    # ---- after it ----------------------------------------------------------------------------

    async def test_a_flood_of_pings_is_borne(self):
        await self.begin()
        client = await self.stage.client(self.gateway)
        for _ in range(50):
            await self.pour(client, frame(PING, b"x" * 125) * 1000)
        await self.unharmed()

    async def test_a_storm_of_subscriptions_is_ended(self):
        await self.begin()
        client = await self.stage.client(self.gateway)
        for number in range(6):
            storm = b"".join(frame(TEXT, request(verb, f"book.S{number}_{n}").encode())
                             for n in range(500) for verb in ("SUBSCRIBE", "UNSUBSCRIBE"))
            await self.pour(client, storm)
        self.assertEqual((await client.closed()).code, 1008)
        await self.unharmed()

    async def test_a_hundred_thousand_fragments_are_ended(self):
        await self.begin()
        for payload in (b"", b"x"):
            client = await self.stage.client(self.gateway)
            await self.pour(client, frame(TEXT, b"{", fin=False))
            for _ in range(100):
                await self.pour(client, frame(CONTINUATION, payload, fin=False) * 1000)
            self.assertIn((await client.closed()).code, (1008, None))
        await self.unharmed()

    async def test_more_bytes_than_are_granted_end_it(self):
        await self.begin("--byte-rate", "10k")
        client = await self.stage.client(self.gateway)
        for _ in range(10):
            await self.pour(client, frame(TEXT, b" " * 20_000))
        self.assertIn((await client.closed()).code, (1008, None))
        await self.unharmed()

    async def test_a_frame_that_claims_to_be_endless_is_ended(self):
        await self.begin()
        client = await self.stage.client(self.gateway)
        await self.pour(client, frame(TEXT, b"x" * 200_000, length=1 << 40))
        self.assertIn((await client.closed()).code, (1009, None))
        await self.unharmed()

    async def test_a_connection_has_an_age(self):
        await self.begin("--max-age", "2s")
        client = await self.stage.client(self.gateway)
        self.assertEqual((await client.closed()).code, 1001)

    # ---- RFC 6455 to the letter --------------------------------------------------------------

    async def closes(self, code, data):
        client = await self.stage.client(self.gateway)
        await self.pour(client, data)
        self.assertIn((await client.closed()).code, code)

    async def test_what_the_protocol_forbids_fails_the_connection(self):
        await self.begin()
        text = b'{"method":"SUBSCRIBE","params":["x"],"id":1}'
        protocol_error = (1002, None)
        for bad in (frame(3, b""), frame(0xB, b""), frame(0xF, b""),         # opcodes
                    frame(TEXT, text, rsv=0x40), frame(TEXT, text, rsv=0x20),
                    frame(PING, b"", rsv=0x10),                              # reserved bits
                    frame(PING, b"x", fin=False), frame(CLOSE, b"", fin=False),
                    frame(PING, b"x" * 126),                                 # control frames
                    frame(CONTINUATION, b"x"),
                    frame(TEXT, b"x", fin=False) + frame(TEXT, b"x"),        # order of fragments
                    b"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff"):            # 64-bit length
            await self.closes(protocol_error, bad)
        await self.unharmed()

    async def test_text_that_is_not_utf_8_fails_it_also_across_fragments(self):
        await self.begin()
        for bad in (frame(TEXT, b"\xff"), frame(TEXT, b"\xed\xa0\x80"), frame(TEXT, b"\xe2\x82"),
                    frame(TEXT, b"\xe2", fin=False) + frame(CONTINUATION, b"\x28\xa1")):
            await self.closes((1007,), bad)
        whole = "{\"a\":\"€\"}".encode()
        client = await self.stage.client(self.gateway)
        for at in range(len(whole)):
            await client.send_raw(frame(CONTINUATION if at else TEXT, whole[at:at + 1],
                                        fin=at == len(whole) - 1))
        await client.fence()
        await self.unharmed()

    async def test_bad_close_frames_are_answered_with_the_right_code(self):
        await self.begin()
        for code, payload in ((1002, struct.pack("!H", 1005)), (1002, struct.pack("!H", 999)),
                              (1007, struct.pack("!H", 1000) + b"\xff"),
                              (1000, struct.pack("!H", 1000) + "gut €".encode()),
                              (3000, struct.pack("!H", 3000)), (4999, struct.pack("!H", 4999))):
            await self.closes((code,), frame(CLOSE, payload))
        await self.unharmed()

    async def test_an_unknown_subprotocol_is_agreed_to_and_too_long_ones_are_told(self):
        await self.begin()
        client = await self.stage.client(self.gateway, headers=[("Sec-WebSocket-Protocol", "a, b")])
        self.assertEqual(client.headers["sec-websocket-protocol"], "a")
        plain = await Client.tcp(self.gateway.port)
        self.stage.clients.append(plain)
        await plain.send_raw(handshake("/", [("Sec-WebSocket-Protocol", "x" * 200)]))
        self.assertIn(b" 400 ", await plain.reader.readuntil(b"\r\n\r\n"))


if __name__ == "__main__":
    unittest.main()
