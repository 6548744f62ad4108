"""Numbered messages in, and clients that count what they are given of them."""
import asyncio
import json
import time
from dataclasses import dataclass, field

from support.wsclient import Client, Closed, Refused

RECONNECT_S = 0.1  # between a client's attempts
QUIET_S = 20.0     # without a message for so long, what is missing will not come


# ---- the upstream ---------------------------------------------------------------------------------

class Upstream:
    """What two nodes of a chain would be: every publisher is told the same events, in order.

    An event counts as sent once one publisher that runs has been told it.
    """

    def __init__(self, streams, rate, chains=()):
        self.streams, self.rate, self.chains = streams, rate, chains
        self.sent = dict.fromkeys((*streams, *(chain.name for chain in chains)), 0)
        self.ports = {}    # publisher -> port
        self.writers = {}  # publisher -> its connection
        self.task = None

    def tell(self, publisher, port):
        self.ports[publisher] = port

    def start(self):
        self.task = asyncio.create_task(self._run())

    async def stop(self):
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        for writer in self.writers.values():
            writer.close()

    async def _connect(self, publisher):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.ports[publisher])
        except OSError:
            return
        self.writers[publisher] = writer

    async def _connect_all(self):
        for publisher in self.ports:
            writer = self.writers.get(publisher)
            if writer is not None and (writer.is_closing() or not publisher.running):
                writer.close()
                del self.writers[publisher]
            if publisher.running and publisher not in self.writers:
                await self._connect(publisher)

    async def _run(self):
        begun, tick = time.monotonic(), 0
        while True:
            await self._connect_all()
            if self.writers:
                self._tick()
            tick += 1
            await asyncio.sleep(max(0.0, begun + tick / self.rate - time.monotonic()))

    def _tick(self):
        lines = []
        for stream in self.streams:
            self.sent[stream] += 1
            n = self.sent[stream]
            lines.append(f'{{"stream":"{stream}","tag":"{n}","data":{{"n":{n}}}}}\n')
        for chain in self.chains:
            self.sent[chain.name] += 1
            lines.append(chain.line(self.sent[chain.name]))
        text = "".join(lines).encode()
        for writer in self.writers.values():
            writer.write(text)


# ---- what a client has been given -----------------------------------------------------------------

@dataclass
class Account:
    """Of one stream at one client."""
    first: int = 0     # the first number that came; what was before it is nobody's due
    newest: int = 0
    last_id: str = ""
    got: set = field(default_factory=set)
    twice: list = field(default_factory=list)
    disordered: int = 0
    announced: int = 0  # messages that a notice said were missing
    unknown: int = 0    # notices that could not say how many
    excused: int = 0    # between the end of a connection and the next, without resuming

    def take(self, n):
        if not self.first:
            self.first = n
        if n in self.got:
            self.twice.append(n)
            return
        if n < self.newest:
            self.disordered += 1
        self.got.add(n)
        self.newest = max(self.newest, n)

    @property
    def repeated(self):
        return len(self.twice)

    def received(self, sent):
        """Of the first so many messages."""
        return len(self.got) if self.newest <= sent else sum(n <= sent for n in self.got)

    def missing(self, sent):
        """Of the numbers from the first one that came to the last one that was sent."""
        due = sent - self.first + 1 - self.excused
        return due - self.received(sent) if self.first else sent


class Listener:
    """A client of the exchange dialect or the Binance form, which comes back when it is cut off.

    resumes: it asks for ids and gives the last one when it comes back. Otherwise it is an old
    client, which is due what came while it was connected.
    """

    kind = ""

    def __init__(self, name, path, streams, ports, resumes):
        self.name, self.path, self.resumes = name, path, resumes
        self.kind = self.kind or ("resume" if resumes else "old")
        self.accounts = {s: Account() for s in streams}
        self.ports = ports  # asked for the port at each attempt
        self.connections = self.refused = 0
        self.refusals = []
        self.last_came = time.monotonic()
        self.notices = []
        self.client = None
        self.task = None

    def start(self):
        self.task = asyncio.create_task(self._run())

    async def stop(self):
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        if self.client:
            self.client.kill()

    async def _run(self):
        while True:
            try:
                await self._one_connection()
            except (OSError, EOFError, Closed, Refused, asyncio.TimeoutError,
                    asyncio.IncompleteReadError) as error:
                if self.client is None:
                    self.refused += 1
                    self.refusals.append(str(error))
            if self.client:
                self.client.kill()
                self.client = None
            await asyncio.sleep(RECONNECT_S)

    def _request(self):
        request = {"method": "SUBSCRIBE", "params": list(self.accounts), "id": 1}
        known = {s: a.last_id for s, a in self.accounts.items() if a.last_id}
        if self.resumes and known:
            request["since"] = known
        return json.dumps(request)

    async def _one_connection(self):
        client = await asyncio.wait_for(Client.open(self.ports(), self.path), 5)
        self.client = client
        self.connections += 1
        fresh = set(self.accounts) if not self.resumes and self.connections > 1 else set()
        await client.send(self._request())
        while True:
            _, payload = await client.message(patience=60)
            self._take(self._read(json.loads(payload)), fresh)

    def _read(self, message):
        """What came, in the exchange dialect's words."""
        return message

    def _take(self, message, fresh):
        account = self.accounts.get(message.get("stream"))
        if account is None:
            return
        self.last_came = time.monotonic()
        if "notice" in message:
            self.notices.append(message)
            missed = message["notice"]["gap"]["missed"]
            account.unknown += missed is None
            account.announced += missed or 0
            return
        n = message["data"]["n"]
        if message["stream"] in fresh:
            fresh.discard(message["stream"])
            account.excused += max(0, n - account.newest - 1)
        account.take(n)
        account.last_id = message.get("id", account.last_id)

    def troubles(self, sent):
        """A line for each stream on which something is wrong."""
        for stream, a in self.accounts.items():
            lost = sorted(set(range(a.first, sent[stream] + 1)) - a.got)
            if (a.missing(sent[stream]) or a.repeated or a.disordered) and a.first:
                yield (f"{self.name} {stream}: {a.missing(sent[stream])} missing of {lost[:3]}.."
                       f"{lost[-1:]}, {a.excused} excused, twice {a.twice[:5]}, {a.disordered} out "
                       f"of order; {self.connections} connections, {self.refused} refused "
                       f"{self.refusals[-1:]}")

    def warm(self):
        return all(a.first for a in self.accounts.values())

    def complete(self, sent):
        return all(a.newest >= sent[s] for s, a in self.accounts.items())


@dataclass
class Tally:
    """A line of the table."""
    sent: int = 0       # due to the clients: each message once for every client of its stream
    received: int = 0
    repeated: int = 0
    disordered: int = 0
    missing: int = 0
    announced: int = 0
    unknown: int = 0
    reconnects: int = 0

    @classmethod
    def of(cls, listeners, sent):
        tally = cls()
        for listener in listeners:
            tally.reconnects += max(0, listener.connections - 1)
            for stream, account in listener.accounts.items():
                tally.sent += sent[stream] - account.first + 1 - account.excused
                tally.received += account.received(sent[stream])
                tally.repeated += account.repeated
                tally.disordered += account.disordered
                tally.missing += account.missing(sent[stream])
                tally.announced += account.announced
                tally.unknown += account.unknown
        return tally


async def settle(listeners, sent):
    """Await that everybody has had the last message of each stream, or that nothing more comes."""
    def quiet():
        return time.monotonic() - max(listener.last_came for listener in listeners) > QUIET_S
    while not all(listener.complete(sent) for listener in listeners) and not quiet():
        await asyncio.sleep(0.05)
