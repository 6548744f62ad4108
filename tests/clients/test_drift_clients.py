"""The two clients that Drift's document shows, against recorded events: ws and websocket-client."""
import asyncio
import importlib.util
import json
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.node import PROGRAMS, Program  # noqa: E402
from support.servers import PREFIX, ROOT, ProcessTest  # noqa: E402

SAMPLES = ROOT / "deploy" / "samples" / "drift.ndjson"
STREAMS = {"doc": ("orderbook_perp_0", "orderbook_spot_1"),
           "node": ("orderbook_perp_0_grouped_1", "orderbook_spot_1_grouped_1")}


def recorded(channel):
    with open(SAMPLES) as lines:
        messages = (json.loads(line)["message"] for line in lines)
        return [m["data"] for m in messages if m["channel"] == channel]


class PythonProgram(Program):
    @classmethod
    async def start(cls, name, url, *arguments):
        assert importlib.util.find_spec("websocket"), "the package python3-websocket is missing"
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(PROGRAMS / name), url, *arguments, limit=1 << 24,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return cls(process)


class DocumentedClients(ProcessTest):
    async def follow(self, kind, name, profile):
        redis, gateway = await self.pair("--queue-bytes", "64M")
        path = f"/ws?profile={profile}"
        program = await kind.start(name, f"ws://127.0.0.1:{gateway.port}{path}")
        self.addAsyncCleanup(program.end)
        for text in ("orderbook, market: SOL-PERP, marketType: perp",
                     "orderbook, market: SOL, marketType: spot",
                     "trades, market: SOL-PERP, marketType: perp"):
            await program.event("message", message=f"Subscribe received for channel: {text}")
        streams = STREAMS[profile] + ("trades_perp_0",)
        for stream in streams:
            await redis.has_listeners(PREFIX + stream, 1)
        publisher = await self.stage.publisher(redis, "--source", f"replay={SAMPLES},speed=max")
        await publisher.exited()
        await self.gets_all(program, streams)
        await program.event("message", channel="heartbeat")
        self.assertNotIn("error", [event["event"] for event in program.seen])

    async def gets_all(self, program, streams):
        # the name without grouping carries what was recorded with grouping 1
        wanted = {s: recorded(s) or recorded(s + "_grouped_1") for s in streams}
        got = {stream: [] for stream in streams}
        for _ in range(sum(map(len, wanted.values()))):
            event = await program.event("message")
            while event["channel"] == "heartbeat":
                event = await program.event("message")
            got[event["channel"]].append(event["data"])
        self.assertEqual(got, wanted)
        for data in got["trades_perp_0"]:
            self.assertIn("fillRecordId", json.loads(data))

    async def test_ws_by_the_document(self):
        await self.follow(Program, "drift.cjs", "doc")

    async def test_ws_by_the_server(self):
        await self.follow(Program, "drift.cjs", "node")

    async def test_websocket_client_by_the_document(self):
        await self.follow(PythonProgram, "drift_client.py", "doc")

    async def test_websocket_client_by_the_server(self):
        await self.follow(PythonProgram, "drift_client.py", "node")


if __name__ == "__main__":
    unittest.main()
