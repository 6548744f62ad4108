"""Numbered events for publishers, and whether Redis has each of them once and in order."""
import asyncio
import json

from support.servers import PREFIX

STREAM = "trade.A"
ACCOUNTS = 7
EVERY = 0.01  # seconds between two events
KEEP = ("--history-streams", "100000,10m", "--history-entities", "100000,10m")  # all of a test


class Feeder:
    """Gives the same numbered events to every publisher that listens, as one upstream server does:
    whoever connects late has missed what was before."""

    def __init__(self):
        self.ports, self.writers, self.sent = [], {}, 0
        self.task = None

    def start(self):
        self.task = asyncio.create_task(self.run())

    async def stop(self):
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        for writer in self.writers.values():
            writer.close()

    async def connect(self, port):
        try:
            _, self.writers[port] = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            self.writers.pop(port, None)

    def lines(self):
        self.sent += 1
        number = self.sent
        yield {"stream": STREAM, "tag": f"t{number}", "data": {"n": number}}
        yield {"stream": f"account.{number % ACCOUNTS}", "tag": f"t{number}", "class": "entity",
               "data": {"n": number}}

    async def run(self):
        while True:
            text = "".join(json.dumps(line) + "\n" for line in self.lines()).encode()
            for port in self.ports:
                if port not in self.writers:
                    await self.connect(port)
                elif self.writers[port].is_closing():
                    del self.writers[port]
            for writer in self.writers.values():
                writer.write(text)  # never awaited: a paused publisher holds nobody up
            await asyncio.sleep(EVERY)


def numbers(redis, stream, key=f"{PREFIX}hist:{{}}"):
    rows = redis.command_now("XRANGE", key.format(stream), "-", "+")
    return [json.loads(fields[1].split(b"\n", 1)[1])["n"] for _, fields in rows]


def assert_whole(test, redis, of=numbers):
    """Every stream has its numbers, each once and in order."""
    got = of(redis, STREAM)
    test.assertEqual(got, list(range(got[0], got[-1] + 1)))
    for account in range(ACCOUNTS):
        got = of(redis, f"account.{account}")
        test.assertEqual(got, list(range(got[0], got[-1] + 1, ACCOUNTS)), account)
