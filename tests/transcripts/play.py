#!/usr/bin/python3
r"""Plays one transcript against a live gateway and Redis:  play.py FILE

A transcript is a text that people can read. At each line something is done, or must come next:

    # words              a comment
    == words             names the case that follows; what goes wrong is reported under it
    !gateway --flag …    flags of the gateway (only before the first connection)
    !listen WORDS        connections go to a second listener, with dialect=… or profile=…
    !connect PATH        open a connection; the one before it, if any, is closed first
    !client NAME         go on with another connection (the first one is called "main")

    > TEXT               the client sends a text message: TEXT, byte for byte
    < TEXT               the next message must be TEXT, byte for byte
    <\ TEXT              the same, where \n, \t and \\ are a new line, a tab and a backslash
    <~ REGEX             the next message must match the whole REGEX
    !silence             nothing comes: neither an answer, nor anything that Redis had to give
    !binary TEXT         the client sends a binary message
    !long N              the client sends a text message of N bytes, which is no JSON
    !bytes HEX           the client sends raw bytes (a frame of its own making)
    !ping TEXT           the client sends a ping, and a pong with TEXT must come
    !pinged              a ping of the server must come
    !mute                from here the client does not answer pings
    !close CODE          the client sends a close frame
    !closed CODE [TEXT]  the server's close frame must come: CODE, or "any" (also none at all);
                         with TEXT, if there is one
    !overlook TEXT       connections opened from here forget messages that are TEXT: a heartbeat,
                         say, which comes when it comes
    !cut                 the connection must end next, without a close frame
    !ended               the connection must end, whatever comes before that
    !refused STATUS PATH a handshake on PATH must be answered with STATUS
    !get STATUS PATH     plain HTTP: GET PATH must be answered with STATUS

    !publish CHANNEL TEXT     PUBLISH in Redis; with what !head gave in front, once
    !head WORDS               the head of the next message that is published or set
    !set KEY TEXT             SET in Redis, likewise
    !hset KEY FIELD TEXT      HSET in Redis, likewise
    !xadd KEY ID TEXT         XADD in Redis: an entry of a history, likewise
    !redis WORDS              any command in Redis
    !listening CHANNEL N      wait until N connections listen to the channel in Redis
    !listeners STREAM N       wait until N clients listen to the stream in the gateway
    !counted METRIC N         wait until the metric is N
    !drain                    SIGTERM to the gateway
"""
import asyncio
import re
import shlex
import signal
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.servers import Stage, free_port, until  # noqa: E402
from support.wsclient import BINARY, CLOSE, Client, Closed, Refused, http_get  # noqa: E402

WITNESS = "witness"  # a stream of the player's own: what is sent on it comes after all before it


class Mismatch(AssertionError):
    pass


class Player:
    def __init__(self, stage, path):
        self.stage, self.path = stage, path
        self.flags, self.head = [], ""
        self.port = None  # of the listener that the transcript's clients use
        self.redis = self.gateway = None
        self.clients, self.name = {}, "main"
        self.marks = 0
        self.overlooked = None

    # ---- the stage -----------------------------------------------------------------------------

    async def play(self):
        case = ""
        for number, line in enumerate(self.path.read_text().splitlines(), 1):
            try:
                if line.startswith("== "):
                    case = line[3:]
                else:
                    await self.step(line)
            except (Exception, asyncio.TimeoutError) as trouble:
                kind = "" if isinstance(trouble, Mismatch) else f"{type(trouble).__name__}: "
                where = f"{self.path.name}:{number}: {case}"
                raise Mismatch(f"{where}\n  {line}\n  {kind}{trouble}") from trouble
        for client in self.clients.values():
            if not client.ended:
                await client.expect_silence()

    async def step(self, line):
        word, _, rest = line.partition(" ")
        if not word or word.startswith("#"):
            return
        if word in (">", "<", "<\\", "<~"):
            await {">": self.send, "<": self.expect, "<\\": self.expect_lines,
                   "<~": self.expect_match}[word](rest)
        elif word.startswith("!") and (act := getattr(self, "do_" + word[1:], None)):
            await act(rest)
        else:
            raise Mismatch(f"what does {word} mean?")

    async def ready(self):
        if self.gateway:
            return
        prefix = self.flags[self.flags.index("--prefix") + 1] if "--prefix" in self.flags \
            else "sluice:"
        if "--streams" in self.flags:
            self.flags += ["--streams", WITNESS]
        if "--binance-rate" not in self.flags:
            self.flags += ["--binance-rate", "1000"]  # the player's fences are pings, which count
        if self.port:
            self.flags += ["--listen", f"127.0.0.1:{self.port},{self.listen}"]
        self.redis = await self.stage.redis()
        self.gateway = await self.stage.gateway(self.redis, *self.flags)
        self.witness = await self.stage.client(self.gateway)
        self.port = self.port or self.gateway.port
        self.witness_channel = prefix + WITNESS
        await self.witness.subscribe(WITNESS)
        await self.redis.has_listeners(self.witness_channel, 1)

    @property
    def client(self):
        return self.clients[self.name]

    # ---- what the client says and gets ---------------------------------------------------------

    async def send(self, text):
        try:
            await self.client.send(text)
        except ConnectionError:
            pass  # what is expected next tells whether that was right

    async def expect(self, wanted):
        got = await self.client.text()
        if got != wanted:
            raise Mismatch(f"got {got}")

    async def expect_lines(self, wanted):
        escapes = {"n": "\n", "t": "\t", "\\": "\\"}
        await self.expect(re.sub(r"\\(.)", lambda found: escapes[found[1]], wanted))

    async def expect_match(self, pattern):
        got = await self.client.text()
        if not re.fullmatch(pattern, got):
            raise Mismatch(f"got {got}")

    async def do_silence(self, _):
        await self.client.fence()
        self.marks += 1
        mark = '{"stream":"%s","data":{"mark":%d}}' % (WITNESS, self.marks)  # for either --payload
        self.redis.publish(self.witness_channel, mark)
        await self.witness.text()  # so whatever Redis was given before has been passed on
        await self.client.expect_silence()

    async def do_binary(self, text):
        await self.client.send_frame(BINARY, text.encode())

    async def do_long(self, size):
        await self.send("x" * int(size))

    async def do_bytes(self, text):
        await self.client.send_raw(bytes.fromhex(text))

    async def do_ping(self, text):
        await self.client.ping(text.encode())

    async def do_pinged(self, _):
        await self.client.pinged()

    async def do_mute(self, _):
        self.client.answers_pings = False

    async def do_close(self, code):
        await self.client.send_frame(CLOSE, struct.pack("!H", int(code)))

    async def do_overlook(self, text):
        self.overlooked = text.encode() or None

    async def do_closed(self, rest):
        try:
            raise Mismatch(f"got {await self.client.text()}")
        except Closed as closed:
            code, _, reason = rest.partition(" ")
            if code != "any" and closed.code != int(code):
                raise Mismatch(f"got {closed}") from closed
            if reason and closed.reason.decode() != reason:
                raise Mismatch(f"got {closed}") from closed

    async def do_cut(self, _):
        try:
            raise Mismatch(f"got {await self.client.text()}")
        except Closed as closed:
            if closed.code is not None:
                raise Mismatch(f"got {closed}") from closed

    async def do_ended(self, _):
        await self.client.closed()

    # ---- connections ---------------------------------------------------------------------------

    async def do_gateway(self, flags):
        if self.gateway:
            raise Mismatch("the gateway runs already")
        self.flags += shlex.split(flags)

    async def do_listen(self, words):
        self.port, self.listen = free_port(), words

    async def do_connect(self, path):
        await self.ready()
        before = self.clients.get(self.name)
        if before and not before.ended:
            await before.expect_silence()
            await before.close()
        self.clients[self.name] = await Client.open(self.port, path)
        self.clients[self.name].passes_over = self.overlooked
        self.stage.clients.append(self.clients[self.name])

    async def do_client(self, name):
        self.name = name

    async def do_get(self, rest):
        status, path = rest.split()
        await self.ready()
        got, _, _ = await http_get(self.port, path)
        if got != int(status):
            raise Mismatch(f"got {got}")

    async def do_refused(self, rest):
        status, path = rest.split()
        await self.ready()
        try:
            await Client.open(self.port, path)
        except Refused as refused:
            if refused.status != int(status):
                raise Mismatch(str(refused)) from refused
            return
        raise Mismatch("the handshake was accepted")

    # ---- Redis and the gateway -----------------------------------------------------------------

    async def do_head(self, words):
        self.head = words + "\n"

    def headed(self, text):
        text, self.head = self.head + text, ""
        return text

    async def do_publish(self, rest):
        channel, _, text = rest.partition(" ")
        self.redis.publish(channel, self.headed(text))

    async def do_set(self, rest):
        await self.ready()
        key, _, text = rest.partition(" ")
        self.redis.command_now("SET", key, self.headed(text))

    async def do_hset(self, rest):
        await self.ready()
        key, field, text = rest.split(" ", 2)
        self.redis.command_now("HSET", key, field, self.headed(text))

    async def do_xadd(self, rest):
        await self.ready()
        key, entry, text = rest.split(" ", 2)
        self.redis.command_now("XADD", key, entry, "m", self.headed(text))

    async def do_redis(self, words):
        await self.ready()
        self.redis.command_now(*shlex.split(words))

    async def do_listening(self, rest):
        channel, count = rest.split()
        await self.redis.has_listeners(channel, int(count))

    async def do_listeners(self, rest):
        stream, count = rest.split()
        await self.gateway.has_listeners(stream, int(count))

    async def do_counted(self, rest):
        name, count = rest.split()

        async def is_so():
            return await self.gateway.metric(name) == float(count)
        await until(is_so, f"{name} is {count}")

    async def do_drain(self, _):
        self.gateway.signal(signal.SIGTERM)


async def main(path):
    stage = Stage()
    try:
        async with stage:
            await Player(stage, path).play()
    except AssertionError as trouble:
        print(f"{trouble}\n\n{stage.last_words}", file=sys.stderr)
        return 1
    print(f"{path.name}: as written")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(asyncio.run(main(Path(sys.argv[1]))))
