"""Signals that come while a program still reads its settings: they wait for the handlers."""
import os
import signal
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.servers import ProcessTest, until  # noqa: E402


class EarlySignals(ProcessTest):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.redis = await self.stage.redis()
        self.settings = self.stage.path("settings")
        os.mkfifo(self.settings)  # whoever reads it waits for us

    async def is_told(self, number):
        """The signal comes while the settings are read; they are empty."""
        def reader():
            try:
                return os.fdopen(os.open(self.settings, os.O_WRONLY | os.O_NONBLOCK), "w")
            except OSError:
                return None
        with await until(reader, "the settings are read"):
            self.settings.unlink()
            self.settings.touch()  # who reloads is not held up
            self.server.signal(number)

    async def gateway_is_told(self, number, *flags):
        self.server = await self.stage.gateway(self.redis, "--settings", str(self.settings), *flags,
                                               ready=False)
        await self.is_told(number)

    async def test_a_gateway_ends_cleanly(self):
        await self.gateway_is_told(signal.SIGTERM)
        self.assertEqual(await self.server.exited(), 0)

    async def test_a_gateway_of_several_workers_ends_cleanly(self):
        await self.gateway_is_told(signal.SIGTERM, "--workers", "2")
        self.assertEqual(await self.server.exited(), 0)

    async def test_a_gateway_that_is_to_reload_serves(self):
        await self.gateway_is_told(signal.SIGHUP)
        await self.server.turns_green()

    async def test_a_publisher_ends_cleanly(self):
        lines = self.stage.write("lines", "")
        self.server = await self.stage.publisher(self.redis, "--source", f"lines={lines}",
                                                 "--settings", str(self.settings))
        await self.is_told(signal.SIGTERM)
        self.assertEqual(await self.server.exited(), 0)
        self.assertIn('"message":"stopping"', self.server.stderr())


if __name__ == "__main__":
    unittest.main()
