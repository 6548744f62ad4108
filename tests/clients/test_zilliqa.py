"""Zilliqa's official client against a gateway in the node profile, and the document's own words."""
import json
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.node import Program  # noqa: E402
from support.servers import PREFIX, ROOT, ProcessTest, until  # noqa: E402

SAMPLE = ROOT / "deploy" / "samples" / "zilliqa.ndjson"
NODE = "/zilliqa?profile=node"


def recorded(query):
    """The value of each recorded notification's entry of that kind, None where it has none."""
    for line in SAMPLE.read_text().splitlines():
        for entry in json.loads(line)["message"]["values"]:
            if entry["query"] == query:
                yield entry.get("value")


def end_of_block(number):
    return '{"TxBlock":{"header":{"BlockNum":"%d"}},"TxHashes":[]}' % number


class ZilliqaTest(ProcessTest):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.redis, self.gateway = await self.pair()

    async def listened_to(self, *streams):
        for stream in streams:
            await until(lambda s=stream: self.redis.listening(PREFIX + s) > 0,
                        f"{stream} is listened to")

    async def replay(self):
        publisher = await self.stage.publisher(self.redis, "--source",
                                               f"replay={SAMPLE},speed=max")
        self.assertEqual(await publisher.exited(), 0)


class OfficialClient(ZilliqaTest):
    async def begin(self, kind, *addresses):
        url = f"ws://127.0.0.1:{self.gateway.port}{NODE}"
        self.program = await Program.start("zilliqa.cjs", url, kind, *addresses)
        self.addAsyncCleanup(self.program.end)
        self.program.order("start")
        await self.program.event("started", result=True)
        await self.listened_to("zilliqa.NewBlock")

    def end_block(self, number):
        self.redis.publish(PREFIX + "zilliqa.NewBlock", end_of_block(number))

    async def got_block(self, number):
        event = await self.program.event("NewBlock")
        self.assertEqual(event["value"]["TxBlock"]["header"]["BlockNum"], str(number))

    async def test_new_blocks_arrive_as_they_were_recorded(self):
        await self.begin("NewBlock")
        await self.replay()
        for value in recorded("NewBlock"):
            self.assertEqual((await self.program.event("NewBlock"))["value"], value)

    async def test_event_logs_arrive_as_they_were_recorded_and_only_those_asked_for(self):
        address = next(recorded("EventLog"))[0]["address"]
        await self.begin("EventLog", "0x" + address)
        await self.listened_to("zilliqa.EventLog." + address)
        await self.replay()
        for value in recorded("EventLog"):
            mine = [entry for entry in value or [] if entry["address"] == address]
            event = await self.program.event("EventLog")
            self.assertEqual(event.get("value"), mine or None)

    async def test_it_stops_with_the_next_block(self):
        await self.begin("NewBlock")
        self.program.order("stop")
        await self.program.event("stopped", result=True)
        self.end_block(1)
        await self.got_block(1)
        told = await self.program.event("Unsubscribe")
        self.assertEqual(told["data"]["value"], ["NewBlock"])
        await self.gateway.has_listeners("zilliqa.NewBlock", 0)

    async def test_it_comes_back_by_itself_when_the_gateway_went_and_came_back(self):
        await self.begin("NewBlock")
        await self.gateway.end()
        await self.program.event("close", clean=False)
        await self.gateway.up()
        await self.gateway.has_listeners("zilliqa.NewBlock", 1, patience=30)
        await self.listened_to("zilliqa.NewBlock")
        self.end_block(7)
        await self.got_block(7)
        self.assertNotIn("thrown", {event["event"] for event in self.program.seen})

    async def test_it_comes_back_by_itself_when_the_gateway_was_killed(self):
        await self.begin("NewBlock")
        await self.gateway.kill()
        await self.gateway.up()
        await self.gateway.has_listeners("zilliqa.NewBlock", 1, patience=30)
        await self.listened_to("zilliqa.NewBlock")
        self.end_block(7)
        await self.got_block(7)


class Recorded(ZilliqaTest):
    """The recording from publisher to client, in the doc profile."""

    async def test_one_notification_a_block_with_everything_asked_for(self):
        contract = next(recorded("EventLog"))[0]["address"]
        wallet = next(recorded("TxnLog"))[0]["address"]
        client = await self.stage.client(self.gateway, "/zilliqa")
        for query in ('{"query":"NewBlock"}',
                      '{"query":"EventLog","addresses":["0x%s"]}' % contract,
                      '{"query":"TxnLog","addresses":["0x%s"]}' % wallet):
            await client.send(query)
            self.assertEqual(await client.text(), query)
        await self.listened_to("zilliqa.NewBlock", f"zilliqa.EventLog.{contract}",
                               f"zilliqa.TxnLog.{wallet}")
        await self.replay()
        for block, events in zip(recorded("NewBlock"), recorded("EventLog")):
            got = json.loads(await client.text())
            self.assertEqual(got["type"], "notification")
            values = {entry["query"]: entry["value"] for entry in got["values"]}
            self.assertEqual(values.pop("NewBlock"), block)
            mine = [entry["event_logs"] for entry in events or [] if entry["address"] == contract]
            told = values.pop("EventLog", [])
            self.assertEqual([entry["event_logs"] for entry in told], mine)
            self.assertEqual([entry["address"] for entry in told], ["0x" + contract] * len(mine))
            for entry in values.pop("TxnLog", []):
                self.assertEqual(entry["address"], "0x" + wallet)
                for txn in entry["log"]:
                    self.assertIn(wallet, (txn["fromAddr"], txn["toAddr"]))
            self.assertEqual(values, {})


if __name__ == "__main__":
    unittest.main()
