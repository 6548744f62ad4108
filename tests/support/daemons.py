"""Programs that people run beside Sluice: Prometheus, HAProxy, nginx. Tests skip where one is not
installed."""
import asyncio
import json
import os
import re
import shutil
import signal
import unittest
from urllib.parse import quote

from support.servers import ROOT, Server, free_port, until
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
    """It scrapes gateways and the ports of publishers five times a second, with a file of rules."""

    def __init__(self, stage, gateways, publishers, rules):
        self.port = free_port()
        def job(name, ports):
            targets = ", ".join(f"'127.0.0.1:{port}'" for port in ports)
            return (f"  - job_name: {name}\n"
                    f"    static_configs: [{{targets: [{targets}]}}]\n")
        config = stage.write("prometheus.yml", (
            "global: {scrape_interval: 200ms, evaluation_interval: 200ms}\n"
            f"rule_files: ['{rules}']\n"
            "scrape_configs:\n" +
            job("sluice-gateway", [gateway.port for gateway in gateways]) +
            job("sluice-publisher", publishers)))
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


class HaProxy(Daemon):
    """deploy/haproxy.cfg with the backends' ports in the place of the name it looks up."""

    def __init__(self, stage, ports):
        self.port, self.status_port = free_port(), free_port()
        servers = "\n".join(f"    server gateway{n} 127.0.0.1:{port} check"
                            for n, port in enumerate(ports, 1))
        text = (ROOT / "deploy" / "haproxy.cfg").read_text()
        text = re.sub(r"(?m)^ *server-template .*$", servers, text)
        text = text.replace("bind :8080", f"bind 127.0.0.1:{self.port}")
        text = text.replace("bind :8404", f"bind 127.0.0.1:{self.status_port}")
        self.config = stage.write("haproxy.cfg", text)
        super().__init__(stage, "haproxy", [needs("haproxy"), "-W", "-db", "-f", self.config])

    async def servers_up(self):
        """The names of the servers whose checks succeed."""
        _, _, body = await http_get(self.status_port, "/metrics")
        rows = re.findall(r'haproxy_server_status{proxy="gateways",server="(\w+)",state="UP"} 1',
                          body.decode())
        return set(rows)

    async def has_up(self, names):
        async def so():
            return await self.servers_up() == set(names)
        await until(so, f"HAProxy has {names} up")

    def reload(self):
        self.signal(signal.SIGUSR2)


class Nginx(Daemon):
    """deploy/nginx.conf with the backends' ports, and its files on the stage."""

    def __init__(self, stage, ports):
        self.port = free_port()
        text = (ROOT / "deploy" / "nginx.conf").read_text()
        lines = iter(ports)
        text = re.sub(r"server 127\.0\.0\.1:808\d ",
                      lambda match: f"server 127.0.0.1:{next(lines)} ", text)
        text = text.replace("listen 8080;", f"listen 127.0.0.1:{self.port};")
        text = re.sub("worker_rlimit_nofile .*", "", text)
        text = re.sub("worker_connections .*", "worker_connections 1000;", text)
        text = text.replace("pid /run/nginx.pid", f"pid {stage.path('nginx.pid')}")
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        temporary = "\n".join(f"    {kind}_temp_path {stage.path('nginx-' + kind)};"
                              for kind in kinds)
        text = text.replace("http {\n", f"http {{\n{temporary}\n")
        self.config = stage.write("nginx.conf", text)
        super().__init__(stage, "nginx", [
            needs("nginx"), "-p", stage.directory, "-c", self.config, "-g", "daemon off;"])

    def reload(self):
        self.signal(signal.SIGHUP)
