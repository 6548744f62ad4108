"""What the Nano and Injective dialects cost on top of a plain delivery (run --dialects)."""

import hashlib
import os
from dataclasses import dataclass, replace
from statistics import median

from harness import BenchError
from workloads import CpuMeter, Workload

CLIENTS = 10000
FILTERS = 1000
EVENT_RATE, EVENT_SECONDS = 2000, 10  # confirmations
BLOCK_RATE, BLOCKS = 10, 100
PART_SIZE = 200  # bytes of each of a block's parts
ENVELOPE = len('{"stream":"s","data":}')  # and the stream's number
COLUMNS = (  # heading, width, value of a summary
    ("CPU us", 9, lambda s: f"{s['cpu']:.2f}"),
    ("user", 8, lambda s: f"{s['user']:.2f}"),
    ("p50 ms", 9, lambda s: f"{s['p50'] / 1000:.2f}"),
    ("p99 ms", 9, lambda s: f"{s['p99'] / 1000:.2f}"),
    ("bytes", 8, lambda s: f"{s['longest']:.0f}"),
    ("delivered", 12, lambda s: f"{s['delivered']:,.0f}"),
    ("lost", 7, lambda s: f"{s['lost']:.0f}"),
    ("closed", 8, lambda s: f"{s['closed']:.0f}"),
    ("others", 8, lambda s: f"{s['disturbed']:.0%}"),
)


# ---- accounts -------------------------------------------------------------------------------------

def account_name(number):
    """A valid account: its key is made of the number."""
    key = hashlib.blake2b(number.to_bytes(8, "big"), digest_size=32).digest()
    check = hashlib.blake2b(key, digest_size=5).digest()[::-1]
    bits = int.from_bytes(key, "big") << 40 | int.from_bytes(check, "big")
    alphabet = "13456789abcdefghijkmnopqrstuwxyz"
    return "nano_" + "".join(alphabet[bits >> 5 * i & 31] for i in reversed(range(60)))


def write_accounts(directory, clients):
    """One for each client, and as many that are nobody's."""
    path = os.path.join(directory, f"accounts-{clients}")
    with open(path, "w") as f:
        f.writelines(account_name(i) + "\n" for i in range(2 * clients))
    return path


# ---- the workloads --------------------------------------------------------------------------------

@dataclass(frozen=True)
class Case:
    name: str
    about: str
    workload: Workload
    units: int  # what the CPU time is divided by: events or deliveries
    like: str = ""  # the case whose messages' size these have


def nano_case(name, about, accounts, clients, events, touched):
    """Each event is on three streams; where it touches a client, one of them has a listener."""
    flags = ("--accounts", accounts)
    each = events // clients if touched else 0
    publish = ("--kind", "nano", *flags, *(() if touched else ("--strangers",)))
    w = Workload(name, "", clients=clients, count=events, rate=EVENT_RATE, warmup_ms=1000,
                 path="/nano", silent=not touched, receivers=events if touched else 0,
                 client_flags=("--dialect", "nano", "--messages", each, *flags),
                 publisher_flags=publish)
    return Case(name, about, w, events)


def nano_cases(accounts, clients):
    events = EVENT_RATE * EVENT_SECONDS * clients // CLIENTS  # the same number for each client
    one = Workload("plain", "", clients=1, count=events, rate=EVENT_RATE)
    many = Workload("plain own", "", clients=clients, streams=clients, count=events,
                    rate=EVENT_RATE, warmup_ms=1000, receivers=events,
                    client_flags=("--streams", 1, "--of", clients, "--messages",
                                  events // clients),
                    publisher_flags=("--turns",))
    return (nano_case("a", "touches none", accounts, clients, events, False),
            nano_case("b", "touches one of them", accounts, clients, events, True),
            Case("c", "exchange: 1 client, 1 stream", one, events, "b"),
            Case("d", f"exchange: {clients:,}, a stream each", many, events, "b"))


def injective_case(name, clients, filters, blocks):
    about = f"{clients:,} clients, {filters:,} filter{'s' if filters > 1 else ''}"
    w = Workload(name, "", clients=clients, streams=filters, count=blocks, rate=BLOCK_RATE,
                 size=PART_SIZE, warmup_ms=500, path="/injective",
                 client_flags=("--dialect", "injective", "--streams", 1, "--of", filters),
                 publisher_flags=("--kind", "injective"))
    return Case(name, about, w, clients * blocks)


def exchange_case(name, clients, streams, blocks, like):
    """Each client listens to one stream."""
    about = f"exchange: {clients:,} clients, {streams:,} stream{'s' if streams > 1 else ''}"
    w = Workload(name, "", clients=clients, streams=streams, count=blocks, rate=BLOCK_RATE,
                 warmup_ms=500, client_flags=("--streams", 1, "--of", streams))
    return Case(name, about, w, clients * blocks, like)


def injective_cases(clients, filters, blocks):
    return (injective_case("e", clients, 1, blocks),
            exchange_case("f", clients, 1, blocks, "e"),
            injective_case("g", filters, filters, blocks),
            exchange_case("h", filters, 1, blocks, "g"),
            exchange_case("i", filters, filters, blocks, "g"))


# ---- measuring ------------------------------------------------------------------------------------

def sized_like(w, longest):
    """The exchange dialect's messages as long as the others' are."""
    return replace(w, size=longest - ENVELOPE - len(str(w.streams - 1)))


def measure(bench, server, case, longest):
    w = sized_like(case.workload, longest[case.like]) if case.like else case.workload
    r = bench.measure(server, w, CpuMeter(bench.processes))
    if r["lost"] or r["closed"]:
        raise BenchError(f"{case.about}: {r['lost']} messages lost, {r['closed']} clients closed")
    longest[case.name] = r["longest"]
    return {"cpu": r["cpu_us"] / case.units, "user": r["user_us"] / case.units,
            "p50": r["p50_us"], "p99": r["p99_us"], "longest": r["longest"],
            "delivered": r["delivered"], "lost": r["lost"], "closed": r["closed"],
            "disturbed": r["disturbed"]}


def print_row(first, summary):
    print(f"  {first:<42}" + "".join(f"{value(summary):>{width}}" for _, width, value in COLUMNS),
          flush=True)


def compare(bench, server, title, cases, differences, reps):
    """All cases in turn, in each repetition; differences within each repetition, too."""
    print(f"\n{title}")
    print(f"  {'repetition':<42}" + "".join(f"{name:>{width}}" for name, width, _ in COLUMNS))
    rows, longest = {c.name: [] for c in cases}, {}
    for rep in range(reps):
        for c in cases:
            rows[c.name].append(measure(bench, server, c, longest))
            print_row(f"{rep + 1} {c.name}  {c.about}", rows[c.name][-1])
    for c in cases:
        print_row(f"= {c.name}  {c.about}", {k: median(r[k] for r in rows[c.name])
                                             for k in rows[c.name][0]})
    for more, less, beside in differences:
        gap = median(x["cpu"] - y["cpu"] for x, y in zip(rows[more], rows[less]))
        text = f"= {more} - {less}"
        if beside:
            plain = median(r["cpu"] for r in rows[beside])
            text += f" = {gap:.2f} us, beside {beside} = {plain:.2f} us"
        else:
            ratio = median(x["cpu"] / y["cpu"] for x, y in zip(rows[more], rows[less]))
            text += f" = {gap:+.2f} us, {more} / {less} = {ratio:.2f}"
        print("  " + text, flush=True)


def show_nano(bench, server, clients, reps):
    accounts = write_accounts(bench.processes.dir, clients)
    compare(bench, server, f"nano: {clients:,} clients with an account each, {EVENT_RATE:,} "
            "confirmations a second; CPU per event", nano_cases(accounts, clients),
            (("b", "a", "c"), ("b", "a", "d")), reps)


def show_injective(bench, server, clients, filters, blocks, reps):
    compare(bench, server, f"injective: {BLOCK_RATE} blocks a second of four parts for each; "
            "CPU per delivery", injective_cases(clients, filters, blocks),
            (("e", "f", None), ("g", "h", None), ("g", "i", None)), reps)


def show_dialects(bench, server, which, quick, reps):
    part = 10 if quick else 1
    print("CPU and user: microseconds of the gateway. others: what else ran on its processor.\n"
          "Rows with = are medians; bytes: of the longest message of a client.")
    if which in ("nano", "all"):
        show_nano(bench, server, CLIENTS // part, reps)
    if which in ("injective", "all"):
        show_injective(bench, server, CLIENTS // part, FILTERS // part,
                       BLOCKS // 5 if quick else BLOCKS, reps)
