"""Injective's accounts: who they are, what they own, which positions they hold.

The default subaccount (nonce 0) spends the account's bank balance, the others have deposits of
their own; so a trade shows up as one or the other. Amounts are whole numbers of 1e-18.
"""
from .book import BUY
from .common import decimal

QUOTE = "peggy0x5fd2c6e1a9b3487d0f1e6c52d98a7b3046ef81c9"  # a made-up stablecoin
UNIT = 10**18
COIN_PLACES = {"inj": 18}  # the smallest unit a bank balance counts in; 6 for all others
BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def dec(value, places):
    return decimal(value, places, 18)


def take_part(value, millionths):
    return value * millionths // 1_000_000


def bech32(prefix, data):
    """The text form of an account: 5-bit groups and a checksum of six characters (BIP-173)."""
    bits = int.from_bytes(data, "big")
    values = [bits >> shift & 31 for shift in range(len(data) * 8 - 5, -1, -5)]
    check = 1
    for value in [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix] \
            + values + [0] * 6:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for i, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            if top >> i & 1:
                check ^= generator
    check ^= 1
    values += [check >> 5 * (5 - i) & 31 for i in range(6)]
    return prefix + "1" + "".join(BECH32[value] for value in values)


class Trader:
    """An account and the one subaccount it trades with: the same 20 bytes and a nonce."""

    def __init__(self, draw, nonce):
        address = draw.bytes(20)
        self.account = bech32("inj", address)
        self.nonce = nonce
        self.subaccount = f"0x{address.hex()}{nonce:024x}"
        self.tag, self.orders = draw.hex(2), draw.between(100, 9000)

    def next_cid(self):
        self.orders += 1
        return f"{self.tag}-{self.orders}"


class Ledger:
    def __init__(self):
        self.owned = {}  # (trader, denom) -> [available, total]
        self.positions = {}  # (market id, subaccount) -> Position
        self.touched = {}  # what report() is to tell, in order

    def _balance(self, trader, denom):
        return self.owned.setdefault((trader, denom), [10**6 * UNIT, 10**6 * UNIT])

    def _change(self, trader, denom, available, total):
        balance = self._balance(trader, denom)
        balance[0] += available
        balance[1] += total
        if min(balance) < 0:
            raise AssertionError("a trader overdrew")
        self.touched[trader, denom] = True

    def hold(self, trader, denom, amount):
        self._change(trader, denom, -amount, -amount if trader.nonce == 0 else 0)

    def swap(self, order, market, tick, lots, fee):
        """One side of a spot trade; what it spends was held when the order came."""
        value, held = market.value(tick, lots), market.value(order.tick, lots)
        base = lots * 10 ** (18 - market.lot_places)
        at_bank = order.trader.nonce == 0
        if order.side == BUY:
            self._change(order.trader, QUOTE, held - value - fee,
                         (held if at_bank else 0) - value - fee)
            self._change(order.trader, market.base, base, base)
        else:
            self._change(order.trader, QUOTE, value - fee, value - fee)
            self._change(order.trader, market.base, 0, 0 if at_bank else -base)

    def move_position(self, block, order, market, tick, lots, margin, fee):
        """One side of a derivative trade; returns the payout of what it closed."""
        position = self.positions.setdefault((market.id, order.trader.subaccount), Position())
        payout, used = position.trade(order.side == BUY, tick, lots, margin, market)
        paid = payout + margin - used - fee
        self._change(order.trader, QUOTE, paid, paid - (0 if order.trader.nonce == 0 else margin))
        if position.lots:
            event = {"market_id": market.id, "subaccount_id": order.trader.subaccount}
            if position.lots > 0:
                event["isLong"] = True
            event.update(quantity=market.quantity(abs(position.lots)),
                         entry_price=dec(position.entry // abs(position.lots), 18),
                         margin=dec(position.margin, 18),
                         cumulative_funding_entry=dec(market.funding, 9))
            block.events["positions"] = [e for e in block.events["positions"] if not (
                e["market_id"] == event["market_id"]
                and e["subaccount_id"] == event["subaccount_id"])] + [event]
        return payout

    def report(self, block):
        """The newest balance of everything that changed since the last call."""
        for trader, denom in self.touched:
            available, total = self._balance(trader, denom)
            if trader.nonce == 0:
                places = COIN_PLACES.get(denom, 6)
                block.add("bank_balances", {"account": trader.account, "balances": [
                    {"denom": denom, "amount": str(available // 10 ** (18 - places))}]})
            else:
                block.add("subaccount_deposits", {
                    "subaccount_id": trader.subaccount, "deposits": [{"denom": denom, "deposit": {
                        "available_balance": dec(available, 18), "total_balance": dec(total, 18)}}]})
        self.touched = {}


class Position:
    """lots is negative for a short; entry is the sum of price times lots, scaled by 1e18."""

    def __init__(self):
        self.lots = self.entry = self.margin = 0

    def trade(self, is_buy, tick, lots, margin, market):
        """Close, open or turn; returns what closing paid out and how much margin stayed."""
        price = tick * 10 ** (18 - market.price_places)
        payout = 0
        if self.lots and (self.lots > 0) != is_buy:
            closed = min(lots, abs(self.lots))
            payout = self._close(closed, price, market)
            margin = margin * (lots - closed) // lots
            lots -= closed
        self.lots += lots if is_buy else -lots
        self.entry += price * lots
        self.margin += margin
        return payout, margin

    def _close(self, closed, price, market):
        held = abs(self.lots)
        entry, margin = self.entry * closed // held, self.margin * closed // held
        gain = (price * closed - entry) * (1 if self.lots > 0 else -1)
        self.entry -= entry
        self.margin -= margin
        self.lots += -closed if self.lots > 0 else closed
        return max(0, margin + gain // 10**market.lot_places)
