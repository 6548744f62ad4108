"""What a client sends wrongly costs that client, and nobody else notices."""
import asyncio
import json
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.servers import PREFIX, ProcessTest  # noqa: E402
from support.wsclient import (BINARY, CLOSE, CONTINUATION, FIN, PING, RSV1,  # noqa: E402
                              RSV2, RSV3, TEXT, frame, request)

STREAM = "trade.SOL_USDC"
STORM = 100_000   # requests of one client
MANY = 10_000     # streams in one request


class BadInput(ProcessTest):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.redis = await self.stage.redis()

    async def begin(self, *flags):
        self.gateway = await self.stage.gateway(self.redis, *flags)
        self.healthy = await self.listener(self.redis, self.gateway, STREAM)
        self.bad = await self.stage.client(self.gateway)

    async def others_are_well(self):
        await self.passes_through(self.redis, self.healthy, STREAM, 3)
        await self.healthy.expect_silence()

    async def bad_still_works(self):
        """The offender was met with silence, and may go on."""
        await self.bad.expect_silence()
        await self.listen(self.redis, self.bad, "depth.SOL_USDC")
        await self.passes_through(self.redis, self.bad, "depth.SOL_USDC")

    async def closed_with(self, code):
        self.assertEqual((await self.bad.closed()).code, code)
        await self.others_are_well()

    # ---- frames ------------------------------------------------------------------------------

    async def test_reserved_bits_close_with_1002(self):
        await self.begin()
        for rsv in (RSV1, RSV2, RSV3):
            await self.bad.send_frame(TEXT, b"{}", rsv=rsv)
            await self.closed_with(1002)
            self.bad = await self.stage.client(self.gateway)

    async def test_nothing_follows_the_close_frame(self):
        await self.begin()
        for wrong in (frame(TEXT, b"{}", rsv=RSV1), frame(TEXT, b"\xff")):
            bad = await self.stage.client(self.gateway, read=False)
            await bad.send(request("SUBSCRIBE", STREAM))
            await self.gateway.has_listeners(STREAM, 2)
            await bad.send_raw(wrong)
            close = await bad.reader.readexactly(2)
            self.assertEqual(close[0], FIN | CLOSE)
            await bad.reader.readexactly(close[1])
            await self.others_are_well()  # so messages were sent meanwhile
            await bad.half_close()
            self.assertEqual(await bad.reader.read(), b"")

    async def test_an_unknown_opcode_closes_with_1002(self):
        await self.begin()
        await self.bad.send_frame(0x3, b"{}")
        await self.closed_with(1002)

    async def test_an_unmasked_frame_harms_nobody_else(self):
        await self.begin()  # whether it is taken for what it says or ends the connection
        await self.bad.send_frame(TEXT, request("SUBSCRIBE", STREAM).encode(), masked=False)
        await self.others_are_well()

    async def test_a_continuation_of_nothing_closes_the_connection(self):
        await self.begin()
        await self.bad.send_frame(CONTINUATION, b"{}")
        await self.bad.closed()
        await self.others_are_well()

    async def test_a_control_frame_above_125_bytes_closes_the_connection(self):
        await self.begin()
        await self.bad.send_frame(PING, b"x" * 126)
        await self.bad.closed()
        await self.others_are_well()

    async def test_text_that_is_not_utf8_closes_with_1007(self):
        await self.begin()
        for text in (b'{"method":"\xff"}', b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"):
            await self.bad.send_frame(TEXT, text)
            await self.closed_with(1007)
            self.bad = await self.stage.client(self.gateway)

    async def test_a_character_split_over_two_fragments_is_fine(self):
        await self.begin()
        whole = '{"method":"SUBSCRIBE","params":["depth.SOL_USDC"],"id":1,"note":"€"}'.encode()
        cut = whole.index("€".encode()) + 1
        await self.bad.send_frame(TEXT, whole[:cut], fin=False)
        await self.bad.send_frame(CONTINUATION, whole[cut:])
        await self.redis.has_listeners(PREFIX + "depth.SOL_USDC", 1)
        await self.passes_through(self.redis, self.bad, "depth.SOL_USDC")
        await self.others_are_well()

    async def test_a_message_in_one_byte_fragments_with_pings_between_is_understood(self):
        await self.begin()
        text = request("SUBSCRIBE", "depth.SOL_USDC").encode()
        for at in range(len(text)):
            await self.bad.send_frame(CONTINUATION if at else TEXT, text[at:at + 1],
                                      fin=at == len(text) - 1)
            if at % 10 == 0:
                await self.bad.send_frame(PING, b"%d" % at)
        await self.redis.has_listeners(PREFIX + "depth.SOL_USDC", 1)
        await self.passes_through(self.redis, self.bad, "depth.SOL_USDC")
        await self.others_are_well()

    async def test_frames_that_arrive_byte_by_byte_or_all_at_once_are_the_same(self):
        await self.begin()
        subscribe = frame(TEXT, request("SUBSCRIBE", "depth.SOL_USDC").encode())
        for at in range(len(subscribe)):
            await self.bad.send_raw(subscribe[at:at + 1])
        await self.redis.has_listeners(PREFIX + "depth.SOL_USDC", 1)
        unsubscribe = frame(TEXT, request("UNSUBSCRIBE", "depth.SOL_USDC").encode())
        await self.bad.send_raw((unsubscribe + subscribe) * 50)
        await self.bad.fence()
        await self.passes_through(self.redis, self.bad, "depth.SOL_USDC")

    async def test_a_message_above_the_limit_closes_with_1009(self):
        await self.begin("--max-message", "2k")
        await self.bad.send(b'{"x":"' + b"y" * 2048 + b'"}')
        await self.closed_with(1009)

    async def test_fragments_that_add_up_above_the_limit_close_with_1009(self):
        await self.begin("--max-message", "2k")
        for at in range(5):
            await self.bad.send_frame(CONTINUATION if at else TEXT, b"y" * 512, fin=False)
        await self.closed_with(1009)

    async def test_a_frame_that_claims_to_be_huge_is_not_waited_for(self):
        await self.begin("--max-message", "4k")
        await self.bad.send_frame(TEXT, b"y" * 8192, length=1 << 62)
        await self.closed_with(1009)

    async def test_a_message_of_exactly_the_limit_is_served(self):
        await self.begin("--max-message", "1k")
        text = request("SUBSCRIBE", "depth.SOL_USDC").encode()
        await self.bad.send(text + b" " * (1024 - len(text)))
        await self.redis.has_listeners(PREFIX + "depth.SOL_USDC", 1)
        await self.passes_through(self.redis, self.bad, "depth.SOL_USDC")

    # ---- requests ----------------------------------------------------------------------------

    async def test_a_binary_message_is_met_with_silence(self):
        await self.begin()
        await self.bad.subscribe("some.other")  # so that it is known which form it speaks
        await self.bad.send_frame(BINARY, request("SUBSCRIBE", STREAM).encode())
        await self.bad.send_frame(BINARY, bytes(range(256)))
        await self.bad.fence()
        await self.others_are_well()
        await self.bad_still_works()

    async def test_what_is_not_a_request_is_met_with_silence(self):
        await self.begin()
        for text in ("", " ", "{", "[]", "null", "true", "7", '"SUBSCRIBE"', "{}", "{bad",
                     '{"method":"SUBSCRIBE"', '{"method":{},"params":[],"id":1}', "\x00",
                     '{"method":"SUBSCRIBE","params":{},"id":1}\x00', "SUBSCRIBE trade.SOL_USDC"):
            await self.bad.send(text)
        await self.others_are_well()
        await self.bad_still_works()

    async def test_deep_nesting_is_met_with_silence(self):
        await self.begin()
        for opener in ("[", '{"a":', '[{"a":'):
            await self.bad.send(opener * 10_000)
        deep = "[" * 20_000 + "]" * 20_000
        await self.bad.send('{"method":"SUBSCRIBE","params":%s,"id":1}' % deep)
        await self.others_are_well()
        await self.bad_still_works()

    async def test_huge_ids_are_no_trouble(self):
        await self.begin("--binance-rate", "1000")
        for text in ("9" * 5000, "-" + "9" * 5000, "1e999", "0." + "0" * 5000 + "1"):
            await self.bad.send('{"method":"SUBSCRIBE","params":["a.b"],"id":%s}' % text)
        await self.others_are_well()
        await self.bad.fence()
        binance = await self.stage.client(self.gateway, "/ws")
        for text in ("9" * 5000, '"' + "x" * 5000 + '"'):
            await binance.send('{"method":"LIST_SUBSCRIPTIONS","id":%s}' % text)
            answer = json.loads(await binance.text())
            self.assertIn("msg", answer.get("error", answer))
        await self.others_are_well()

    async def test_ten_thousand_streams_in_one_request_stop_at_the_limit(self):
        await self.begin("--max-message", "1M", "--max-subscriptions", "100")
        names = [f"trade.P{n}" for n in range(MANY)]
        await self.bad.subscribe(*names)
        await self.bad.fence()
        self.assertLessEqual(len(self.redis.channels()), 101)
        await self.others_are_well()
        await self.bad.unsubscribe(*names)
        await self.bad.fence()
        self.assertEqual(await self.gateway.listeners("trade.P0"), 0)
        await self.bad_still_works()

    async def test_ten_thousand_streams_of_one_client_are_served_where_allowed(self):
        await self.begin("--max-message", "1M", "--max-subscriptions", "20000")
        names = [f"trade.P{n}" for n in range(MANY)]
        await self.bad.subscribe(*names)
        await self.redis.has_listeners(PREFIX + names[-1], 1)
        for name in (names[0], names[MANY // 2], names[-1]):
            await self.passes_through(self.redis, self.bad, name)
        self.bad.kill()
        await self.gateway.has_listeners(names[0], 0)
        await self.others_are_well()

    async def test_names_that_no_stream_can_have_never_reach_redis(self):
        await self.begin()
        names = ["", " ", "a b", "a*", "a?", "[a]", "a/b", "{a}", "\u20ac", "a\n", "\x00", "\x7f",
                 "_probe.x.0", "x" * 201, "__keyevent@0__:expired"]
        for name in names:
            await self.bad.send(json.dumps({"method": "SUBSCRIBE", "params": [name], "id": 1}))
        await self.bad.fence()
        await self.others_are_well()
        self.assertEqual(self.redis.channels(), [PREFIX + STREAM])
        await self.bad_still_works()

    async def test_a_storm_of_requests_leaves_the_gateway_responsive(self):
        await self.begin("--message-rate", "0", "--byte-rate", "0")
        pairs = frame(TEXT, request("SUBSCRIBE", "depth.SOL_USDC").encode())
        pairs += frame(TEXT, request("UNSUBSCRIBE", "depth.SOL_USDC").encode())

        async def storm():
            for _ in range(STORM // 200):
                await self.bad.send_raw(pairs * 100)

        raging = asyncio.ensure_future(storm())
        answered = 0
        while not raging.done():
            await self.healthy.ping(b"still there %d" % answered)
            await self.passes_through(self.redis, self.healthy, STREAM)
            answered += 1
        await raging
        self.assertGreater(answered, 0)
        await self.bad.fence()
        self.assertEqual(await self.gateway.listeners("depth.SOL_USDC"), 0)
        await self.bad_still_works()
        await self.others_are_well()


if __name__ == "__main__":
    unittest.main()
