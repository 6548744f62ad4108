"""README's section "Moving here in five minutes": its commands, as they stand but for the ports."""
import json
import re
import shlex
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.servers import ROOT, ProcessTest  # noqa: E402

SAMPLES = ROOT / "deploy" / "samples"


def commands():
    """{first words of the paragraph before: [[word, ...] of each line]}"""
    section = (ROOT / "README.md").read_text().split("## Moving here")[1].split("\n## ")[0]
    parts = re.findall(r"(?ms)^\*\*From an? ([\w-]+).*?^```\n(.*?)^```$", section)
    return {name: [shlex.split(line) for line in text.splitlines()] for name, text in parts}


class Moving(ProcessTest):
    async def gateway(self, redis, words):
        """What the line says, at a free port."""
        words = words[1:]
        at = words.index("--listen")
        options = words[at + 1].partition(",")[2]
        del words[at:at + 2]
        return await self.stage.gateway(redis, *words, listen="127.0.0.1:{port}," + options)

    async def first(self, client, request, fits):
        """The first message that fits, after the request."""
        await client.send(json.dumps(request))
        while True:
            message = await client.json()
            if fits(message):
                return message

    async def test_from_a_nano_node(self):
        publisher, gateway = commands()["Nano"]
        theirs, ours = await self.stage.redis(), await self.stage.redis()
        node = await self.stage.gateway(theirs, listen="127.0.0.1:{port},dialect=nano,profile=node")
        await self.stage.publisher(theirs, "--source",
                                   f"replay={SAMPLES}/nano.ndjson,speed=20,loop")
        words = [word.replace("127.0.0.1:7078", f"127.0.0.1:{node.port}") for word in publisher[1:]]
        await self.stage.publisher(ours, *words)
        client = await self.stage.client(await self.gateway(ours, gateway))
        request = {"action": "subscribe", "topic": "confirmation"}
        message = await self.first(client, request, lambda m: "topic" in m)
        self.assertIn("hash", message["message"])

    async def test_from_a_dlob_server(self):
        redis = await self.stage.redis()
        book = '{"bids":[],"asks":[],"slot":7}'
        name = "orderbook_perp_0_grouped_1"
        gateway = await self.gateway(redis, commands()["dlob-server"][0])
        client = await self.stage.client(gateway, "/ws")  # where its clients connect
        await client.send(json.dumps({"type": "subscribe", "marketType": "perp",
                                      "channel": "orderbook", "market": "SOL-PERP"}))
        await redis.has_listeners("dlob:" + name, 1)
        redis.publish("dlob:" + name, book)
        while (message := await client.json()).get("channel") != name:
            pass
        self.assertEqual(json.loads(message["data"]), json.loads(book))

    async def test_from_an_exchanges_engine(self):
        redis = await self.stage.redis()
        client = await self.stage.client(await self.gateway(redis, commands()["exchange"][0]))
        await client.subscribe("trade.SOL_USDC")
        await redis.has_listeners("trade.SOL_USDC", 1)
        text = '{"stream":"trade.SOL_USDC","data":{"p":"142.10"}}'
        redis.publish("trade.SOL_USDC", text)
        self.assertEqual(await client.text(), text)


if __name__ == "__main__":
    unittest.main()
