"""Client libraries of Node.js as people use them, with nothing changed but the address."""
import json
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.node import Program  # noqa: E402
from support.servers import PREFIX, ProcessTest, until  # noqa: E402

BTC, ETH, BNB = "btcusdt@trade", "ethusdt@trade", "bnbusdt@trade"
PINGS = ("--ping-interval", "1s")


def trade(symbol, number):
    """A trade as the exchange sends it, the number in its id and its price."""
    return ('{"e":"trade","E":1700000000000,"s":"%s","t":%d,"p":"%d.5","q":"2","T":1700000000000,'
            '"m":true,"M":true}' % (symbol, number, number))


class ClientTest(ProcessTest):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.redis, self.gateway = await self.pair(*PINGS)

    async def run_program(self, name, path="", *arguments):
        url = f"ws://127.0.0.1:{self.gateway.port}{path}"
        program = await Program.start(name, url, *arguments)
        self.addAsyncCleanup(program.end)
        return program

    async def publish(self, stream, text):
        await until(lambda: self.redis.listening(PREFIX + stream) > 0, f"{stream} is listened to")
        self.redis.publish(PREFIX + stream, text)

    async def restart_gateway(self):
        """The gateway goes and comes back on its port; clients have to do the rest."""
        await self.gateway.end()
        await self.gateway.up()


class BinanceConnector(ClientTest):
    async def begin(self, kind, *streams):
        self.program = await self.run_program("connector.cjs", "", kind, *streams)
        await self.program.event("open")

    async def gets(self, text):
        await self.program.event("message", text=text)

    async def test_combined_streams_are_received_in_envelopes(self):
        await self.begin("combined", BTC, ETH)
        for stream, symbol in ((BTC, "BTCUSDT"), (ETH, "ETHUSDT")):
            data = trade(symbol, 1)
            await self.publish(stream, data)
            await self.gets(f'{{"stream":"{stream}","data":{data}}}')

    async def test_a_single_stream_is_received_bare(self):
        await self.begin("bare", BTC)
        await self.publish(BTC, trade("BTCUSDT", 1))
        await self.gets(trade("BTCUSDT", 1))

    async def test_streams_are_added_and_removed_on_the_way(self):
        await self.begin("combined", BTC)
        self.program.order("subscribe", [BNB])
        answer = json.loads((await self.program.event("message"))["text"])
        self.assertIsNone(answer["result"])
        self.assertGreater(answer["id"], 1 << 32)  # the time in milliseconds
        await self.publish(BNB, trade("BNBUSDT", 1))
        await self.gets(f'{{"stream":"{BNB}","data":{trade("BNBUSDT", 1)}}}')
        self.program.order("unsubscribe", [BNB])
        answer = json.loads((await self.program.event("message"))["text"])
        self.assertIsNone(answer["result"])
        await self.gateway.has_listeners(BNB, 0)
        await self.publish(BTC, trade("BTCUSDT", 2))
        await self.gets(f'{{"stream":"{BTC}","data":{trade("BTCUSDT", 2)}}}')

    async def test_pings_are_answered_in_both_directions(self):
        await self.begin("combined", BTC)
        for _ in range(3):
            await self.program.event("ping")  # each is answered with two pongs
        self.program.order("ping")
        await self.program.event("pong")
        await self.publish(BTC, trade("BTCUSDT", 1))
        await self.gets(f'{{"stream":"{BTC}","data":{trade("BTCUSDT", 1)}}}')
        self.assertNotIn({"event": "close"}, self.program.seen)

    async def test_it_reconnects_to_its_streams_after_the_gateway_was_restarted(self):
        await self.begin("combined", BTC, ETH)
        await self.restart_gateway()
        await self.program.event("open", patience=30)
        await self.publish(ETH, trade("ETHUSDT", 1))
        await self.gets(f'{{"stream":"{ETH}","data":{trade("ETHUSDT", 1)}}}')


class Binance(ClientTest):
    async def begin(self):
        self.program = await self.run_program("binance.cjs")
        self.program.order("subscribe", [BTC])
        await self.program.event("open")
        await self.program.event("response", result=None)

    async def gets(self, number, stream=BTC):
        event = (await self.program.event("message"))["data"]
        self.assertEqual((event["e"], event["t"], event["streamName"]), ("trade", number, stream))

    async def test_it_subscribes_receives_and_unsubscribes(self):
        await self.begin()
        await self.publish(BTC, trade("BTCUSDT", 1))
        await self.gets(1)
        self.program.order("subscribe", [ETH])
        await self.program.event("response", result=None)
        await self.publish(ETH, trade("ETHUSDT", 2))
        await self.gets(2, ETH)
        self.program.order("unsubscribe", [ETH])
        await self.program.event("response", result=None)
        await self.gateway.has_listeners(ETH, 0)
        await self.publish(BTC, trade("BTCUSDT", 3))
        await self.gets(3)

    async def test_its_pings_are_answered_so_that_it_stays(self):
        await self.begin()
        for _ in range(3):
            await self.program.event("pong")
        await self.publish(BTC, trade("BTCUSDT", 1))
        await self.gets(1)
        self.assertNotIn({"event": "reconnecting"}, self.program.seen)

    async def test_it_reconnects_and_subscribes_again_after_the_gateway_was_restarted(self):
        await self.begin()
        await self.restart_gateway()
        await self.program.event("reconnected", patience=30)
        await self.publish(BTC, trade("BTCUSDT", 2))
        await self.gets(2)


class Ccxt(ClientTest):
    async def begin(self):
        self.program = await self.run_program("ccxt.cjs")
        await self.program.event("ready", patience=60)

    async def gets(self, symbol, stream, number):
        """A call to watch sees what comes after it: so it is published until it was seen."""
        self.program.order("watch", symbol)

        async def seen():
            await self.publish(stream, trade(stream.split("@")[0].upper(), number))
            try:
                return await self.program.event("trades", patience=0.2, symbol=symbol)
            except AssertionError:
                return None

        event = await until(seen, f"{symbol} is seen")
        self.assertEqual(event["trades"][-1], {"id": str(number), "price": number + 0.5})

    async def test_it_watches_trades_of_two_symbols(self):
        await self.begin()
        for number in (1, 2, 3):
            await self.gets("BTC/USDT", BTC, number)
        await self.gets("ETH/USDT", ETH, 4)
        await self.gets("BTC/USDT", BTC, 5)

    async def test_it_stops_watching(self):
        await self.begin()
        await self.gets("BTC/USDT", BTC, 1)
        self.program.order("unwatch", "BTC/USDT")
        await self.program.event("unwatched")
        await self.gateway.has_listeners(BTC, 0)

    async def test_it_is_told_of_a_stream_that_is_not_served(self):
        self.gateway = await self.stage.gateway(self.redis, "--streams", ETH)
        await self.begin()
        self.program.order("watch", "BTC/USDT")
        error = await self.program.event("error")
        self.assertIn("invalid stream", error["text"])

    async def test_it_watches_again_after_the_gateway_was_restarted(self):
        await self.begin()
        await self.gets("BTC/USDT", BTC, 1)
        self.program.order("watch", "BTC/USDT")
        await self.restart_gateway()
        await self.program.event("error")  # the waiting call learns of the end
        await self.gets("BTC/USDT", BTC, 2)


class PlainWs(ClientTest):
    async def begin(self, path, extensions=""):
        program = await self.run_program("ws.cjs", path)
        await program.event("open", extensions=extensions)
        return program

    async def test_compressed_both_ways_where_drift_negotiates_it(self):
        program = await self.begin("/drift", extensions="permessage-deflate")
        for market in ("SOL-PERP", "BTC-PERP", "ETH-PERP"):  # long enough for it to compress
            program.order("send", json.dumps({
                "type": "subscribe", "marketType": "perp", "channel": "trades",
                "market": market}) + " " * 2000)
            text = f"Subscribe received for channel: trades, market: {market}, marketType: perp"
            await program.event("message", text=json.dumps({"message": text},
                                                           separators=(",", ":")))
        for size in (10, 100, 10_000, 100_000):
            data = json.dumps({"a": list(range(size))}, separators=(",", ":"))
            await self.publish("trades_perp_0", data)
            await program.event("message", text=json.dumps(
                {"channel": "trades_perp_0", "data": data}, separators=(",", ":")))
        program.order("ping", "there?")
        await program.event("pong", text="there?")
        self.assertGreater(await self.gateway.metric("sluice_deflated_frames_total"), 2)
        program.order("close", 1000)
        await program.event("close", code=1000)

    async def test_the_exchange_form(self):
        program = await self.begin("/")
        stream = "trade.SOL_USDC"
        program.order("send", json.dumps({"method": "SUBSCRIBE", "params": [stream], "id": 1}))
        await self.publish(stream, '{"n":1}')
        event = await program.event("message")
        self.assertEqual(event["text"], f'{{"stream":"{stream}","data":{{"n":1}}}}')
        self.assertFalse(event["binary"])
        program.order("ping", "there?")
        await program.event("pong", text="there?")
        program.order("close", 1000)
        await program.event("close", code=1000)
        await self.gateway.has_listeners(stream, 0)

    async def test_the_binance_form(self):
        program = await self.begin(f"/ws/{BTC}", extensions="permessage-deflate")
        await self.publish(BTC, trade("BTCUSDT", 1))
        await program.event("message", text=trade("BTCUSDT", 1))
        program.order("send", '{"method":"LIST_SUBSCRIPTIONS","id":3}')
        await program.event("message", text='{"result":["%s"],"id":3}' % BTC)
        await program.event("ping")

    async def test_large_messages_arrive_whole_with_whatever_compression_was_agreed(self):
        program = await self.begin(f"/ws/{BTC}", extensions="permessage-deflate")
        for size in (100, 1000, 70_000, 500_000):
            text = '{"x":"%s"}' % ("0123456789" * (size // 10))
            await self.publish(BTC, text)
            self.assertEqual((await program.event("message"))["text"], text)

    async def test_it_is_told_when_the_server_goes(self):
        program = await self.begin("/")
        await self.gateway.end()
        await program.event("close", code=1001)


if __name__ == "__main__":
    unittest.main()
