"""How costs grow with clients, streams, subscriptions, filters and workers (run --growth).

Every curve changes one number by powers of ten and keeps the deliveries a second, so that a flat
line means: what is there but not delivered to costs nothing.
"""

import base64
import json
import os
import socket
import time
from dataclasses import replace
from statistics import median

from dialects import injective_case
from harness import BenchError
from workloads import CpuMeter, Workload

DELIVERIES = 20000  # a second, in every row
SECONDS = 5
SUBSCRIPTIONS = 100000  # in place while more come and go
CHANGES = 20000         # SUBSCRIBE and UNSUBSCRIBE pairs
PIPELINE = 200          # requests on their way at once


def of_clients(n):
    rate = DELIVERIES // n
    return Workload(f"{n:,}", "", clients=n, rate=rate, count=max(rate * SECONDS, 1), warmup_ms=500)


def of_streams(n):
    """1,000 clients with one stream each of n: a message on each in turn."""
    receivers = 1000 // n
    rate = DELIVERIES // receivers  # messages a second over all streams
    if n == 1:
        return Workload("1", "", clients=1000, rate=rate, count=rate * SECONDS)
    return Workload(f"{n:,}", "", clients=1000, streams=n, rate=rate, count=rate * SECONDS,
                    receivers=rate * SECONDS, warmup_ms=500,
                    client_flags=("--streams", 1, "--of", n, "--messages", rate * SECONDS // n),
                    publisher_flags=("--turns",))


def of_subscriptions(n):
    """100 clients with n streams each, the same ones: a message on each in turn."""
    rate = DELIVERIES // 100
    count = max(rate * SECONDS // n, 1) * n
    return Workload(f"{n:,}", "", clients=100, streams=n, rate=rate, count=count, receivers=count,
                    warmup_ms=1000, client_flags=("--messages", count // n),
                    publisher_flags=("--turns",))


def of_filters(n):
    return replace(injective_case("filters", 1000, n, 50).workload, name=f"{n:,}")


CURVES = (
    ("clients on one stream", of_clients, (10, 100, 1000, 10000)),
    ("streams, of which 1,000 clients have one each", of_streams, (1, 10, 100, 1000)),
    ("streams that each of 100 clients has", of_subscriptions, (1, 10, 100, 1000)),
    ("Injective filters among 1,000 clients", of_filters, (1, 10, 100, 1000)),
)


def measure(bench, server, w, reps):
    rows = []
    for _ in range(reps):
        r = bench.measure(server, w, CpuMeter(bench.processes))
        if r["lost"] or r["closed"]:
            raise BenchError(f"growth: {r['lost']} messages lost, {r['closed']} clients closed")
        rows.append({"cpu": r["cpu_us"] / r["delivered"], "p50": r["p50_us"] / 1000,
                     "p99": r["p99_us"] / 1000, "disturbed": r["disturbed"]})
    return {k: median(row[k] for row in rows) for k in rows[0]}


def print_row(name, m):
    print(f"    {name:<12}{m['cpu']:>10.2f}{m['p50']:>10.2f}{m['p99']:>10.2f}"
          f"{m['disturbed']:>9.0%}", flush=True)


def show_curves(bench, servers, reps):
    for title, workload, points in CURVES:
        of_ours = [s for s in servers if s.name == "gateway" or "filters" not in title]
        for server in of_ours:
            print(f"\n  {server.name}: {title}\n    {'':<12}{'CPU us':>10}{'p50 ms':>10}"
                  f"{'p99 ms':>10}{'others':>9}")
            for n in points:
                print_row(f"{n:,}", measure(bench, server, workload(n), reps))


def show_workers(bench, gateway, reps):
    """Workers share one processor here: what more of them cost, not what they gain."""
    print(f"\n  gateway: workers, 1,000 clients\n    {'':<12}{'CPU us':>10}{'p50 ms':>10}"
          f"{'p99 ms':>10}{'others':>9}")
    for n in (1, 2, 4):
        server = replace(gateway, command=gateway.command + f" --workers {n}")
        w = replace(of_clients(1000), receivers=n * of_clients(1000).count)
        print_row(f"{n}", measure(bench, server, w, reps))


# ---- coming and going -----------------------------------------------------------------------------

class Requester:
    """A client that sends many requests and waits for their answers (Binance form)."""

    def __init__(self, port):
        self.sock = socket.create_connection(("127.0.0.1", port))
        key = base64.b64encode(os.urandom(16)).decode()
        self.sock.sendall(f"GET /stream HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: "
                          f"Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
                          .encode())
        self.buffer = b""
        while b"\r\n\r\n" not in self.buffer:
            self.buffer += self.sock.recv(4096)
        self.buffer = self.buffer.split(b"\r\n\r\n", 1)[1]

    @staticmethod
    def frame(text):
        payload = text.encode()
        head = bytes([0x81, 0x80 | len(payload)]) if len(payload) < 126 else \
            bytes([0x81, 0x80 | 126]) + len(payload).to_bytes(2, "big")
        return head + b"\0\0\0\0" + payload  # a mask of zeros changes nothing

    def ask(self, requests):
        """Send them all, and await as many answers."""
        self.sock.sendall(b"".join(self.frame(json.dumps(r)) for r in requests))
        for _ in requests:
            while len(self.buffer) < 2 or len(self.buffer) < 2 + self.buffer[1]:
                more = self.sock.recv(65536)
                if not more:
                    raise BenchError("growth: the gateway has closed the connection")
                self.buffer += more
            self.buffer = self.buffer[2 + self.buffer[1]:]


def changes(requester, stream, n):
    """n times SUBSCRIBE and UNSUBSCRIBE of streams that nobody else has; seconds."""
    begun = time.monotonic()
    for first in range(0, n, PIPELINE // 2):
        requests = []
        for i in range(first, min(n, first + PIPELINE // 2)):
            for method in ("SUBSCRIBE", "UNSUBSCRIBE"):
                requests.append({"method": method, "params": [f"{stream}{i}"], "id": i})
        requester.ask(requests)
    return time.monotonic() - begun


def show_changes(bench, gateway, quick):
    """Subscribing and unsubscribing, alone and with 100,000 subscriptions in place."""
    of, each = (SUBSCRIPTIONS // 10 if quick else SUBSCRIPTIONS), 1000
    print("\n  gateway: SUBSCRIBE and UNSUBSCRIBE\n"
          f"    {'in place':<12}{'a second':>10}{'CPU us of a pair':>20}")
    flags = f" --max-subscriptions {each} --binance-rate 0"
    server = replace(gateway, command=gateway.command + flags)
    for in_place in (0, of):
        started = bench.start_server(server)
        try:
            if in_place:
                w = Workload("hold", "", clients=in_place // each, count=0, streams=each,
                             client_flags=("--of", in_place))
                started.append(bench.start_clients(server, w, "--idle-hold"))
            started[0].settle()
            requester = Requester(bench.port)
            before = started[0].cpu_ns()
            seconds = changes(requester, "t", CHANGES)
            cpu = (started[0].cpu_ns() - before) / 1000 / CHANGES
            print(f"    {in_place:<12,}{2 * CHANGES / seconds:>10,.0f}{cpu:>20.1f}", flush=True)
            requester.sock.close()
        finally:
            for child in reversed(started):
                bench.processes.stop(child)


def show_close(bench, gateway, quick):
    """Clients that all go at the same moment."""
    print(f"\n  gateway: clients that go at once\n    {'':<12}{'CPU us each':>12}{'ms in all':>12}")
    for n in (100, 1000) if quick else (100, 1000, 10000):
        started = bench.start_server(gateway)
        try:
            clients = bench.start_clients(gateway, Workload("close", "", clients=n, count=0),
                                          "--idle-hold")
            started[0].settle()
            before, begun = started[0].cpu_ns(), time.monotonic()
            clients.popen.kill()
            clients.popen.wait()
            bench.processes.stop(clients)
            time.sleep(0.05)
            started[0].settle()
            cpu = (started[0].cpu_ns() - before) / 1000
            print(f"    {n:<12,}{cpu / n:>12.1f}{(time.monotonic() - begun) * 1000 - 100:>12.0f}",
                  flush=True)
        finally:
            for child in reversed(started):
                bench.processes.stop(child)


def show_growth(bench, servers, quick, reps):
    print("CPU us per delivery; every row of a curve has the same number of deliveries a second")
    gateway = next(s for s in servers if s.name == "gateway")
    show_curves(bench, servers, reps)
    show_workers(bench, gateway, reps)
    show_changes(bench, gateway, quick)
    show_close(bench, gateway, quick)
