"""An order book that lives: prices in ticks, quantities in lots, both whole numbers.

The makers turn its steps into their own messages. It never crosses, never runs empty on a side,
and notes which levels changed, so that a receiver who applies the changes has the same book.
"""

BUY, SELL = "buy", "sell"


class Book:
    def __init__(self, draw, middle, depth, most_lots, resize=True):
        """depth: levels a side aims at; resize: whether a level's quantity may change in place
        (otherwise each level is one order, and only trades make it smaller)."""
        self.draw, self.depth, self.most_lots, self.resize = draw, depth, most_lots, resize
        self.levels = {BUY: {}, SELL: {}}
        self.changed = {BUY: {}, SELL: {}}
        for i in range(depth):
            self._set(BUY, middle - 1 - 2 * i, self._lots())
            self._set(SELL, middle + 1 + 2 * i, self._lots())

    def best(self, side):
        return max(self.levels[BUY]) if side == BUY else min(self.levels[SELL])

    def top(self):
        """Best bid and ask with their quantities."""
        bid, ask = self.best(BUY), self.best(SELL)
        return bid, self.levels[BUY][bid], ask, self.levels[SELL][ask]

    def sorted(self, side):
        """(tick, lots), best first."""
        return sorted(self.levels[side].items(), reverse=side == BUY)

    def step(self):
        """One order comes or goes; returns (what, side, tick, lots) or None when nothing did."""
        draw = self.draw
        side = draw.one_of((BUY, SELL))
        n = len(self.levels[side])
        if n < self.depth or self.best(SELL) - self.best(BUY) > self.depth:
            return self._place(side)
        if n > self.depth + 4 or draw.chance(0.3):
            return self._cancel(side)
        if self.resize and draw.chance(0.5):
            tick = draw.one_of(sorted(self.levels[side]))
            self._set(side, tick, self._lots())
            return "resize", side, tick, self.levels[side][tick]
        return self._place(side)

    def take(self, side, lots):
        """A taker buys or sells; returns the fills (tick, lots, lots left at that tick). The last
        level of a side is never used up."""
        other = SELL if side == BUY else BUY
        fills = []
        while lots > 0:
            tick = self.best(other)
            there = self.levels[other][tick]
            if len(self.levels[other]) == 1:
                there -= 1
            filled = min(lots, there)
            if filled <= 0:
                break
            lots -= filled
            self._set(other, tick, self.levels[other][tick] - filled)
            fills.append((tick, filled, self.levels[other].get(tick, 0)))
        return fills

    def changes(self):
        """(bids, asks) as lists of (tick, lots), lots 0 for a level that is gone; best first. The
        next call starts afresh."""
        bids = sorted(self.changed[BUY].items(), reverse=True)
        asks = sorted(self.changed[SELL].items())
        self.changed = {BUY: {}, SELL: {}}
        return bids, asks

    def _lots(self):
        return self.draw.between(1, self.most_lots)

    def _set(self, side, tick, lots):
        if lots:
            self.levels[side][tick] = lots
        else:
            del self.levels[side][tick]
        self.changed[side][tick] = lots

    def _place(self, side):
        reach = self.depth * 3
        if side == BUY:
            edge = self.best(SELL)
            ticks = range(max(edge - reach, 1), edge)
        else:
            edge = self.best(BUY)
            ticks = range(edge + 1, edge + reach)
        free = [tick for tick in ticks if tick not in self.levels[side]]
        if not free:
            return None
        tick = self.draw.one_of(free)
        self._set(side, tick, self._lots())
        return "place", side, tick, self.levels[side][tick]

    def _cancel(self, side):
        if len(self.levels[side]) < 3:
            return None
        worst_first = sorted(self.levels[side], reverse=side == SELL)
        tick = worst_first[self.draw.between(0, len(worst_first) // 2)]
        lots = self.levels[side][tick]
        self._set(side, tick, 0)
        return "cancel", side, tick, lots
