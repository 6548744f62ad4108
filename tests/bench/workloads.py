"""What is measured, and one measurement of it."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, replace
from typing import Callable, Optional

from harness import TICK, BenchError, busy_ticks, free_port, socket_memory, wait_for

PREFIX = "sluice:"


@dataclass(frozen=True)
class Workload:
    name: str
    about: str
    clients: int
    count: int  # messages on each stream
    rate: int = 0  # of each stream, a second; 0: as fast as Redis takes them
    streams: int = 1
    size: int = 200  # bytes of JSON
    warmup_ms: int = 100
    never_read: int = 0
    path: str = ""
    client_flags: tuple = ()  # more for the load generator
    publisher_flags: tuple = ()
    receivers: Optional[int] = None  # of all that is published; None: one of each message
    silent: bool = False  # no client is due anything

    def seconds(self):
        return self.count / self.rate if self.rate else 0

    def quick(self):
        """The same in small: to see that everything works, not to measure."""
        return replace(self, clients=max(self.clients // 10, 50),
                       count=max(self.count // 5, 20), never_read=self.never_read // 10)


WORKLOADS = {w.name: w for w in (
    Workload("single", "1,000 clients on one stream, 200 messages a second",
             clients=1000, rate=200, count=2000),
    Workload("many", "10,000 clients on one stream, 10 messages a second",
             clients=10000, rate=10, count=100, warmup_ms=500),
    Workload("blocks", "1,000 clients on the same 20 streams, a message on each at once, "
             "10 times a second", clients=1000, streams=20, rate=10, count=100),
    Workload("streams", "5,000 clients on 1,000 streams, five each, a message a second on each",
             clients=5000, streams=1000, rate=1, count=10, warmup_ms=500,
             client_flags=("--streams", 5, "--of", 1000)),
    Workload("books", "1,000 clients on one stream, 100 order books of 5,000 bytes a second",
             clients=1000, rate=100, count=1000, size=5000),
    Workload("flood", "1,000 clients on one stream, 2,000 messages as fast as Redis takes them",
             clients=1000, count=2000),
)}
# Long and large enough that a socket's send buffer (up to 4 MB) does not hold it all.
INBOUND = Workload("inbound", "100 clients with a stream each, 200,000 messages as fast as Redis "
                   "takes them", clients=100, streams=100, count=200000, receivers=200000,
                   client_flags=("--streams", 1, "--of", 100, "--messages", 2000),
                   publisher_flags=("--turns",))
SLOW = Workload("slow", "1,000 clients on one stream, 200 messages of 1,500 bytes a second",
                clients=1000, rate=200, count=4000, size=1500)


@dataclass(frozen=True)
class Server:
    name: str
    command: str  # with {port}, {redis_port} and {prefix}
    ready_path: str = ""  # asked until it answers 200
    # Instead of the command: start(bench, port) gives the processes, the server first, and flags
    # for whoever publishes to it.
    start: Optional[Callable] = None
    client_flags: tuple = ()  # how its clients speak
    publisher_flags: tuple = ()  # how is published to it
    counts_receivers: bool = True  # Redis' count of receivers tells that it listens to all
    speaks_tls: bool = False
    deflates: bool = False  # speaks permessage-deflate without context takeover
    ours: bool = True  # a message that comes twice or late is an error, not a number in a table


class Bench:
    """Runs measurements, one after the other, against one Redis."""

    def __init__(self, processes, build):
        self.processes, self.build = processes, build
        self.tls = None  # certificate and key, for workloads over TLS

    def start_redis(self):
        self.redis_port = self.processes.start_redis()

    def make_certificate(self):
        """A throw-away one; whoever measures verifies nothing."""
        files = [os.path.join(self.processes.dir, name) for name in ("cert.pem", "key.pem")]
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                        "/CN=localhost", "-out", files[0], "-keyout", files[1]],
                       check=True, capture_output=True)
        self.certificate = files

    def tool(self, name):
        return os.path.join(self.build, "tests", "bench-" + name)

    def check_programs(self, servers):
        for name in [self.tool("loadgen"), self.tool("publish"), "redis-server",
                     *(shlex.split(s.command)[0] for s in servers)]:
            if not shutil.which(name):
                raise BenchError(f"{name} is missing: is the build complete? (--build DIR)")

    def start_server(self, server):
        """Its processes, the server itself first."""
        self.port = free_port()
        self.publisher_flags = server.publisher_flags
        if server.start:
            children, self.publisher_flags = server.start(self, self.port)
            return children
        tls = "--tls-cert {} --tls-key {}".format(*self.tls) if self.tls else ""
        command = server.command.format(port=self.port, redis_port=self.redis_port, prefix=PREFIX,
                                        tls=tls)
        child = self.processes.start(server.name, shlex.split(command), nice=-10, server=True)
        wait_for(child, self.port, "" if self.tls else server.ready_path)
        return [child]

    def start_clients(self, server, w, *flags):
        """The load generator, with every client subscribed as far as it can tell."""
        command = [self.tool("loadgen"), "--url", f"127.0.0.1:{self.port}{w.path}",
                   "--clients", w.clients, "--streams", w.streams, "--messages", w.count,
                   "--never-read", w.never_read, "--time-limit", 60 + int(w.seconds()),
                   *server.client_flags, *w.client_flags, *flags]
        child = self.processes.start("loadgen", [str(x) for x in command], nice=10)
        child.expect("connected", 130)
        return child

    def start_publisher(self, w):
        command = [self.tool("publish"), "--redis", self.redis_port, "--prefix", PREFIX,
                   "--streams", w.streams, "--count", w.count, "--size", w.size,
                   "--warmup", "--warmup-ms", w.warmup_ms, "--wait"]
        command += ["--rate", w.rate] if w.rate else ["--flood"]
        command += [*self.publisher_flags, *w.publisher_flags]
        return self.processes.start("publish", [str(x) for x in command], nice=-10)

    def measure(self, server, w, meter):
        """One run of the workload; the load generator's results and those of the meter."""
        started = self.start_server(server)
        try:
            before = started[0].rss()
            started.append(clients := self.start_clients(server, w, "--spin"))
            started.append(publisher := self.start_publisher(w))
            clients.expect("ready", 70)
            publisher.say()
            publisher.expect("warm", 10)
            started[0].check_alive()
            started[0].settle()
            grown = started[0].rss() - before
            meter.begin(started[0])
            publisher.say()
            published = json.loads(publisher.line(w.seconds() + 120))
            started[0].check_alive()
            due = published["published"] if w.receivers is None else w.receivers
            if server.counts_receivers and published["receivers"] != due:
                raise BenchError(f"redis had {published['receivers']} receivers for "
                                 f"{published['published']} messages, expected {due}")
            clients.say()
            clients.expect("done", w.seconds() + 120)
            used = meter.end(started[0])
            result = json.loads(clients.line(10))
            clean(result, w, server)
            return {**result, **used, "rss_per_client": grown / w.clients}
        finally:
            for child in reversed(started):
                self.processes.stop(child)

    def storm(self, server, n):
        """n clients connect, 128 at a time: handshakes a second, and CPU us of each."""
        started = self.start_server(server)
        try:
            started[0].settle()
            cpu, begun = started[0].cpu_ns(), time.monotonic()
            started.append(clients := self.start_clients(server, Workload("storm", "", n, 0)))
            seconds = time.monotonic() - begun
            clients.say()
            started[0].check_alive()
            return n / seconds, (started[0].cpu_ns() - cpu) / 1000 / n
        finally:
            for child in reversed(started):
                self.processes.stop(child)

    def idle_memory(self, server, n):
        """Resident bytes of the server per connection that has subscribed and is idle."""
        started = self.start_server(server)
        try:
            before = settled_rss(started[0])
            w = Workload("idle", "", clients=n, count=0)
            started.append(clients := self.start_clients(server, w, "--idle-hold"))
            after = settled_rss(started[0])
            if clients.popen.poll() is not None:
                raise BenchError(f"{server.name} has closed idle clients: {clients.line(1)}")
            return (after - before) / n
        finally:
            for child in reversed(started):
                self.processes.stop(child)


def clean(result, w, server):
    """What no server of ours may do is an error, not a number in a table."""
    if result["refused"]:
        raise BenchError(f"{result['refused']} of {result['clients']} connections were refused")
    wrong = {k: result[k] for k in ("bad", "repeated", "late") if result[k]}
    if wrong and server.ours:
        raise BenchError(f"{w.name}: messages came wrongly: {wrong}")
    if not result["delivered"] and not w.silent:
        raise BenchError(f"{w.name}: nothing was delivered")


def settled_rss(child):
    child.settle()
    before = child.rss()
    while True:
        time.sleep(0.5)
        now = child.rss()
        if abs(now - before) < 65536:
            return now
        before = now


class CpuMeter:
    """CPU time and memory of the server from the first message sent to the last received."""

    def __init__(self, processes):
        self.cpu_number = processes.server_cpu

    def read(self, server):
        return {"cpu": server.cpu_ns() / 1000, "wall": time.monotonic() * 1e6,
                "busy": busy_ticks(self.cpu_number) * 1e6 / TICK, "rss": server.rss(),
                "sockets": socket_memory(), "ticks": server.ticks()}

    def begin(self, server):
        self.before = self.read(server)

    def end(self, server):
        after, before = self.read(server), self.before
        grown = {k: after[k] - before[k] for k in after if k != "ticks"}
        user, system = (b - a for a, b in zip(before["ticks"], after["ticks"]))
        share = user / (user + system) if user + system else 0
        return {"cpu_us": grown["cpu"], "user_us": grown["cpu"] * share,
                "disturbed": max(0, grown["busy"] - grown["cpu"]) / grown["wall"],
                "rss_growth": grown["rss"], "socket_growth": grown["sockets"]}


class CallMeter:
    """System calls of the server, counted by strace."""

    WRITES = {"write", "writev", "sendto", "sendmsg", "sendmmsg"}

    def __init__(self, processes):
        self.processes = processes

    def begin(self, server):
        self.table = os.path.join(self.processes.dir, f"calls-{server.pid}")
        command = ["strace", "-c", "-f", "-o", self.table]
        for pid in server.family():
            command += ["-p", str(pid)]
        self.strace = self.processes.start("strace", command)
        deadline = time.monotonic() + 10
        while "attached" not in self.strace.last():
            if time.monotonic() > deadline or self.strace.popen.poll() is not None:
                raise BenchError("strace cannot attach" + self.strace.last())
            time.sleep(0.05)

    def end(self, _server):
        self.strace.popen.send_signal(signal.SIGINT)
        self.strace.popen.wait(10)
        self.processes.stop(self.strace)
        with open(self.table) as f:
            rows = re.findall(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$",
                              f.read(), re.MULTILINE)
        calls = {name: int(n) for n, name in rows if name != "total"}
        return {"calls": calls,
                "writes": sum(n for name, n in calls.items() if name in self.WRITES),
                "others": sum(n for name, n in calls.items() if name not in self.WRITES)}
