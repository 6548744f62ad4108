"""Drift: frames of the DLOB server, whose data is a text of JSON inside JSON.

Grouped order books carry numbers, not text, in price and size, in units of 1e-6 and 1e-9. They
come every few seconds here, though the server sends one or two a second: they are snapshots, and
the file is to stay small.
"""
from .book import BUY, SELL, Book
from .common import END, START, Draw, Recording, compact, number

BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
FIRST_SLOT = 431_870_112
SLOT_TIME = 400  # ms
PRICE_PLACES = QUOTE_PLACES = 6
LEVELS = 6


def make():
    recording = Recording("drift")
    for market in (
        Market("SOL-PERP", "perp", 0, middle=1_420_900, tick=100, lot=10**7, groups=(1, 100),
               every=6_900, busy=7_900),
        Market("BTC-PERP", "perp", 1, middle=642_318, tick=100_000, lot=10**5, groups=(1,),
               every=9_700, busy=12_400),
        Market("ETH-PERP", "perp", 2, middle=312_748, tick=10_000, lot=10**6, groups=(10,),
               every=14_300, busy=17_000),
        Market("SOL", "spot", 1, middle=142_088, tick=1_000, lot=10**7, groups=(1,), every=12_900,
               busy=15_100),
    ):
        market.play(recording)
    return recording


def base58(data):
    value, text = int.from_bytes(data, "big"), ""
    while value:
        value, rest = divmod(value, 58)
        text = BASE58[rest] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def slot_at(time):
    return FIRST_SLOT + (time - START) // SLOT_TIME


def fee(value, millionths):
    """In whole 0.0001, so that no form of JSON writes it with an exponent."""
    return number(value * millionths // 10**8, 4)


class Market:
    """tick and lot in the units of the wire: 1e-6 of the quote and 1e-9 of the base currency."""

    def __init__(self, name, kind, index, middle, tick, lot, groups, every, busy):
        self.draw = Draw("drift " + name)
        self.name, self.kind, self.index = name, kind, index
        self.tick, self.lot, self.groups = tick, lot, groups
        self.every, self.busy = every, busy
        self.book = Book(self.draw, middle, depth=14, most_lots=4000)
        self.users = [base58(self.draw.bytes(32)) for _ in range(7)]
        self.filler = base58(self.draw.bytes(32))
        self.order_id = self.draw.between(1_000, 9_000)
        self.fill_id = self.draw.between(100_000, 9_000_000)

    def play(self, recording):
        fees_at = START + 1_100 + 40 * self.index
        book_at = START + 600 + 170 * self.index
        trade_at = START + self.draw.between(1_500, self.busy)
        while min(fees_at, book_at, trade_at) < END:
            time = min(fees_at, book_at, trade_at)
            if time == trade_at:
                self.trade(recording, time)
                trade_at += self.draw.between(self.busy // 3, self.busy * 5 // 3)
            elif time == book_at:
                for _ in range(6):
                    self.book.step()
                for i, group in enumerate(self.groups):
                    self.order_book(recording, time + i, group)
                book_at += self.every
            else:
                if self.index < 2:
                    self.priority_fees(recording, time)
                fees_at += 10_000

    def send(self, recording, time, channel, data):
        recording.add(time, {"channel": channel, "data": compact(data)})

    # ---- order books ---------------------------------------------------------------------------

    def grouped(self, side, group):
        """Bids round down and asks up to the step; each step adds up its levels."""
        step = group * self.tick
        levels = {}
        for tick, lots in self.book.sorted(side):
            price = tick * self.tick
            price = price // step * step if side == BUY else -(-price // step) * step
            level = levels.setdefault(price, {"price": price, "size": 0, "sources": {}})
            source = "vamm" if self.kind == "perp" and tick % 3 == 0 else (
                "dlob" if self.kind == "perp" or tick % 3 else "phoenix")
            level["size"] += lots * self.lot
            level["sources"][source] = level["sources"].get(source, 0) + lots * self.lot
        return list(levels.values())[:LEVELS]

    def order_book(self, recording, time, group):
        bid, _, ask, _ = self.book.top()
        oracle = (bid + ask) * self.tick // 2 + self.draw.between(-2, 2) * self.tick
        slot, spread = slot_at(time), (ask - bid) * self.tick
        oracle_data = {"price": str(oracle), "slot": str(slot - 2),
                       "confidence": str(oracle // 9000), "hasSufficientNumberOfDataPoints": True}
        mark = (bid + ask) * self.tick // 2
        self.send(recording, time, f"orderbook_{self.kind}_{self.index}_grouped_{group}", {
            "bids": self.grouped(BUY, group), "asks": self.grouped(SELL, group),
            "marketName": self.name, "marketType": self.kind, "marketIndex": self.index,
            "ts": time - 6, "slot": slot, "markPrice": str(mark),
            "bestBidPrice": str(bid * self.tick), "bestAskPrice": str(ask * self.tick),
            "spreadPct": str(spread * 10**8 // mark), "spreadQuote": str(spread),
            "oracle": oracle,
            "oracleData": {**oracle_data, "twap": str(oracle - 3 * self.tick),
                           "twapConfidence": str(oracle // 8000)},
            "mmOracleData": oracle_data, "marketSlot": slot - self.draw.between(0, 6)})

    # ---- trades ----------------------------------------------------------------------------------

    def trade(self, recording, time):
        """One message for each price the taker met, all of one transaction."""
        side = self.draw.one_of((BUY, SELL))
        fills = self.book.take(side, self.draw.between(20, 2600))
        taker, signature = self.draw.one_of(self.users), base58(self.draw.bytes(64))
        wanted = sum(lots for _, lots, _ in fills) * self.lot
        self.order_id += 2
        base = quote = 0
        for tick, lots, _ in fills:
            filled = lots * self.lot
            base, quote = base + filled, quote + filled * tick * self.tick // 10**9
            self.fill_id += 1
            self.send(recording, time, f"trades_{self.kind}_{self.index}", self.fill(
                time, side, tick, filled, taker, signature, wanted, base, quote))

    def fill(self, time, side, tick, filled, taker, signature, wanted, base, quote):
        """Every third meets the AMM instead of a maker: then nothing is told of a maker."""
        value = filled * tick * self.tick // 10**9
        by_amm = self.kind == "perp" and tick % 3 == 0
        maker = self.draw.one_of([user for user in self.users if user != taker])
        takes, makes = ("long", "short") if side == BUY else ("short", "long")
        made = 0 if by_amm else filled
        trade = {
            "ts": time // 1000, "marketIndex": self.index, "marketType": self.kind,
            "filler": self.filler, "takerFee": fee(value, 350),
            "makerFee": 0 if by_amm else -fee(value, 25),
            "quoteAssetAmountSurplus": 0, "baseAssetAmountFilled": number(filled, 9),
            "quoteAssetAmountFilled": number(value, QUOTE_PLACES), "taker": taker,
            "takerOrderId": self.order_id, "takerOrderDirection": takes,
            "takerOrderBaseAssetAmount": number(wanted, 9),
            "takerOrderCumulativeBaseAssetAmountFilled": number(base, 9),
            "takerOrderCumulativeQuoteAssetAmountFilled": number(quote, QUOTE_PLACES)}
        if by_amm:
            trade["makerOrderId"] = None
        else:
            trade.update(maker=maker, makerOrderId=self.order_id - 1, makerOrderDirection=makes)
        trade.update(
            makerOrderBaseAssetAmount=number(made, 9),
            makerOrderCumulativeBaseAssetAmountFilled=number(made, 9),
            makerOrderCumulativeQuoteAssetAmountFilled=number(value if made else 0, QUOTE_PLACES),
            oraclePrice=number(self.book.best(BUY) * self.tick, PRICE_PLACES), txSig=signature,
            slot=slot_at(time) - 1, fillRecordId=self.fill_id, action="fill",
            actionExplanation="orderFilledWithAmm" if by_amm else "orderFilledWithMatch",
            referrerReward=0, bitFlags=0)
        return trade

    def priority_fees(self, recording, time):
        low = self.draw.between(1, 900)
        medium = low + self.draw.between(500, 9_000)
        high = medium * self.draw.between(3, 6)
        self.send(recording, time, f"priorityFees_{self.kind}_{self.index}", {
            "min": 0, "low": low, "medium": medium, "high": high, "veryHigh": high * 8,
            "unsafeMax": high * 400})
