"""Stand-ins for the servers that a publisher is a client of, and what it makes of what they send.

    server = await test.server()                      # a WebSocket server on a free port
    publisher = await stage.publisher(redis, "--source", f"nano={server.url}")
    peer = await server.accepted()                    # the publisher's connection
    await peer.request()                              # what it asks, decoded
    await peer.send({"topic": ...})
    published = Published(redis); await published.data("nano.vote", 1)

The stand-ins do only what a test tells them: they acknowledge nothing, and answer only pings.
"""
import asyncio
import json
import socket
import threading

import websockets

from support import resp
from support.servers import PREFIX, ProcessTest, free_port, until
from support.wsclient import PATIENCE

TEXT_OF_16_KIB = b"\x81\x7e\x40\x00"  # the head of a frame


class Peer:
    """One connection to a stand-in."""

    def __init__(self, socket_, path):
        self.socket, self.path, self.headers = socket_, path, socket_.request_headers
        self.requests = asyncio.Queue()
        self.ended = asyncio.Event()

    async def read(self):
        try:
            async for text in self.socket:
                self.requests.put_nowait(text)
        except websockets.ConnectionClosed:
            pass
        finally:
            self.ended.set()

    async def text(self, patience=PATIENCE):
        return await asyncio.wait_for(self.requests.get(), patience)

    async def request(self, patience=PATIENCE):
        return json.loads(await self.text(patience))

    async def requests_until(self, count, patience=PATIENCE):
        return [await self.request(patience) for _ in range(count)]

    async def send(self, *messages):
        for message in messages:
            text = message if isinstance(message, (str, list)) else json.dumps(message)
            await self.socket.send(text)

    async def echo(self):
        """The request at hand is its own answer; returns it."""
        text = await self.text()
        await self.send(text)
        return json.loads(text)

    async def cut(self, within_a_message=False):
        """The connection breaks."""
        if within_a_message:
            self.socket.transport.write(TEXT_OF_16_KIB + b"{" * 100)
            await asyncio.sleep(0)
        self.socket.transport.close()
        await self.closed()

    async def closed(self, patience=PATIENCE):
        await asyncio.wait_for(self.ended.wait(), patience)


class Upstream:
    """A stand-in. It can be stopped and started again at the same place."""

    def __init__(self, tls=None, path=None):
        self.port, self.tls, self.path = free_port(), tls, path
        self.peers = asyncio.Queue()
        self.server = None

    @property
    def url(self):
        if self.path:
            return f"ws+unix:{self.path}"
        return f"wss://localhost:{self.port}" if self.tls else f"ws://127.0.0.1:{self.port}"

    async def start(self):
        how = dict(ping_interval=None, max_size=None, compression=None, ssl=self.tls)
        if self.path:
            self.server = await websockets.unix_serve(self._serve, str(self.path), **how)
        else:
            hosts = ["127.0.0.1", "::1"] if has_ipv6() else ["127.0.0.1"]
            self.server = await websockets.serve(self._serve, hosts, self.port, **how)

    async def _serve(self, socket_, path):
        peer = Peer(socket_, path)
        self.peers.put_nowait(peer)
        await peer.read()

    async def accepted(self, patience=PATIENCE):
        return await asyncio.wait_for(self.peers.get(), patience)

    async def stop(self):
        if self.server:
            self.server.close()
            await self.server.wait_closed()
        self.server = None


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


class Published:
    """Everything that is published in a Redis from now on, by stream, in order."""

    def __init__(self, redis, prefix=PREFIX):
        self.prefix = prefix.encode()
        self.messages = []  # (stream, tag, data)
        self.connection = resp.Connection(redis.port)
        self.connection.socket.settimeout(None)
        self.connection.command("PSUBSCRIBE", prefix + "*")
        self.thread = threading.Thread(target=self._listen, daemon=True)
        self.thread.start()

    def _listen(self):
        try:
            while True:
                _, _, channel, payload = self.connection.reply()
                if channel.startswith(self.prefix + b"_"):
                    continue  # Sluice's own
                head, _, data = payload.partition(b"\n")
                words = head.decode().split()
                self.messages.append((channel[len(self.prefix):].decode(),
                                      words[2] if len(words) > 2 else None, json.loads(data)))
        except (OSError, ValueError):
            pass

    def have(self, stream):
        return [data for name, _, data in self.messages if name == stream]

    async def data(self, stream, count=1, patience=PATIENCE):
        """The first count events of the stream."""
        await until(lambda: len(self.have(stream)) >= count, f"{count} events on {stream}", patience)
        return self.have(stream)[:count]

    def close(self):
        self.connection.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.connection.close()


class UpstreamTest(ProcessTest):
    """A test with a Redis, what is published in it, and stand-ins."""

    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.redis = await self.stage.redis()
        self.published = Published(self.redis)
        self.addCleanup(self.published.close)

    async def server(self, **how):
        server = Upstream(**how)
        await server.start()
        self.addAsyncCleanup(server.stop)
        return server

    async def publisher(self, *sources, flags=(), **variables):
        """It publishes from its first moment: without a lease, for which it would hold back first."""
        words = [word for source in sources for word in ("--source", source)]
        return await self.stage.publisher(self.redis, *words, "--lead", "off", *flags, **variables)

    async def says(self, publisher, text, patience=PATIENCE):
        """A line of its log."""
        await until(lambda: text in publisher.stderr(), f"the log says {text!r}", patience)

    async def data(self, stream, count=1, **how):
        return await self.published.data(stream, count, **how)

    def listen(self, stream, prefix=PREFIX):
        """Somebody listens to the stream, until the connection that this returns is closed."""
        connection = resp.Connection(self.redis.port)
        connection.command("SUBSCRIBE", prefix + stream)
        return connection
