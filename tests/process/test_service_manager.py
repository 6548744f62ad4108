"""What a service manager sees: readiness, the watchdog's beat, stopping; the units of deploy/systemd."""
import os
import shutil
import signal
import socket
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.servers import ROOT, ProcessTest, until  # noqa: E402

UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
EXPOSURE_MAX = 15  # tenths: systemd-analyze's own measure, 0 is best


class Notifications(ProcessTest):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.redis = await self.stage.redis()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.socket.close)
        self.socket.setblocking(False)
        self.socket.bind(str(self.stage.path("notify")))
        self.told = []

    @property
    def variables(self):
        return {"NOTIFY_SOCKET": str(self.stage.path("notify")), "WATCHDOG_USEC": "200000"}

    async def tells(self, word, times=1):
        def so():
            try:
                while True:
                    self.told.append(self.socket.recv(4096).decode())
            except BlockingIOError:
                return self.told.count(word) >= times
        await until(so, f"{word} is told {times} times, got {self.told}")

    async def begins_beats_and_ends(self, server):
        await self.tells("READY=1")
        await self.tells("WATCHDOG=1", 3)
        server.signal(signal.SIGTERM)
        await self.tells("STOPPING=1")
        self.assertEqual(await server.exited(), 0)
        self.assertEqual(self.told.count("READY=1"), 1)

    async def test_a_gateway_says_when_it_is_ready_that_it_lives_and_that_it_stops(self):
        await self.begins_beats_and_ends(await self.stage.gateway(self.redis, **self.variables))

    async def test_of_several_workers_the_supervisor_speaks_alone(self):
        gateway = await self.stage.gateway(self.redis, "--workers", "2", **self.variables)
        await self.begins_beats_and_ends(gateway)

    async def test_a_publisher_says_the_same(self):
        lines = self.stage.write("lines", "")
        publisher = await self.stage.publisher(self.redis, "--source", f"lines={lines}",
                                               **self.variables)
        await self.begins_beats_and_ends(publisher)

    async def test_a_watchdog_that_is_meant_for_somebody_else_hears_nothing(self):
        gateway = await self.stage.gateway(self.redis, WATCHDOG_PID="1", **self.variables)
        gateway.signal(signal.SIGTERM)
        await self.tells("STOPPING=1")
        self.assertNotIn("WATCHDOG=1", self.told)

    async def test_without_a_service_manager_nothing_is_said(self):
        gateway = await self.stage.gateway(self.redis, NOTIFY_SOCKET="nonsense")
        self.assertTrue(gateway.running)


class Units(unittest.TestCase):
    def setUp(self):
        if not shutil.which("systemd-analyze"):
            self.skipTest("systemd-analyze is not installed")

    def analyze(self, *arguments):
        done = subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True,
                              env=os.environ | {"SYSTEMD_COLORS": "0"}, check=False)
        return done.returncode, done.stdout + done.stderr

    def test_each_unit_is_confined(self):
        self.assertEqual(len(UNITS), 2)
        for unit in UNITS:
            code, said = self.analyze("security", "--offline=true",
                                      f"--threshold={EXPOSURE_MAX}", str(unit))
            self.assertEqual(code, 0, said)

    def test_each_unit_is_well_formed(self):
        for unit in UNITS:
            _, said = self.analyze("verify", "--man=no", str(unit))
            ours = [line for line in said.splitlines() if unit.name in line and
                    "is not executable" not in line]  # it is not installed here
            self.assertEqual(ours, [], said)


if __name__ == "__main__":
    unittest.main()
