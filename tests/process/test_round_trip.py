"""Events that go round: recorded ones are published, a gateway speaks as the real server would, a
second publisher is its client, and what that publishes is what was recorded."""
import json
import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support import resp  # noqa: E402
from support.servers import ROOT, until  # noqa: E402
from support.upstreams import Published, UpstreamTest  # noqa: E402

ROOMY = ("--queue-messages", "100000", "--queue-bytes", "256M")
SECOND = "second:"  # the prefix of what has gone round


class RoundTrip(UpstreamTest):
    async def begin(self, kind, path, options=""):
        self.kind = kind
        self.again = Published(self.redis, SECOND)
        self.addCleanup(self.again.close)
        self.gateway = await self.stage.gateway(self.redis, *ROOMY,
                                                listen="127.0.0.1:{port},profile=node")
        self.second = await self.publisher(
            f"{kind}=ws://127.0.0.1:{self.gateway.port}{path}{options}",
            flags=("--prefix", SECOND))
        await self.says(self.second, "connected upstream")

    def want(self, *streams):
        """Somebody listens to what goes round."""
        connection = resp.Connection(self.redis.port)
        for stream in streams:
            connection.command("SUBSCRIBE", SECOND + stream)
        self.addCleanup(connection.close)

    async def are_wanted(self, *streams):
        """The gateway listens to them, for its client."""
        for stream in streams:
            await self.redis.has_listeners("sluice:" + stream, 1)

    async def replay(self):
        sample = ROOT / "deploy" / "samples" / f"{self.kind}.ndjson"
        first = await self.publisher(f"replay={sample},speed=max")
        self.assertEqual(await first.exited(), 0)
        count = int(re.search(r'"published":(\d+)', first.stderr())[1])
        await until(lambda: len(self.published.messages) >= count, "all is heard the first time")

    async def come_round(self, wanted):
        """Await that the streams' events, {stream: [data]}, are there again, and no others."""
        def there():
            return all(len(self.again.have(stream)) >= len(events)
                       for stream, events in wanted.items())
        try:
            await until(there, "all events have come round")
        except AssertionError:
            pass  # what is missing is shown below
        for stream, events in wanted.items():
            self.assertEqual(self.again.have(stream), events, stream)

    def first_time(self):
        streams = {}
        for stream, _, data in list(self.published.messages):
            streams.setdefault(stream, []).append(data)
        return streams

    async def test_injective(self):
        await self.begin("injective", "/injstream-ws")
        await self.are_wanted("injective.block")
        await self.replay()
        await until(lambda: self.again.have("injective.block"), "a block has come round")
        first = int(self.again.have("injective.block")[0]["block_height"])
        wanted = {stream: [d for d in events if int(d["block_height"]) >= first]
                  for stream, events in self.first_time().items()
                  if stream.startswith("injective.")}
        self.assertGreater(len(wanted), 50)
        self.assertGreater(len(wanted["injective.block"]), 400)
        await self.come_round({stream: events for stream, events in wanted.items() if events})

    async def test_nano(self):
        topics = ["confirmation", "vote", "started_election", "stopped_election", "work",
                  "telemetry", "new_unconfirmed_block", "bootstrap"]
        await self.begin("nano", "/nano")
        await self.are_wanted(*(f"nano.{topic}" for topic in topics))
        await self.replay()
        wanted = {stream: events for stream, events in self.first_time().items()
                  if stream != "nano.active_difficulty"}  # which a node of today has not
        self.assertGreater(len(wanted), 20)
        await self.come_round(wanted)

    async def test_zilliqa(self):
        values = [value for line in (ROOT / "deploy/samples/zilliqa.ndjson").read_text().splitlines()
                  for value in json.loads(line)["message"]["values"]]
        streams = sorted({f"zilliqa.{value['query']}.{at['address']}" for value in values
                          for at in value.get("value", []) if isinstance(at, dict) and "address" in at})
        await self.begin("zilliqa", "/zilliqa")
        self.want(*streams)
        await self.are_wanted("zilliqa.NewBlock", *streams)
        await self.replay()
        first = self.first_time()
        await self.come_round({name: first[name] for name in ["zilliqa.NewBlock", *streams]
                               if name in first})

    async def test_drift(self):
        sample = (ROOT / "deploy/samples/drift.ndjson").read_text().splitlines()
        streams = sorted({json.loads(line)["message"]["channel"] for line in sample})
        await self.begin("drift", "/ws")
        self.want(*streams)
        await self.are_wanted(*streams)
        await self.replay()
        first = self.first_time()
        await self.come_round({stream: first[stream] for stream in streams})

    async def test_exchange(self):
        sample = (ROOT / "deploy/samples/exchange.ndjson").read_text().splitlines()
        streams = sorted({json.loads(line)["message"]["stream"] for line in sample})
        await self.begin("exchange", "/stream", "".join(f",stream={s}" for s in streams))
        await self.are_wanted(*streams)
        await self.replay()
        await self.come_round(self.first_time())


if __name__ == "__main__":
    unittest.main()
