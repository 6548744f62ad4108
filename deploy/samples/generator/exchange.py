"""Exchange: the plain form (trade.SOL_USDC, depth…, ticker…) and the Binance form (btcusdt@…)."""
from .book import BUY, SELL, Book
from .common import END, START, Draw, Recording, decimal

MINUTE = 60_000


def make():
    recording = Recording("exchange")
    for market in (
        PlainMarket("SOL_USDC", middle=14210, price_places=2, lot_places=2, busy=940),
        PlainMarket("BTC_USDT", middle=642315, price_places=1, lot_places=4, busy=1100),
        PlainMarket("ETH_USDT", middle=312740, price_places=2, lot_places=3, busy=1350),
    ):
        market.play(recording)
    for market in (
        BinanceMarket("btcusdt", middle=6423180, price_places=2, lot_places=5, busy=740),
        BinanceMarket("ethusdt", middle=312755, price_places=2, lot_places=4, busy=1700),
    ):
        market.play(recording)
    return recording


class Market:
    """A book with a clock: about every `busy` ms something happens on it."""

    def __init__(self, name, middle, price_places, lot_places, busy):
        self.name, self.busy = name, busy
        self.draw = Draw("exchange " + name)
        self.book = Book(self.draw, middle, depth=12, most_lots=4000)
        self.price_places, self.lot_places = price_places, lot_places
        self.trade_id = self.draw.between(10_000, 90_000_000)

    def play(self, recording):
        self.start(recording)
        time = START + self.draw.between(5, self.busy)
        while time < END:
            self.clock(recording, time)
            for _ in range(self.draw.between(1, 3)):
                if self.book.step():
                    self.stepped()
            if self.draw.chance(0.35):
                side = self.draw.one_of((BUY, SELL))
                self.traded(recording, time, side, self.book.take(side, self.lots()))
            self.after(recording, time)
            time += self.draw.between(self.busy // 2, self.busy * 3 // 2)

    def lots(self):
        """Many small takers, a few that eat through several levels."""
        return self.draw.between(1, 9000 if self.draw.chance(0.1) else 900)

    def start(self, recording):
        pass

    def clock(self, recording, time):
        """Called before each turn: send what was due until now."""

    def stepped(self):
        pass


class PlainMarket(Market):
    """Keys in ASCII order; decimals as text with as many digits as they need."""

    def price(self, tick):
        return decimal(tick, self.price_places)

    def quantity(self, lots):
        return decimal(lots, self.lot_places)

    def start(self, recording):
        self.open = self.high = self.low = self.last = self.book.best(BUY)
        self.trades = self.volume = self.turnover = 0
        self.next_ticker = START + self.draw.between(100, 5000)
        self.depth(recording, START)

    def send(self, recording, time, kind, data):
        recording.add(time, {"stream": f"{kind}.{self.name}", "data": data})

    def depth(self, recording, time):
        bids, asks = self.book.changes()
        if bids or asks:
            self.send(recording, time, "depth", {
                "a": [[self.price(t), self.quantity(q)] for t, q in asks],
                "b": [[self.price(t), self.quantity(q)] for t, q in bids],
                "e": "depth", "s": self.name})

    def traded(self, recording, time, side, fills):
        for tick, lots, _ in fills:
            self.trade_id += 1
            self.trades += 1
            self.volume += lots
            self.turnover += lots * tick
            self.last, self.high, self.low = tick, max(self.high, tick), min(self.low, tick)
            self.send(recording, time, "trade", {
                "T": time, "e": "trade", "m": side == SELL, "p": self.price(tick),
                "q": self.quantity(lots), "s": self.name, "t": self.trade_id})

    def after(self, recording, time):
        self.depth(recording, time)

    def clock(self, recording, time):
        while self.next_ticker <= time:
            self.ticker(recording, self.next_ticker)
            self.next_ticker += 5000

    def ticker(self, recording, time):
        places = self.price_places + self.lot_places
        self.send(recording, time, "ticker", {
            "E": time, "V": decimal(self.turnover, places), "c": self.price(self.last),
            "e": "ticker", "h": self.price(self.high), "l": self.price(self.low),
            "n": self.trades, "o": self.price(self.open), "s": self.name,
            "v": self.quantity(self.volume)})


class BinanceMarket(Market):
    """Decimals with eight digits; E is when the server sent it, a little after T."""

    LAG = 3  # ms from sending to recording: the same for all, so that nothing overtakes

    def price(self, tick):
        return decimal(tick, self.price_places, 8)

    def quantity(self, lots):
        return decimal(lots, self.lot_places, 8)

    def start(self, recording):
        self.symbol = self.name.upper()
        self.update = self.sent_update = self.draw.between(10**9, 10**10)
        self.aggregate_id = self.draw.between(10**6, 10**7)
        self.next_depth, self.next_kline = START + 1000, START + 2000
        self.shown_top = None
        self.new_kline(START)
        self.update += len(self.book.levels[BUY]) + len(self.book.levels[SELL])
        self.depth(recording, START)

    def send(self, recording, time, kind, data):
        recording.add(time + self.LAG, {"stream": f"{self.name}@{kind}", "data": data})

    def stepped(self):
        self.update += 1

    def clock(self, recording, time):
        """Depth every second, candles every two; a candle also at its very end."""
        while min(self.next_depth, self.next_kline) <= time:
            if self.next_depth <= self.next_kline:
                self.depth(recording, self.next_depth)
                self.next_depth += 1000
            else:
                self.kline_tick(recording, self.next_kline)
                self.next_kline += 2000

    def depth(self, recording, time):
        bids, asks = self.book.changes()
        if not bids and not asks:
            return
        self.send(recording, time, "depth", {
            "e": "depthUpdate", "E": time, "s": self.symbol,
            "U": self.sent_update + 1, "u": self.update,
            "b": [[self.price(t), self.quantity(q)] for t, q in bids],
            "a": [[self.price(t), self.quantity(q)] for t, q in asks]})
        self.sent_update = self.update

    def traded(self, recording, time, side, fills):
        """Each price of a taker is one aggTrade, made of one or two trades."""
        for tick, lots, _ in fills:
            self.update += 1
            parts = [lots]
            if lots > 500:
                parts = [lots * 2 // 3, lots - lots * 2 // 3]
            first = self.trade_id + 1
            for part in parts:
                self.trade_id += 1
                self.in_kline(tick, part, side)
                self.send(recording, time, "trade", {
                    "e": "trade", "E": time, "s": self.symbol, "t": self.trade_id,
                    "p": self.price(tick), "q": self.quantity(part), "T": time - 1,
                    "m": side == SELL, "M": True})
            self.aggregate_id += 1
            self.send(recording, time, "aggTrade", {
                "e": "aggTrade", "E": time, "s": self.symbol, "a": self.aggregate_id,
                "p": self.price(tick), "q": self.quantity(lots), "f": first, "l": self.trade_id,
                "T": time - 1, "m": side == SELL, "M": True})

    def after(self, recording, time):
        top = self.book.top()
        if top == self.shown_top:
            return
        self.shown_top = top
        bid, bid_lots, ask, ask_lots = top
        self.send(recording, time, "bookTicker", {
            "u": self.update, "s": self.symbol, "b": self.price(bid),
            "B": self.quantity(bid_lots), "a": self.price(ask), "A": self.quantity(ask_lots)})

    def new_kline(self, time):
        self.kline = {"t": time, "f": -1, "n": 0, "v": 0, "q": 0, "V": 0, "Q": 0,
                      "o": None, "h": None, "l": None, "c": self.book.best(BUY)}

    def in_kline(self, tick, lots, side):
        k = self.kline
        if k["n"] == 0:
            k.update(o=tick, h=tick, l=tick, f=self.trade_id)
        k.update(c=tick, h=max(k["h"], tick), l=min(k["l"], tick), n=k["n"] + 1,
                 v=k["v"] + lots, q=k["q"] + lots * tick)
        if side == BUY:
            k.update(V=k["V"] + lots, Q=k["Q"] + lots * tick)

    def kline_tick(self, recording, time):
        over = time >= self.kline["t"] + MINUTE
        self.send_kline(recording, time, over)
        if over:
            self.new_kline(self.kline["t"] + MINUTE)

    def send_kline(self, recording, time, over):
        k, places = self.kline, self.price_places + self.lot_places
        price = {key: self.price(k["c"] if k[key] is None else k[key]) for key in "ochl"}
        self.send(recording, time, "kline_1m", {
            "e": "kline", "E": time, "s": self.symbol,
            "k": {"t": k["t"], "T": k["t"] + MINUTE - 1, "s": self.symbol, "i": "1m",
                  "f": k["f"], "L": k["f"] + k["n"] - 1 if k["n"] else -1, **price,
                  "v": self.quantity(k["v"]), "n": k["n"], "x": over,
                  "q": decimal(k["q"], places, 8), "V": self.quantity(k["V"]),
                  "Q": decimal(k["Q"], places, 8), "B": "0"}})
