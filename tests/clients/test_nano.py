"""What the two sample clients of the Nano documentation do, with the libraries that they use, fed
from the recording: ws on Node.js, websockets in Python."""
import asyncio
import json
import sys
import unittest
from pathlib import Path

import websockets

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.node import Program  # noqa: E402
from support.servers import PREFIX, ROOT, ProcessTest, until  # noqa: E402
from support.wsclient import PATIENCE  # noqa: E402

SAMPLE = ROOT / "deploy" / "samples" / "nano.ndjson"
PROFILES = ("doc", "node")


def recorded(topic):
    messages = (json.loads(line)["message"] for line in SAMPLE.read_text().splitlines())
    return [message for message in messages if message["topic"] == topic]


def shown(confirmation, *parts):
    """A confirmation with those of its optional parts only."""
    optional = {"election_info", "block", "sideband"} - set(parts)
    message = {k: v for k, v in confirmation["message"].items() if k not in optional}
    if "election_info" in message:
        message["election_info"] = {k: v for k, v in message["election_info"].items()
                                    if k != "votes"}
    return confirmation | {"message": message}


def mentions(confirmation, account):
    block = confirmation["message"]["block"]
    return "link_as_account" in block and account in (confirmation["message"]["account"],
                                                      block["link_as_account"])


class NanoTest(ProcessTest):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.redis, self.gateway = await self.pair()

    def url(self, profile):
        return f"ws://127.0.0.1:{self.gateway.port}/nano?profile={profile}"

    async def replay(self, *streams):
        for stream in streams:
            await until(lambda s=stream: self.redis.listening(PREFIX + s) > 0,
                        f"{stream} is listened to")
        publisher = await self.stage.publisher(self.redis, "--source",
                                               f"replay={SAMPLE},speed=max")
        self.assertEqual(await publisher.exited(), 0)


class NodeJs(NanoTest):
    async def begin(self, profile="doc"):
        program = await Program.start("ws.cjs", self.url(profile))
        self.addAsyncCleanup(program.end)
        await program.event("open", extensions="")
        return program

    async def subscribe(self, program, **options):
        program.order("send", json.dumps({"action": "subscribe", "topic": "confirmation"}
                                         | options))

    async def test_every_confirmation_arrives_in_order(self):
        for profile in PROFILES:
            program = await self.begin(profile)
            await self.subscribe(program)
            await self.gateway.has_listeners("nano.confirmation", 1)
            await self.replay("nano.confirmation")
            for confirmation in recorded("confirmation"):
                event = await program.event("message", binary=False)
                self.assertEqual(json.loads(event["text"]), shown(confirmation, "block"))
            await program.end()
            await self.gateway.has_listeners("nano.confirmation", 0)

    async def test_confirmations_of_one_account(self):
        account = recorded("confirmation")[0]["message"]["account"]
        program = await self.begin()
        await self.subscribe(program, options={"accounts": [account], "all_local_accounts": True})
        await self.replay(f"nano.confirmation.account.{account}")
        for confirmation in recorded("confirmation"):
            if mentions(confirmation, account):
                text = (await program.event("message"))["text"]
                self.assertEqual(json.loads(text), shown(confirmation, "block"))

    async def test_it_learns_that_the_server_stops(self):
        program = await self.begin()
        await self.subscribe(program)
        await self.gateway.end()
        await program.event("close", code=1000, reason="Shutting down")


class Python(NanoTest):
    async def receive(self, client):
        return json.loads(await asyncio.wait_for(client.recv(), PATIENCE))

    async def subscribe(self, client, topic, **options):
        request = {"action": "subscribe", "topic": topic, "ack": True, "id": topic}
        await client.send(json.dumps(request | ({"options": options} if options else {})))
        answer = await self.receive(client)
        self.assertEqual((answer["ack"], answer["id"]), ("subscribe", topic))
        self.assertTrue(answer["time"].isdigit())

    async def test_the_first_reply_is_the_acknowledgement_and_then_come_events(self):
        for profile in PROFILES:
            async with websockets.connect(self.url(profile)) as client:
                await self.subscribe(client, "confirmation", include_election_info="true",
                                     include_block="false")
                await self.replay("nano.confirmation")
                for confirmation in recorded("confirmation"):
                    self.assertEqual(await self.receive(client),
                                     shown(confirmation, "election_info"))
            await self.gateway.has_listeners("nano.confirmation", 0)

    async def test_votes_as_the_sample_asks_for_them(self):
        async with websockets.connect(self.url("node")) as client:
            await self.subscribe(client, "vote", include_replays="true",
                                 include_indeterminate="false")
            await self.replay("nano.vote")
            for vote in recorded("vote"):
                if vote["message"]["type"] != "indeterminate":
                    self.assertEqual(await self.receive(client), vote)

    async def test_every_other_topic_arrives_word_for_word(self):
        topics = ("stopped_election", "started_election", "active_difficulty", "work",
                  "telemetry", "new_unconfirmed_block", "bootstrap")
        for profile in PROFILES:
            clients = {}
            for topic in topics:
                clients[topic] = await websockets.connect(self.url(profile))
                await self.subscribe(clients[topic], topic)
            await self.replay(*(f"nano.{topic}" for topic in topics))
            for topic, client in clients.items():
                for message in recorded(topic):
                    self.assertEqual(await self.receive(client), message)
                await client.close()
                await self.gateway.has_listeners(f"nano.{topic}", 0)

    async def test_pings_of_the_protocol_and_of_the_library_are_answered(self):
        async with websockets.connect(self.url("doc"), ping_interval=0.2) as client:
            await client.send('{"action":"ping"}')
            self.assertEqual((await self.receive(client))["ack"], "pong")
            await until(lambda: client.latency > 0, "a keepalive ping was answered")


if __name__ == "__main__":
    unittest.main()
