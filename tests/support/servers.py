"""Real servers for the process tests: redis-server, sluice-gateway, sluice-publisher.

    async with Stage() as stage:
        redis = await stage.redis()
        gateway = await stage.gateway(redis)        # returns when /readyz is green
        client = await stage.client(gateway)

A Stage owns a temporary directory and everything that was started on it. At its end it closes the
clients, ends the servers by their process ids, and demands of each of ours that it exited with 0
and that no sanitizer reported anything. Servers listen on free loopback ports.
"""
import asyncio
import ctypes
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from support import resp
from support.wsclient import PATIENCE, Client, http_get

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("SLUICE_BUILD", ROOT / "build" / "dev")).resolve()
PREFIX = "sluice:"  # the default of --prefix: a channel is PREFIX + stream
REPORTS = re.compile(r"Sanitizer|runtime error:|Assertion .* failed")
PR_SET_PDEATHSIG = 1  # linux/prctl.h
EXIT_PATIENCE = 20.0  # seconds for a server to end after it was asked to


async def until(condition, what, patience=PATIENCE):
    """Await that condition() (may be a coroutine function) is true; returns what it gave."""
    deadline = time.monotonic() + patience
    while True:
        got = condition()
        if asyncio.iscoroutine(got):
            got = await got
        if got:
            return got
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {patience} s: {what}")
        await asyncio.sleep(0.02)


GIVEN = set()  # ports that free_port() has given to this process, perhaps not listened on yet


def free_port():
    """A port below the range that outgoing connections take theirs from, so that a server which
    is restarted finds it still free; never the same one twice."""
    while True:
        port = random.randint(15000, 32000)
        if port in GIVEN:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        GIVEN.add(port)
        return port


def die_with_parent():
    """A server does not outlive a test that is killed, by a time limit for example."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Server:
    """A process we started: its standard error goes to a file on the stage."""

    def __init__(self, stage, name, command, environment=None):
        self.stage, self.name, self.command = stage, name, [str(word) for word in command]
        self.environment = environment
        self.stderr_path = stage.path(f"{name}.stderr")
        self.process = None
        self.asked_to_end = False

    def start(self):
        self.asked_to_end = False
        with open(self.stderr_path, "ab") as stderr:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=stderr,
                                            stderr=stderr, env=self.environment,
                                            preexec_fn=die_with_parent)

    @property
    def pid(self):
        return self.process.pid

    @property
    def running(self):
        return self.process is not None and self.process.poll() is None

    def signal(self, number):
        self.asked_to_end = self.asked_to_end or number == signal.SIGTERM
        self.process.send_signal(number)

    async def has_begun(self):
        """Await that main() holds signals: before, SIGTERM kills whatever the program does. Right
        after that it ignores SIGPIPE, which shows; a signal that is waited for does not."""
        def begun():
            if not self.running:
                return True
            status = Path(f"/proc/{self.pid}/status").read_text()
            ignored = re.search(r"(?m)^SigIgn:\s*(\w+)", status)
            return ignored and int(ignored[1], 16) & 1 << (signal.SIGPIPE - 1)
        await until(begun, f"{self.name} has begun")

    async def exited(self, patience=EXIT_PATIENCE):
        """Await its end; the exit status."""
        await until(lambda: not self.running, f"{self.name} ends", patience)
        return self.process.returncode

    def stderr(self):
        return self.stderr_path.read_text(errors="replace") if self.stderr_path.exists() else ""

    def tail(self, lines=25):
        return "\n".join(self.stderr().splitlines()[-lines:])

    async def kill(self):
        if self.running:
            self.signal(signal.SIGKILL)
            await self.exited()


class Redis(Server):
    def __init__(self, stage, name, *flags):
        self.port = free_port()
        super().__init__(stage, name, [
            "redis-server", "--port", self.port, "--bind", "127.0.0.1", "--save", "",
            "--appendonly", "no", "--dir", stage.directory, "--daemonize", "no", *flags])
        self._connection = None

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}"

    async def up(self):
        """Start it, or start it again on the same port."""
        if self._connection:
            self._connection.close()
        self._connection = None
        self.start()
        await until(self._answers, f"{self.name} answers PING")

    def _answers(self):
        assert self.running, f"{self.name} ended: {self.tail()}"
        try:
            return self.command_now("PING") == b"PONG"
        except (OSError, resp.Error):
            self._connection = None
            return False

    @property
    def connection(self):
        if self._connection is None:
            self._connection = resp.Connection(self.port)
        return self._connection

    def command_now(self, *words):
        return self.connection.command(*words)

    def publish(self, channel, payload):
        """PUBLISH; returns how many connections got it."""
        return self.command_now("PUBLISH", channel, payload)

    def publish_all(self, channel, payloads):
        self.connection.pipeline([("PUBLISH", channel, payload) for payload in payloads])

    def listening(self, channel):
        """The number of connections that are subscribed to the channel."""
        return self.command_now("PUBSUB", "NUMSUB", channel)[1]

    def channels(self):
        """All channels that have subscribers, without the gateways' probes of themselves."""
        names = self.command_now("PUBSUB", "CHANNELS")
        return sorted(name.decode() for name in names if b"_probe" not in name)

    async def has_listeners(self, channel, count, patience=PATIENCE):
        await until(lambda: self.listening(channel) == count,
                    f"{count} connections listen to {channel}", patience)

    async def end(self):
        if self._connection:
            self._connection.close()
        await self.kill()


class Gateway(Server):
    def __init__(self, stage, name, redis_url, flags, listen, environment):
        self.port = free_port()
        self.listen = listen.format(port=self.port, directory=stage.directory)
        command = [BUILD / "sluice-gateway", "--listen", self.listen]
        if redis_url:
            command += ["--redis", redis_url]
        if "--drain" not in flags:
            command += ["--drain", "1s"]
        self.admin_port = self.port
        if {"--auth", "--origins"} & set(flags) and "--admin" not in flags:
            self.admin_port = free_port()
            command += ["--admin", f"127.0.0.1:{self.admin_port}"]
        super().__init__(stage, name, command + list(flags), environment)
        self.expected_exit = 0

    async def up(self):
        self.start()
        await until(self.is_ready, f"{self.name} is ready")

    async def is_ready(self):
        assert self.running, f"{self.name} ended with {self.process.returncode}:\n{self.tail()}"
        return await self.status("/readyz") == 200

    async def status(self, path):
        """The HTTP status of GET path; 0 where nobody answers."""
        try:
            return (await self.get(path))[0]
        except (OSError, EOFError, asyncio.TimeoutError):
            return 0

    async def get(self, path):
        """GET path, where it is for operators at the admin address."""
        private = path.startswith(("/metrics", "/streams", "/console"))
        return await http_get(self.admin_port if private else self.port, path)

    async def turns_red(self, patience=PATIENCE):
        async def red():
            return await self.status("/readyz") == 503
        await until(red, f"{self.name}'s /readyz is red", patience)

    async def turns_green(self, patience=PATIENCE):
        await until(self.is_ready, f"{self.name}'s /readyz is green", patience)

    async def metrics(self):
        """{"name{labels}": value} of /metrics."""
        status, _, body = await self.get("/metrics")
        assert status == 200, status
        lines = body.decode().splitlines()
        pairs = (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))
        return {name: float(value) for name, value in pairs}

    async def metric(self, name):
        """The sum over all label sets of the metric; 0 when there is none yet."""
        found = await self.metrics()
        return sum(value for key, value in found.items() if key.split("{")[0] == name)

    async def metric_reaches(self, name, value, patience=PATIENCE):
        async def reached():
            return await self.metric(name) >= value
        await until(reached, f"{name} reaches {value}", patience)

    async def has_subscriptions(self, count, patience=PATIENCE):
        """Await that all clients of all workers together have so many."""
        async def there():
            return await self.metric("sluice_subscriptions") == count
        await until(there, f"{count} subscriptions in {self.name}", patience)

    async def listeners(self, stream):
        """How many listen to the stream, as /streams says: in the worker that answers."""
        _, _, body = await self.get("/streams")
        rows = json.loads(body)["listening"]
        return sum(row["listeners"] for row in rows if row["stream"] == stream)

    async def has_listeners(self, stream, count, patience=PATIENCE):
        async def there():
            return await self.listeners(stream) == count
        await until(there, f"{count} clients of {self.name} listen to {stream}", patience)

    async def end(self):
        if self.process is None:
            return  # it could not even be started
        if self.running:
            if not self.asked_to_end:
                await self.has_begun()
                self.signal(signal.SIGTERM)
            try:
                await self.exited()
            except AssertionError:
                await self.kill()
                raise
        self.assert_clean()

    def assert_clean(self):
        code = self.process.returncode
        assert code == self.expected_exit, f"{self.name} exited with {code}:\n{self.tail(60)}"
        report = REPORTS.search(self.stderr())
        assert not report, f"{self.name} reported:\n{self.stderr()[report.start() - 200:][:6000]}"


class Publisher(Server):
    def __init__(self, stage, name, redis_url, flags, environment):
        command = [BUILD / "sluice-publisher", "--redis", redis_url, *flags]
        super().__init__(stage, name, command, environment)

    assert_clean = Gateway.assert_clean
    end = Gateway.end
    expected_exit = 0


class Stage:
    def __init__(self):
        self.directory = None
        self.servers, self.clients = [], []
        self.last_words = ""  # the ends of our servers' logs, once the stage is cleared

    async def __aenter__(self):
        self.directory = Path(tempfile.mkdtemp(prefix="sluice-test-"))
        return self

    async def __aexit__(self, kind, error, trace):
        for client in self.clients:
            client.kill()
        troubles = []
        for server in reversed(self.servers):
            try:
                await server.end()
            except Exception as trouble:  # whatever it is, the others must be ended too
                troubles.append(f"{type(trouble).__name__}: {trouble}")
        ours = [server for server in self.servers if not isinstance(server, Redis)]
        self.last_words = "\n".join(f"--- {server.name}\n{server.tail()}" for server in ours)
        shutil.rmtree(self.directory, ignore_errors=True)
        if troubles:
            raise AssertionError("\n".join(troubles)) from error

    def path(self, name):
        return self.directory / name

    def write(self, name, text):
        path = self.path(name)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def environment(self, **variables):
        """Ours without any SLUICE_ setting of whoever runs the tests, plus the given ones."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("SLUICE_")}
        kept.setdefault("ASAN_OPTIONS", "detect_leaks=1")
        kept.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
        return kept | variables

    def _add(self, server):
        self.servers.append(server)
        return server

    def _name(self, kind):
        return f"{kind}-{sum(s.name.startswith(kind) for s in self.servers) + 1}"

    async def redis(self, *flags):
        server = self._add(Redis(self, self._name("redis"), *flags))
        await server.up()
        return server

    async def gateway(self, redis, *flags, listen="127.0.0.1:{port}", ready=True, **variables):
        url = redis.url if isinstance(redis, Redis) else redis
        server = self._add(Gateway(self, self._name("gateway"), url, flags, listen,
                                   self.environment(**variables)))
        if ready:
            await server.up()
        else:
            server.start()
        return server

    async def publisher(self, redis, *flags, **variables):
        server = self._add(Publisher(self, self._name("publisher"), redis.url, flags,
                                     self.environment(**variables)))
        server.start()
        return server

    async def connection(self, gateway):
        """A bare TCP connection, on which nothing has been said."""
        client = await Client.tcp(gateway.port)
        self.clients.append(client)
        return client

    async def client(self, gateway, path="/", port=None, **how):
        client = await Client.open(port or gateway.port, path, **how)
        self.clients.append(client)
        return client


class ProcessTest(unittest.IsolatedAsyncioTestCase):
    """A test with a stage of its own; when it fails, the ends of the servers' logs are printed."""

    async def asyncSetUp(self):
        asyncio.get_running_loop().set_debug(False)  # it reports every slow step, and slows down
        self.stage = Stage()
        await self.enterAsyncContext(self.stage)

    def run(self, result=None):
        before = len(result.failures) + len(result.errors) if result else 0
        super().run(result)
        if result and len(result.failures) + len(result.errors) > before:
            print(f"{self.id()}\n{self.stage.last_words}", file=sys.stderr)

    async def pair(self, *flags, **how):
        """A Redis and a gateway on it."""
        redis = await self.stage.redis()
        return redis, await self.stage.gateway(redis, *flags, **how)

    async def listener(self, redis, gateway, *streams, path="/", prefix=PREFIX, **how):
        """A client that is subscribed, and Redis knows it."""
        client = await self.stage.client(gateway, path, **how)
        await self.listen(redis, client, *streams, prefix=prefix)
        return client

    async def listen(self, redis, client, *streams, prefix=PREFIX):
        await client.subscribe(*streams)
        await client.fence()
        for stream in streams:
            await until(lambda s=stream: redis.listening(prefix + s) > 0,
                        f"somebody listens to {stream}")

    async def passes_through(self, redis, client, stream, count=1, prefix=PREFIX):
        """Publish count messages; the exchange client must get each of them, next and in order."""
        texts = []
        for _ in range(count):
            self.sent = getattr(self, "sent", 0) + 1
            texts.append('{"n":%d}' % self.sent)
        redis.publish_all(prefix + stream, texts)
        for text in texts:
            self.assertEqual(await client.text(), f'{{"stream":"{stream}","data":{text}}}')
