#!/usr/bin/env python3
"""Draws the CSV of run --peers: CPU per delivery of each server as a multiple of the floor's.

    tests/bench/chart.py results.csv chart.svg

A bar is the median of the repetitions, the thin line their quartiles. The scale is logarithmic: a
tick is twice the one before it.
"""

import csv
import math
import sys
from statistics import median, quantiles
from xml.sax.saxutils import escape

NAMES = {
    "single": "1,000 clients, 200 messages/s",
    "many": "10,000 clients, 10 messages/s",
    "streams": "5,000 clients, 1,000 streams",
    "books": "1,000 clients, 5 kB order books",
    "blocks": "1,000 clients, blocks of 20 messages",
    "flood": "1,000 clients, flat out",
}
COLOURS = ("#0b7285", "#e8590c", "#7048e8", "#868e96", "#2b8a3e", "#c2255c")
LEFT, RIGHT, TOP, BAR, GAP, WIDTH = 250, 70, 60, 16, 18, 900
MOST = 256  # times the floor, at the right end


def read(path):
    """{workload: {server: [ratios]}}, in the order of the file; the floor is 1 by definition."""
    ratios = {}
    with open(path, newline="") as f:
        for row in csv.DictReader(f):
            if row["server"] == "floor":
                continue
            servers = ratios.setdefault(row["workload"], {})
            servers.setdefault(row["server"], []).append(float(row["ratio"]))
    return ratios


def x_of(ratio):
    share = math.log2(min(max(ratio, 1 / 2), MOST) * 2) / math.log2(MOST * 2)
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def text(x, y, content, size=13, anchor="start", colour="#212529", weight="normal"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
            f'fill="{colour}" font-weight="{weight}">{escape(content)}</text>')


def bar(y, ratios, colour):
    middle = median(ratios)
    low, high = (quantiles(ratios, n=4)[i] for i in (0, 2)) if len(ratios) > 1 else (middle,) * 2
    start = x_of(1 / 2)
    return [f'<rect x="{start:.1f}" y="{y}" width="{max(x_of(middle) - start, 1):.1f}" '
            f'height="{BAR - 3}" rx="2" fill="{colour}"/>',
            f'<line x1="{x_of(low):.1f}" x2="{x_of(high):.1f}" y1="{y + BAR / 2 - 1.5}" '
            f'y2="{y + BAR / 2 - 1.5}" stroke="#212529" stroke-width="1.5"/>',
            text(max(x_of(middle), x_of(high)) + 6, y + BAR - 5, f"{middle:.2f}", 11)]


def scale(bottom):
    parts, ratio = [], 1
    while ratio <= MOST:
        strong = ratio == 1
        parts.append(f'<line x1="{x_of(ratio):.1f}" x2="{x_of(ratio):.1f}" y1="{TOP - 8}" '
                     f'y2="{bottom}" stroke="{"#495057" if strong else "#dee2e6"}" '
                     f'stroke-width="{1.5 if strong else 1}"/>')
        parts.append(text(x_of(ratio), bottom + 16, f"{ratio}", 11, "middle", "#495057"))
        ratio *= 2
    return parts


def draw(ratios):
    servers = list(dict.fromkeys(s for of in ratios.values() for s in of))
    colours = dict(zip(servers, COLOURS))
    height_of = lambda n: n * BAR + GAP
    bottom = TOP + sum(height_of(len(of)) for of in ratios.values())
    parts = [text(20, 26, "CPU per delivery, times the least that any server can do (1)", 15,
                  weight="bold")]
    x = LEFT
    for s in servers:
        parts += [f'<rect x="{x}" y="36" width="10" height="10" rx="2" fill="{colours[s]}"/>',
                  text(x + 15, 45, s, 12)]
        x += 32 + 7.5 * len(s)
    parts += scale(bottom)
    y = TOP
    for name, of in ratios.items():
        parts.append(text(20, y + len(of) * BAR / 2 + 4, NAMES.get(name, name), 12))
        for s in servers:
            if s in of:
                parts += bar(y, of[s], colours[s])
                y += BAR
        y += GAP
    height = bottom + 30
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
            f'viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" role="img" '
            f'aria-label="CPU per delivery beside the floor"><rect width="{WIDTH}" '
            f'height="{height}" rx="6" fill="#ffffff"/>' + "\n".join(parts) + "</svg>\n")


def main():
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    with open(sys.argv[2], "w") as f:
        f.write(draw(read(sys.argv[1])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
