"""--record writes down what servers send; replayed, it gives the same events."""
import json
import signal
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.servers import ROOT, until  # noqa: E402
from support.upstreams import UpstreamTest  # noqa: E402


def sample(kind, count):
    lines = (ROOT / "deploy" / "samples" / f"{kind}.ndjson").read_text().splitlines()[:count]
    return [json.loads(line)["message"] for line in lines]


class Record(UpstreamTest):
    async def begin(self, path, options=""):
        self.node = await self.server()
        self.publisher_ = await self.publisher(f"nano={self.node.url}{options}",
                                               flags=("--record", str(path)))
        return await self.node.accepted()

    async def ends(self, publisher):
        publisher.signal(signal.SIGTERM)
        await publisher.exited()

    async def test_replayed_it_gives_the_same_events(self):
        path = self.stage.path("nano.ndjson")
        peer = await self.begin(path)
        messages = sample("nano", 200)
        await peer.send({"ack": "subscribe", "time": "1", "id": "vote"}, "garbage")
        await peer.send(*(json.dumps(message, indent=4) for message in messages))
        last = messages[-1]["topic"]
        count = sum(message["topic"] == last for message in messages)
        await self.data(f"nano.{last}", count)
        await self.ends(self.publisher_)
        live = list(self.published.messages)
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        self.assertEqual([line["message"] for line in lines[2:]], messages)
        self.assertEqual(lines[1]["message"], "garbage")
        self.assertTrue(all(line["source"] == "nano" and line["time"] > 10 ** 12 for line in lines))
        again = await self.publisher(f"replay={path},speed=max")
        await again.exited()
        await until(lambda: len(self.published.messages) == 2 * len(live), "all are there again")
        self.assertEqual(self.published.messages[len(live):], live)

    async def test_on_sighup_a_new_file_is_begun(self):
        path = self.stage.path("nano.ndjson")
        peer = await self.begin(path, ",topic=bootstrap")
        for number in range(2):
            await peer.send({"topic": "bootstrap", "time": "1", "message": {"id": str(number)}})
            await until(lambda: path.exists() and path.read_text().count("\n") == 1, "it is written")
            path.rename(self.stage.path(f"nano.ndjson.{number}"))
            self.publisher_.signal(signal.SIGHUP)
            await until(path.exists, "there is a new file")
        for number in range(2):
            old = json.loads(self.stage.path(f"nano.ndjson.{number}").read_text())
            self.assertEqual(old["message"]["message"]["id"], str(number))

    async def test_a_full_disk_is_said_and_stops_nothing(self):
        peer = await self.begin("/dev/full", ",topic=bootstrap")
        for number in range(3):
            await peer.send({"topic": "bootstrap", "time": "1", "message": {"id": str(number)}})
        await self.data("nano.bootstrap", 3)
        await self.says(self.publisher_, "the recording is incomplete")
        self.assertIn("no space left", self.publisher_.stderr())

    async def test_a_file_that_cannot_be_opened_ends_the_start(self):
        publisher = await self.publisher("lines", flags=("--record", "/no/such/place"))
        publisher.expected_exit = 2
        self.assertEqual(await publisher.exited(), 2)
        self.assertIn("record: '/no/such/place'", publisher.stderr())


if __name__ == "__main__":
    unittest.main()
