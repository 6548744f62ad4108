"""The AsyncAPI document of the exchange dialect is valid, and says what the gateway does."""
import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.node import Program  # noqa: E402
from support.servers import PREFIX, ROOT, ProcessTest  # noqa: E402

DOCUMENT = ROOT / "gateway" / "dialects" / "exchange.asyncapi.yaml"
PATIENCE = 60


class AsyncApi(ProcessTest):
    async def parsed(self):
        program = await Program.start("asyncapi.cjs", str(DOCUMENT))
        self.addAsyncCleanup(program.end)
        return await program.event("parsed", PATIENCE)

    async def test_it_is_valid_and_names_all_messages(self):
        found = await self.parsed()
        self.assertEqual(found["errors"], [])
        self.assertEqual(set(found["messages"]), {"SUBSCRIBE", "UNSUBSCRIBE", "event", "notice"})

    async def test_its_version_is_the_projects(self):
        cmake = (ROOT / "CMakeLists.txt").read_text()
        version = re.search(r"project\(sluice VERSION (\S+)", cmake)[1]
        self.assertIn(f"  version: {version}\n", DOCUMENT.read_text())

    async def test_its_example_is_understood_and_answered_in_its_form(self):
        text = DOCUMENT.read_text()
        self.assertIn("{method: SUBSCRIBE, params: [trade.SOL_USDC, depth.SOL_USDC], id: 1}", text)
        redis, gateway = await self.pair()
        client = await self.listener(redis, gateway, "trade.SOL_USDC", "depth.SOL_USDC")
        redis.publish(PREFIX + "trade.SOL_USDC", '{"p":"142.12"}')
        message = await client.json()
        self.assertEqual(set(message), {"stream", "data"})


if __name__ == "__main__":
    unittest.main()
