"""Trades and order books of Drift and Injective in one schema, from recorded events to a client."""
import json
import sys
import unittest
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.servers import ROOT, ProcessTest  # noqa: E402

SAMPLES = ROOT / "deploy" / "samples"
TAKERS = ("Market", "LimitMatchNewOrder", "MarketLiquidation")


def recorded(name):
    with open(SAMPLES / f"{name}.ndjson") as lines:
        return [json.loads(line)["message"] for line in lines]


def short(number):
    """As short as it gets, without exponent."""
    text = format(Decimal(number), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def drift_trades(channel):
    fills = [json.loads(m["data"], parse_float=Decimal) for m in recorded("drift")
             if m["channel"] == channel]
    return [{"id": str(f["fillRecordId"]), "time_ms": f["ts"] * 1000, "height": f["slot"],
             "side": {"long": "buy", "short": "sell"}[f["takerOrderDirection"]],
             "quantity": short(f["baseAssetAmountFilled"]),
             "price": short((f["quoteAssetAmountFilled"] / f["baseAssetAmountFilled"])
                            .quantize(Decimal("0.000001")))} for f in fills]


def last_drift_book():
    book = json.loads([m for m in recorded("drift")
                       if m["channel"] == "orderbook_perp_0_grouped_1"][-1]["data"])

    def side(levels):
        return [[short(Decimal(level["price"]).scaleb(-6)), short(Decimal(level["size"]).scaleb(-9))]
                for level in levels]
    return {"bids": side(book["bids"]), "asks": side(book["asks"]), "height": book["slot"]}


def injective_blocks():
    return [m["result"] for m in recorded("injective")]


def injective_trades(market):
    return [{"id": t["trade_id"], "height": int(b["block_height"]), "price": short(t["price"]),
             "quantity": short(t["quantity"]), "side": "buy" if t.get("is_buy") else "sell"}
            for b in injective_blocks() for t in b.get("spot_trades", [])
            if t["market_id"] == market and t["executionType"] in TAKERS]


def last_injective_book(market):
    sides, seq = {"buy_levels": {}, "sell_levels": {}}, None
    for block in injective_blocks():
        for update in block.get("spot_orderbook_updates", []):
            if update["orderbook"]["market_id"] != market:
                continue
            seq = update["seq"]
            for name, levels in sides.items():
                for level in update["orderbook"].get(name, []):
                    levels[Decimal(level["p"])] = Decimal(level["q"])
    bids, asks = ([[short(p), short(q)] for p, q in sorted(levels.items()) if q]
                  for levels in sides.values())
    return {"seq": seq, "bids": bids[::-1], "asks": asks}


def spot_market():
    return next(u["orderbook"]["market_id"] for b in injective_blocks()
                for u in b.get("spot_orderbook_updates", []))


def update(seq, levels="spot_orderbook_updates", stream="updates", **sides):
    orderbook = {"market_id": "0x1"} | {f"{side}_levels": [{"p": p, "q": q}]
                                        for side, (p, q) in sides.items()}
    return json.dumps({"stream": f"injective.spot_orderbook_{stream}", "data": {
        "block_height": str(seq), "block_time": "1790000000000",
        levels: [{"seq": str(seq), "orderbook": orderbook}]}}) + "\n"


class MarketData(ProcessTest):
    async def play(self, redis, source, *flags):
        publisher = await self.stage.publisher(redis, "--source", source, *flags)
        await publisher.exited()

    async def messages(self, client, count):
        return [json.loads(text)["data"] for text in await client.texts(count)]

    def last(self, redis, stream):
        value = redis.command_now("HGET", f"sluice:last:{stream}", "message")
        return json.loads(value.split(b"\n", 1)[1])

    def assert_has(self, message, wanted):
        self.assertEqual({key: message.get(key) for key in wanted}, wanted)

    async def test_drift_fills_are_trades_with_exact_prices(self):
        redis, gateway = await self.pair()
        client = await self.listener(redis, gateway, "trade.drift.SOL-PERP")
        await self.play(redis, f"replay={SAMPLES}/drift.ndjson,speed=max")
        wanted = drift_trades("trades_perp_0")
        self.assertGreater(len(wanted), 50)
        for message, trade in zip(await self.messages(client, len(wanted)), wanted):
            self.assert_has(message, trade | {"venue": "drift", "market": "SOL-PERP",
                                              "market_id": "perp_0"})
        await client.expect_silence()

    async def test_a_drift_book_has_decimal_prices_and_is_kept_for_late_comers(self):
        redis, _ = await self.pair()
        await self.play(redis, f"replay={SAMPLES}/drift.ndjson,speed=max")
        book = self.last(redis, "book.drift.SOL-PERP")
        self.assert_has(book, last_drift_book() | {"venue": "drift", "complete": True})

    async def test_injective_trades_are_the_takers_and_markets_have_the_names_given(self):
        redis, gateway = await self.pair()
        market = spot_market()
        names = self.stage.write("names.csv", f"{market},INJ/USDT\n")
        client = await self.listener(redis, gateway, "trade.injective.INJ%2FUSDT")
        await self.play(redis, f"replay={SAMPLES}/injective.ndjson,speed=max",
                        "--injective-markets", str(names))
        wanted = injective_trades(market)
        self.assertGreater(len(wanted), 10)
        for message, trade in zip(await self.messages(client, len(wanted)), wanted):
            self.assert_has(message, trade | {"market": "INJ/USDT", "market_id": market})
        await client.expect_silence()

    async def test_an_injective_book_is_what_its_updates_add_up_to(self):
        redis, _ = await self.pair()
        market = spot_market()
        await self.play(redis, f"replay={SAMPLES}/injective.ndjson,speed=max")
        book = self.last(redis, f"book.injective.{market}")
        self.assert_has(book, last_injective_book(market) | {"complete": False})

    async def test_a_hole_in_an_injective_book_is_said_once_until_a_snapshot_comes(self):
        redis, gateway = await self.pair()
        client = await self.listener(redis, gateway, "book.injective.0x1")
        lines = self.stage.write("lines", "".join([
            update(7, buy=("10.0", "1.0")), update(9, buy=("11.0", "1.0")),
            update(10, buy=("12.0", "1.0")), update(10, stream="snapshots", buy=("9.50", "2.0")),
            update(11, sell=("10.5", "3.0"))]))
        await self.stage.publisher(redis, "--source", f"lines={lines}")
        kept, stale, snapshot, after = await self.messages(client, 4)
        self.assertEqual(kept["bids"], [["10", "1"]])
        self.assert_has(stale, {"stale": True, "seq": "9", "expected": "8"})
        self.assert_has(snapshot, {"seq": "10", "complete": True, "bids": [["9.5", "2"]]})
        self.assert_has(after, {"seq": "11", "bids": [["9.5", "2"]], "asks": [["10.5", "3"]]})
        await client.expect_silence()

    async def test_it_can_be_turned_off(self):
        redis, gateway = await self.pair()
        client = await self.listener(redis, gateway, "trade.drift.SOL-PERP", "trades_perp_0")
        await self.play(redis, f"replay={SAMPLES}/drift.ndjson,speed=max", "--market-data=off")
        fills = len(drift_trades("trades_perp_0"))
        streams = [json.loads(text)["stream"] for text in await client.texts(fills)]
        self.assertEqual(set(streams), {"trades_perp_0"})
        await client.expect_silence()


if __name__ == "__main__":
    unittest.main()
