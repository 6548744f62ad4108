"""Client programs on Node.js: the packages they need, and a line each way to talk with them.

The packages of tests/clients/package.json are installed once per build directory. Tests run side by
side, so the first one to come installs them under a lock, and the others wait for it.
"""
import asyncio
import fcntl
import json
import os
import shutil
import subprocess

from support.servers import BUILD, ROOT
from support.wsclient import PATIENCE

PROGRAMS = ROOT / "tests" / "clients"
CACHE = BUILD / "client-packages"
INSTALL = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]
INSTALL_PATIENCE = 240  # seconds


def packages():
    """The directory with the packages; installs them if they are not there."""
    wanted = (PROGRAMS / "package.json").read_text()
    CACHE.mkdir(parents=True, exist_ok=True)
    done = CACHE / "installed.json"
    with open(CACHE / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists() or done.read_text() != wanted:
            done.unlink(missing_ok=True)
            shutil.copy(PROGRAMS / "package.json", CACHE)
            install()
            done.write_text(wanted)
    return CACHE / "node_modules"


def install():
    try:
        run = subprocess.run(INSTALL, cwd=CACHE, capture_output=True, text=True,
                             timeout=INSTALL_PATIENCE)
        trouble = " ".join(run.stderr.split("\n")[:3]) if run.returncode else ""
    except (OSError, subprocess.TimeoutExpired) as error:
        trouble = str(error)
    if trouble:
        raise AssertionError(f"npm could not install the client packages: {trouble}")


class Program:
    """One running client program; end() it."""

    def __init__(self, process):
        self.process = process
        self.seen = []  # events that were waited past

    @classmethod
    async def start(cls, name, url, *arguments):
        environment = os.environ | {"NODE_PATH": str(packages())}
        process = await asyncio.create_subprocess_exec(
            "node", str(PROGRAMS / name), url, *arguments, env=environment, limit=1 << 24,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return cls(process)

    def order(self, *words):
        self.process.stdin.write(json.dumps(words).encode() + b"\n")

    async def event(self, name, patience=PATIENCE, **fields):
        """The next event of that name with such fields; what comes before it is passed over."""
        async def search():
            while True:
                line = await self.process.stdout.readline()
                assert line, f"the program ended without {name}; it said {self.seen[-10:]}"
                event = json.loads(line)
                if event["event"] == name and event.items() >= fields.items():
                    return event
                self.seen.append(event)
        try:
            return await asyncio.wait_for(search(), patience)
        except asyncio.TimeoutError:
            raise AssertionError(f"no {name} {fields}; it said {self.seen[-10:]}") from None

    async def end(self):
        if self.process.returncode is None:
            self.process.stdin.close()
            try:
                await asyncio.wait_for(self.process.wait(), PATIENCE)
            except asyncio.TimeoutError:
                self.process.kill()
                await self.process.wait()
