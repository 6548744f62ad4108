"""Injective: what a node sends to a subscription with all twelve filters at "*", block by block.

The forms are those of the node's encoder: 64-bit numbers are text, enums are numbers, decimals
have 18 digits, the hash inside an order is base64 while the one beside it is hex, and what is
false, empty or zero is left out. With every filter at "*" a type without an event in the block is
left out too.
"""
import base64

from .book import BUY, SELL, Book
from .common import END, START, Draw, Recording
from .injective_ledger import QUOTE, Ledger, Trader, dec, take_part

BOOKED, MATCHED, CANCELLED = 1, 2, 3
ORDER_TYPE = {BUY: 1, SELL: 2}
POST_ONLY = {BUY: 7, SELL: 8}
TRIGGERED = {BUY: 5, SELL: 6}  # a take-profit order whose price was reached
FIRST_HEIGHT = 131_204_877
TYPES = ("bank_balances", "subaccount_deposits", "spot_trades", "derivative_trades",
         "spot_orders", "derivative_orders", "spot_orderbook_updates",
         "derivative_orderbook_updates", "positions", "oracle_prices", "order_failures",
         "conditional_order_trigger_failures")
ORACLES = (("INJ", "pricefeed", 2_184_300, 5), ("BTCUSD", "coinbase", 6_423_180_000, 5),
           ("ETHUSDT", "stork", 312_750_000, 5), ("ATOM", "bandibc", 612_400, 5),
           ("TIAUSDT", "provider", 214_300, 5))


def make():
    return Chain().play()


class Block:
    """The events of one block, by type."""

    def __init__(self, height):
        self.height = height
        self.events = {kind: [] for kind in TYPES}
        self.trades = 0

    def add(self, kind, event):
        self.events[kind].append(event)

    def trade_id(self):
        self.trades += 1
        return f"{self.height}_{self.trades - 1}"

    def result(self, time, gas_price):
        result = {"block_height": str(self.height), "block_time": str(time)}
        tail = ("order_failures", "conditional_order_trigger_failures")
        for kind in TYPES:
            if kind == "order_failures":
                result["gas_price"] = gas_price
            if self.events[kind] and kind not in tail:
                result[kind] = self.events[kind]
        result.update({kind: self.events[kind] for kind in tail if self.events[kind]})
        return result


class Chain:
    def __init__(self):
        self.draw = Draw("injective")
        self.ledger = Ledger()
        self.traders = [Trader(self.draw, nonce) for nonce in (0, 0, 0, 1, 1, 1, 2, 1, 0)]
        self.relayer = Trader(self.draw, 0).account
        market = (self.draw, self.ledger, self.traders, self.relayer)
        self.markets = [
            Market(*market, "spot", "inj", 218_430, 4, 3),
            Market(*market, "spot", "ibc/" + self.draw.hex(32).upper(), 61_240, 4, 2),
            Market(*market, "derivative", None, 642_318, 1, 4),
            Market(*market, "derivative", None, 312_748, 2, 3),
        ]
        self.ledger.touched = {}  # the orders of the time before are old news
        self.oracles = [list(oracle) for oracle in ORACLES]
        self.oracles.append(["0x" + self.draw.hex(32), "pyth", 14_209_500, 5])

    def play(self):
        recording = Recording("injective")
        height, time = FIRST_HEIGHT, START + 120
        while time < END:
            block = Block(height)
            self.fill(block)
            recording.add(time + 210, {"jsonrpc": "2.0", "id": 1,
                                       "result": block.result(time, dec(160_000_000, 0))})
            height += 1
            time += self.draw.between(640, 760)
        return recording

    def fill(self, block):
        for market in self.markets:
            market.turn(block)
        if self.draw.chance(0.28):
            for oracle in self.draw.some_of(self.oracles, self.draw.between(1, 2)):
                symbol, kind, price, places = oracle
                oracle[2] = price + self.draw.between(-3, 3) * (price // 20_000 + 1)
                block.add("oracle_prices",
                          {"symbol": symbol, "price": dec(oracle[2], places), "type": kind})
        if self.draw.chance(0.03):
            self.order_failure(block)
        if self.draw.chance(0.02):
            self.trigger_failure(block)
        self.ledger.report(block)

    def order_failure(self, block):
        trader = self.draw.one_of(self.traders)
        block.add("order_failures", {
            "account": trader.account, "order_hash": "0x" + self.draw.hex(32),
            "cid": trader.next_cid(), "error_code": self.draw.one_of((59, 63, 66))})

    def trigger_failure(self, block):
        market, trader = self.draw.one_of(self.markets[2:]), self.draw.one_of(self.traders)
        block.add("conditional_order_trigger_failures", {
            "market_id": market.id, "subaccount_id": trader.subaccount,
            "mark_price": market.price(market.book.best(BUY)),
            "order_hash": "0x" + self.draw.hex(32), "cid": trader.next_cid(),
            "error_description": "subaccount has insufficient deposits"})


class Order:
    def __init__(self, trader, draw, side, tick, lots):
        self.trader, self.side, self.tick, self.lots, self.fillable = trader, side, tick, lots, lots
        self.hash = draw.bytes(32)
        self.cid = trader.next_cid() if draw.chance(0.6) else ""
        self.type = draw.one_of((ORDER_TYPE, ORDER_TYPE, POST_ONLY))[side]
        self.trigger = None
        self.expires = 0


class Market:
    """A spot market has a base coin; a derivative one has none. Each level is one order."""

    def __init__(self, draw, ledger, traders, relayer, kind, base, middle, price_places,
                 lot_places):
        self.draw, self.ledger, self.traders, self.relayer = draw, ledger, traders, relayer
        self.kind, self.base = kind, base
        self.price_places, self.lot_places = price_places, lot_places
        self.id = "0x" + draw.hex(32)
        self.book = Book(draw, middle, depth=5, most_lots=900, resize=False)
        self.seq = draw.between(100_000, 900_000)
        self.funding = draw.between(10**6, 10**8)  # paid so far for a contract, in 1e-9
        self.orders = {(side, tick): Order(draw.one_of(traders), draw, side, tick, lots)
                       for side in (BUY, SELL) for tick, lots in self.book.sorted(side)}
        for order in self.orders.values():
            self.hold(order, order.lots)

    def price(self, tick):
        return dec(tick, self.price_places)

    def quantity(self, lots):
        return dec(lots, self.lot_places)

    def turn(self, block):
        """What one block does to this market: mostly nothing."""
        if self.draw.chance(0.065):
            self.step(block)
        if self.draw.chance(0.022):
            self.trade(block, self.draw.one_of((BUY, SELL)), self.draw.between(20, 1100))
        bids, asks = self.book.changes()
        if bids or asks:
            self.book_update(block, bids, asks)

    def book_update(self, block, bids, asks):
        self.seq += 1
        book = {"market_id": self.id}
        for name, levels in (("buy_levels", bids), ("sell_levels", asks)):
            if levels:
                book[name] = [{"p": self.price(t), "q": self.quantity(q)} for t, q in levels]
        block.add(f"{self.kind}_orderbook_updates", {"seq": str(self.seq), "orderbook": book})

    def step(self, block):
        done = self.book.step()
        if not done:
            return
        what, side, tick, lots = done
        if what == "cancel":
            order = self.orders.pop((side, tick))
            self.hold(order, -order.fillable)
            self.tell(block, CANCELLED, order)
            return
        order = Order(self.draw.one_of(self.traders), self.draw, side, tick, lots)
        if self.kind == "derivative" and self.draw.chance(0.1):
            order.type, order.trigger = TRIGGERED[side], tick + self.draw.between(-9, 9)
        elif self.draw.chance(0.2):
            order.expires = block.height + self.draw.between(50, 400)
        self.orders[side, tick] = order
        self.hold(order, lots)
        self.tell(block, BOOKED, order)

    def margin(self, tick, lots):
        """A fifth of the position's value, in quote units of 1e-18."""
        return take_part(self.value(tick, lots), 200_000)

    def value(self, tick, lots):
        return tick * lots * 10 ** (18 - self.price_places - self.lot_places)

    def hold(self, order, lots):
        """What an open order keeps from being spent, or gives back when lots is negative."""
        if self.kind == "derivative":
            self.ledger.hold(order.trader, QUOTE, self.margin(order.tick, lots))
        elif order.side == BUY:
            self.ledger.hold(order.trader, QUOTE, self.value(order.tick, lots))
        else:
            self.ledger.hold(order.trader, self.base, lots * 10 ** (18 - self.lot_places))

    def tell(self, block, status, order, is_market=False):
        info = {"subaccount_id": order.trader.subaccount, "fee_recipient": self.relayer,
                "price": self.price(order.tick), "quantity": self.quantity(order.lots)}
        inner = {"order_info": info, "order_type": order.type}
        if order.cid:
            info["cid"] = order.cid
        if self.kind == "derivative":
            inner["margin"] = dec(self.margin(order.tick, order.lots), 18)
        inner["fillable"] = self.quantity(order.fillable)
        if order.trigger:
            inner["trigger_price"] = self.price(order.trigger)
        inner["order_hash"] = base64.b64encode(order.hash).decode()
        if order.expires:
            inner["expiration_block"] = str(order.expires)
        event = {"status": status, "order_hash": "0x" + order.hash.hex()}
        if order.cid:
            event["cid"] = order.cid
        event["order"] = {"market_id": self.id, "order": inner}
        if is_market:
            event["order"]["is_market"] = True
        block.add(f"{self.kind}_orders", event)

    def trade(self, block, side, lots):
        """A taker's order meets resting ones: two trades for each fill."""
        limit = self.draw.chance(0.5)
        fills = self.book.take(side, lots)
        other = SELL if side == BUY else BUY
        makers = [self.orders[other, tick] for tick, _, _ in fills]
        others = [t for t in self.traders if all(t is not m.trader for m in makers)]
        if not fills or not others:
            raise AssertionError("a book without a counterparty")
        taker = Order(self.draw.one_of(others), self.draw, side, fills[-1][0],
                      sum(filled for _, filled, _ in fills))
        taker.type, taker.fillable = ORDER_TYPE[side], 0
        self.hold(taker, taker.lots)
        for (tick, filled, left), maker in zip(fills, makers):
            self.fill(block, maker, tick, filled, "LimitMatchRestingOrder", 50)
            self.fill(block, taker, tick, filled, "LimitMatchNewOrder" if limit else "Market", 500)
            maker.fillable -= filled
            if not left:
                del self.orders[other, tick]
                self.tell(block, MATCHED, maker)
        self.tell(block, MATCHED, taker, is_market=self.kind == "derivative" and not limit)

    def fill(self, block, order, tick, lots, execution, fee_millionths):
        value = self.value(tick, lots)
        fee = take_part(value, fee_millionths)
        trade = {"market_id": self.id}
        if order.side == BUY:
            trade["is_buy"] = True
        trade["executionType"] = execution
        if self.kind == "spot":
            self.ledger.swap(order, self, tick, lots, fee)
            trade.update(quantity=self.quantity(lots), price=self.price(tick),
                         subaccount_id=order.trader.subaccount)
        else:
            margin = self.margin(order.tick, lots)
            payout = self.ledger.move_position(block, order, self, tick, lots, margin, fee)
            delta = {"is_long": True} if order.side == BUY else {}
            delta.update(execution_quantity=self.quantity(lots),
                         execution_margin=dec(margin, 18), execution_price=self.price(tick))
            trade.update(subaccount_id=order.trader.subaccount, position_delta=delta,
                         payout=dec(payout, 18))
        trade.update(fee=dec(fee, 18), order_hash="0x" + order.hash.hex(),
                     fee_recipient_address=self.relayer)
        if order.cid:
            trade["cid"] = order.cid
        trade["trade_id"] = block.trade_id()
        block.add(f"{self.kind}_trades", trade)
