"""A small blocking Redis client (RESP2): enough to publish, and to look at what Redis knows.

    redis = resp.Connection(port)
    redis.command("PUBLISH", "sluice:trade.SOL_USDC", '{"p":"1"}')  -> 1

Blocking on purpose: a test that talks to Redis has nothing better to do meanwhile. An error reply
raises resp.Error; a server that says nothing for TIMEOUT seconds raises TimeoutError.
"""
import socket

TIMEOUT = 10.0  # seconds


class Error(Exception):
    """Redis answered with an error."""


class Connection:
    def __init__(self, port, host="127.0.0.1"):
        self.socket = socket.create_connection((host, port), timeout=TIMEOUT)
        self.file = self.socket.makefile("rb")

    def close(self):
        self.file.close()
        self.socket.close()

    def command(self, *words):
        """One command, its reply: int, bytes, list or None."""
        self.send(*words)
        return self.reply()

    def pipeline(self, commands):
        """Many commands in one write; all of their replies."""
        self.socket.sendall(b"".join(encode(words) for words in commands))
        return [self.reply() for _ in commands]

    def send(self, *words):
        self.socket.sendall(encode(words))

    def reply(self):
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("Redis closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest
        if kind == b"-":
            raise Error(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return self._bulk(int(rest))
        if kind == b"*":
            return None if rest == b"-1" else [self.reply() for _ in range(int(rest))]
        raise ConnectionError(f"not RESP2: {line!r}")

    def _bulk(self, size):
        if size < 0:
            return None
        data = self.file.read(size + 2)
        if len(data) != size + 2:
            raise ConnectionError("Redis closed the connection within a reply")
        return data[:-2]


def encode(words):
    parts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts)
