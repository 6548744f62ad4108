"""What all makers share: the clock of the recording, its lines, and made-up identifiers.

Everything is drawn from random.Random seeded with the system's name, and only through random()
and getrandbits(), whose results are the same in every version of Python 3.
"""
import json
import random

START = 1790000040000  # Unix ms, a full minute: the recording's first moment
LENGTH = 300_000  # ms
END = START + LENGTH


class Draw:
    """A source of chance with the few shapes the makers need."""

    def __init__(self, name):
        self._random = random.Random("sluice sample " + name)

    def chance(self, probability):
        return self._random.random() < probability

    def between(self, low, high):
        """A whole number, low <= n <= high."""
        return low + int(self._random.random() * (high - low + 1))

    def one_of(self, items):
        return items[self.between(0, len(items) - 1)]

    def some_of(self, items, n):
        """n different items, in their own order."""
        left = list(range(len(items)))
        picked = [left.pop(self.between(0, len(left) - 1)) for _ in range(n)]
        return [items[i] for i in sorted(picked)]

    def bytes(self, n):
        return self._random.getrandbits(8 * n).to_bytes(n, "big")

    def hex(self, n):
        return self.bytes(n).hex()


class Recording:
    """The lines of one file. Events may be added in any order; equal times keep theirs."""

    def __init__(self, source):
        self.source = source
        self.events = []

    def add(self, time, message):
        if START <= time < END:
            self.events.append((time, message))

    def lines(self):
        for time, message in sorted(self.events, key=lambda event: event[0]):
            yield compact({"time": time, "source": self.source, "message": message}) + "\n"


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def decimal(value, places, shown=None):
    """The whole number value, scaled by 10^-places, as text with `shown` decimals (default: as
    many as it needs)."""
    sign = "-" if value < 0 else ""
    whole, part = divmod(abs(value), 10**places)
    digits = f"{part:0{places}d}" if places else ""
    digits = digits.rstrip("0") if shown is None else digits.ljust(shown, "0")
    return f"{sign}{whole}.{digits}" if digits else f"{sign}{whole}"


def number(value, places):
    """The same as a JSON number in the form of JavaScript: 2, not 2.0. Keep it above 0.0001."""
    scaled = value / 10**places
    return int(scaled) if scaled == int(scaled) else scaled
