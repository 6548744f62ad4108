"""A WebSocket client that can also misbehave: any bytes, at any time, on asyncio.

    client = await Client.open(port, "/stream")
    await client.subscribe("trade.SOL_USDC")          # sends, awaits nothing
    message = await client.text()                     # the next text message
    await client.expect_silence()                     # nothing was on its way

It answers pings by itself (unless client.answers_pings is False), counts them, and keeps data
messages in the order of their arrival. Nothing is checked on sending: send_raw() takes any bytes.
"""
import asyncio
import base64
import hashlib
import json
import os
import socket
import struct
import time

PATIENCE = 15.0  # seconds to wait for anything that must come; generous, since machines are slow

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
FIN, RSV1, RSV2, RSV3 = 0x80, 0x40, 0x20, 0x10

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3
MASK = b"\x37\xfa\x21\x3d"
FRAME_MAX = 64 * 1024 * 1024  # a longer frame is a broken stream


class Closed(Exception):
    """The connection ended. code: that of the close frame; None when there was none."""

    def __init__(self, code, reason=b""):
        super().__init__(f"closed with {code} {reason!r}")
        self.code, self.reason = code, reason


class Refused(Exception):
    """The handshake was answered with something else than 101."""

    def __init__(self, status, body, headers=None):
        super().__init__(f"handshake refused: {status} {body[:200]!r}")
        self.status, self.body, self.headers = status, body, headers or {}


def frame(opcode, payload=b"", fin=True, rsv=0, masked=True, length=None):
    """The bytes of one frame. length: what the header claims, if it is to lie."""
    claimed = len(payload) if length is None else length
    mask_bit = 0x80 if masked else 0
    head = bytes([(FIN if fin else 0) | rsv | opcode])
    if claimed < 126:
        head += bytes([mask_bit | claimed])
    elif claimed < 65536:
        head += struct.pack("!BH", mask_bit | 126, claimed)
    else:
        head += struct.pack("!BQ", mask_bit | 127, claimed)
    return head + (MASK + mask(payload) if masked else payload)


def mask(payload):
    size = len(payload)
    key = (MASK * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")


def request(method, *streams, id=1):
    params = list(streams)
    return json.dumps({"method": method, "params": params, "id": id}, separators=(",", ":"))


def handshake(path, headers=(), key=None):
    """The bytes of an upgrade request."""
    key = key or base64.b64encode(os.urandom(16)).decode()
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", "Upgrade: websocket",
             "Connection: Upgrade", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13"]
    lines += [f"{name}: {value}" for name, value in headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class Client:
    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.answers_pings = True
        self.passes_over = None  # a text message that is read and forgotten
        self.pings = []         # payloads of the server's pings so far
        self.headers = {}       # of the handshake's answer, names in lower case
        self.messages = asyncio.Queue()  # (opcode, payload); at the end one exception: Closed
        self._pongs = asyncio.Queue()
        self.ended_at = None    # monotonic time at which the connection ended
        self._ping_came = asyncio.Event()
        self._fences = 0
        self._reading = None

    # ---- opening and ending ------------------------------------------------------------------

    @classmethod
    async def tcp(cls, port, host="127.0.0.1", path=None, receive_buffer=None, source=None,
                  tls=None, first=b""):
        """A bare connection: nothing sent, nothing read. path: a Unix socket instead of a port.
        source: the address it comes from. tls: an ssl.SSLContext. first: bytes before all else."""
        kind = socket.AF_INET if path is None else socket.AF_UNIX
        sock = socket.socket(kind, socket.SOCK_STREAM)
        sock.setblocking(False)
        if source:
            sock.bind((source, 0))
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        try:
            loop = asyncio.get_running_loop()
            await loop.sock_connect(sock, path or (host, port))
            await loop.sock_sendall(sock, first)
        except OSError:
            sock.close()
            raise
        secure = {"ssl": tls, "server_hostname": "localhost"} if tls else {}
        reader, writer = await asyncio.open_connection(sock=sock, limit=1 << 16, **secure)
        return cls(reader, writer)

    @classmethod
    async def open(cls, port, path="/", headers=(), unix=None, receive_buffer=None, read=True,
                   **how):
        """Connect and upgrade. read: keep reading; otherwise call start_reading() when it suits."""
        client = await cls.tcp(port, path=unix, receive_buffer=receive_buffer, **how)
        try:
            await asyncio.wait_for(client.upgrade(path, headers), PATIENCE)
        except BaseException:
            client.kill()
            raise
        if read:
            client.start_reading()
        return client

    async def upgrade(self, path, headers=()):
        key = base64.b64encode(os.urandom(16)).decode()
        self.writer.write(handshake(path, headers, key))
        status, self.headers, body = await read_response(self.reader)
        if status != 101:
            raise Refused(status, body, self.headers)
        accept = base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()
        assert self.headers.get("sec-websocket-accept") == accept, self.headers

    def start_reading(self):
        self._reading = asyncio.ensure_future(self._read_all())

    def kill(self):
        """End it with a reset, as a crashed machine's peer would see it."""
        try:
            sock = self.writer.get_extra_info("socket")
        except AttributeError:
            return  # one over TLS that is closed has nothing left
        if sock is not None and sock.fileno() >= 0:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._stop_reading()
        self.writer.transport.abort()

    async def drop(self):
        """End it with FIN and no close frame."""
        self._stop_reading()
        self.writer.close()

    async def half_close(self):
        """FIN in our direction; what the server still sends can be read."""
        self.writer.write_eof()

    async def close(self, code=1000):
        """Send a close frame and await the answer; returns the code of that."""
        if self.ended:
            return None
        await self.send_frame(CLOSE, struct.pack("!H", code))
        closed = await self.closed()
        self.writer.close()
        return closed.code

    @property
    def ended(self):
        return self.ended_at is not None

    def _stop_reading(self):
        if self._reading:
            self._reading.cancel()

    # ---- sending -----------------------------------------------------------------------------

    async def send_raw(self, data):
        if self.writer.is_closing():
            raise ConnectionResetError("the connection has ended")
        self.writer.write(data)
        await self.writer.drain()

    async def send_frame(self, opcode, payload=b"", **how):
        await self.send_raw(frame(opcode, payload, **how))

    async def send(self, text):
        await self.send_frame(TEXT, text if isinstance(text, bytes) else text.encode())

    async def subscribe(self, *streams, id=1):
        await self.send(request("SUBSCRIBE", *streams, id=id))

    async def unsubscribe(self, *streams, id=1):
        await self.send(request("UNSUBSCRIBE", *streams, id=id))

    # ---- receiving ---------------------------------------------------------------------------

    async def message(self, patience=PATIENCE):
        """The next (opcode, payload); raises Closed, or TimeoutError when nothing comes."""
        got = await asyncio.wait_for(self.messages.get(), patience)
        if isinstance(got, Exception):
            self.messages.put_nowait(got)  # it stays true
            raise got
        return got

    async def text(self, patience=PATIENCE):
        opcode, payload = await self.message(patience)
        assert opcode == TEXT, f"opcode {opcode}: {payload[:200]!r}"
        return payload.decode()

    async def texts(self, count, patience=PATIENCE):
        return [await self.text(patience) for _ in range(count)]

    async def json(self):
        return json.loads(await self.text())

    async def closed(self, patience=PATIENCE):
        """Await the end, whatever comes before it; returns the Closed."""
        deadline = asyncio.get_running_loop().time() + patience
        while True:
            left = deadline - asyncio.get_running_loop().time()
            got = await asyncio.wait_for(self.messages.get(), max(left, 0.001))
            if isinstance(got, Exception):
                self.messages.put_nowait(got)
                if not isinstance(got, Closed):
                    raise got
                return got

    async def ping(self, payload=b"", patience=PATIENCE):
        """A ping and its pong; data that comes in between stays in the queue."""
        await self.send_frame(PING, payload)
        while await asyncio.wait_for(self._pong(), patience) != payload:
            pass

    async def _pong(self):
        getter = asyncio.ensure_future(self._pongs.get())
        try:
            await asyncio.wait({getter, self._reading}, return_when=asyncio.FIRST_COMPLETED)
            if getter.done():
                return getter.result()
            raise ConnectionError("the connection ended instead of a pong")
        finally:
            getter.cancel()

    async def fence(self):
        """Two round trips: the server has answered all that was sent before, and what it queued
        at the end of that turn of its loop has come too."""
        for _ in range(2):
            self._fences += 1
            await self.ping(b"fence %d" % self._fences)

    async def expect_silence(self):
        await self.fence()
        if not self.messages.empty():
            raise AssertionError(f"unexpected: {self.messages.get_nowait()!r:.300}")

    async def pinged(self, patience=PATIENCE):
        """Await a ping of the server that came after the last call; its payload."""
        await asyncio.wait_for(self._ping_came.wait(), patience)
        self._ping_came.clear()
        return self.pings[-1]

    # ---- the reader --------------------------------------------------------------------------

    async def _read_all(self):
        try:
            while True:
                opcode, payload = await self._read_message()
                if opcode == CLOSE:
                    code = struct.unpack("!H", payload[:2])[0] if len(payload) >= 2 else 1005
                    self._answer(CLOSE, payload[:2])
                    self.messages.put_nowait(Closed(code, payload[2:]))
                    return
                if self.passes_over is None or payload != self.passes_over:
                    self.messages.put_nowait((opcode, payload))
        except (ConnectionError, asyncio.IncompleteReadError):
            self.messages.put_nowait(Closed(None))
        except AssertionError as broken:  # what the server sent is no WebSocket stream
            self.messages.put_nowait(broken)
        finally:
            self.ended_at = time.monotonic()

    async def _read_message(self):
        opcode, whole = None, b""
        while True:
            fin, op, payload = await self._read_frame()
            if op == PING:
                self.pings.append(payload)
                self._ping_came.set()
                if self.answers_pings:
                    self._answer(PONG, payload)
            elif op == PONG:
                self._pongs.put_nowait(payload)
            elif op == CLOSE:
                return CLOSE, payload
            else:
                assert (op == CONTINUATION) == (opcode is not None), f"opcode {op} out of place"
                opcode = op if opcode is None else opcode
                whole += payload
                if fin:
                    return opcode, whole

    async def _read_frame(self):
        first, second = await self.reader.readexactly(2)
        assert not first & (RSV1 | RSV2 | RSV3), "reserved bits in a server's frame"
        assert not second & 0x80, "a server's frame is masked"
        size = second & 0x7F
        if size == 126:
            size = struct.unpack("!H", await self.reader.readexactly(2))[0]
        elif size == 127:
            size = struct.unpack("!Q", await self.reader.readexactly(8))[0]
        assert size <= FRAME_MAX, f"a frame of {size} bytes"
        return bool(first & FIN), first & 0x0F, await self.reader.readexactly(size)

    def _answer(self, opcode, payload):
        if not self.writer.is_closing():
            self.writer.write(frame(opcode, payload))


# ---- plain HTTP on the same port -----------------------------------------------------------------

async def read_response(reader):
    """(status, headers, body) of an HTTP answer; the body by Content-Length, else to the end."""
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    status = int(lines[0].split()[1])
    pairs = (line.split(":", 1) for line in lines[1:] if ":" in line)
    headers = {name.strip().lower(): value.strip() for name, value in pairs}
    if status == 101:
        return status, headers, b""
    if "content-length" in headers:
        return status, headers, await reader.readexactly(int(headers["content-length"]))
    return status, headers, await reader.read()


async def http_get(port, path, patience=PATIENCE):
    """(status, headers, body) of GET path."""
    async def get():
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                         "Connection: close\r\n\r\n".encode())
            return await read_response(reader)
        finally:
            writer.close()
    return await asyncio.wait_for(get(), patience)
