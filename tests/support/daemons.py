"""Programs that people run beside Sluice: Prometheus, HAProxy, nginx. Tests skip where one is not
installed."""
import asyncio
import json
import os
import shutil
import signal
import unittest
from urllib.parse import quote

from support.servers import Server, free_port, until
from support.wsclient import http_get

os.environ["PATH"] += ":/usr/sbin:/sbin"  # where Debian puts servers


def needs(program):
    """Skip the test, with the reason, where the program is not installed."""
    if shutil.which(program) is None:
        raise unittest.SkipTest(f"{program} is not installed")
    return program


class Daemon(Server):
    """One that listens on self.port; it is ended with the stage."""

    def __init__(self, stage, name, command):
        super().__init__(stage, name, command, stage.environment())

    async def up(self, path, status=200):
        """Start it, and await that GET path answers so."""
        self.start()

        async def answers():
            assert self.running, f"{self.name} ended: {self.tail()}"
            try:
                return (await http_get(self.port, path))[0] == status
            except (OSError, EOFError, asyncio.TimeoutError):
                return False
        await until(answers, f"{self.name} answers {path} with {status}")
        return self

    async def end(self):
        if self.running:
            self.signal(signal.SIGTERM)
            try:
                await self.exited(5)
            except AssertionError:
                await self.kill()


class Prometheus(Daemon):
    """It scrapes the gateways five times a second; rules is a file of alert rules."""

    def __init__(self, stage, gateways, rules):
        self.port = free_port()
        targets = ", ".join(f"'127.0.0.1:{gateway.port}'" for gateway in gateways)
        config = stage.write("prometheus.yml", (
            "global: {scrape_interval: 200ms, evaluation_interval: 200ms}\n"
            f"rule_files: ['{rules}']\n"
            "scrape_configs:\n"
            "  - job_name: sluice-gateway\n"
            f"    static_configs: [{{targets: [{targets}]}}]\n"))
        super().__init__(stage, "prometheus", [
            needs("prometheus"), f"--config.file={config}", "--log.level=warn",
            f"--storage.tsdb.path={stage.path('tsdb')}",
            f"--web.listen-address=127.0.0.1:{self.port}"])

    async def query(self, expression):
        """The result of a PromQL query, a list."""
        path = "/api/v1/query?query=" + quote(expression)
        _, _, body = await http_get(self.port, path)
        answer = json.loads(body)
        assert answer["status"] == "success", (expression, answer)
        return answer["data"]["result"]
