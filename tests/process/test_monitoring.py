"""What deploy/ gives to watch Sluice with: metrics by convention, alert rules, a dashboard."""
import json
import re
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.daemons import Prometheus, needs  # noqa: E402
from support.servers import ROOT, ProcessTest, free_port, until  # noqa: E402
from support.wsclient import http_get  # noqa: E402

RULES = ROOT / "deploy" / "prometheus" / "alerts.yml"
RULES_TEST = ROOT / "tests" / "prometheus" / "alerts_test.yml"
DASHBOARD = ROOT / "deploy" / "grafana" / "sluice.json"
SAMPLE = ROOT / "deploy" / "samples" / "exchange.ndjson"
VARIABLES = {"$__rate_interval": "5s", "$__range": "5s", "$job": ".*", "$instance": ".*"}


def run(*command, given=None):
    return subprocess.run(command, input=given, capture_output=True, text=True, check=False)


def expressions():
    """(panel, query) of everything the dashboard asks of Prometheus."""
    dashboard = json.loads(DASHBOARD.read_text())
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            query = target["expr"]
            for name, value in VARIABLES.items():
                query = query.replace(name, value)
            yield panel["title"], query


class Rules(unittest.TestCase):
    def test_each_alert_fires_when_it_should_and_only_then(self):
        done = run(needs("promtool"), "test", "rules", str(RULES_TEST))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_each_alert_has_a_test(self):
        names = set(re.findall(r"alert: (\w+)", RULES.read_text()))
        tested = set(re.findall(r"alertname: (\w+)\n +exp_alerts:\n", RULES_TEST.read_text()))
        self.assertEqual(names, tested)


class Monitoring(ProcessTest):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.redis, self.gateway = await self.pair("--class", "trades=trade.*", "--workers", "2")

    async def publish(self):
        """The port of a publisher's metrics."""
        port = free_port()
        await self.stage.publisher(self.redis, "--source", f"replay={SAMPLE},speed=10,loop",
                                   "--http", f"127.0.0.1:{port}")
        return port

    async def names(self, port):
        """The names of all metrics there."""
        _, _, body = await http_get(port, "/metrics")
        return set(re.findall(r"(?m)^([a-z_]+)", body.decode()))

    async def test_metrics_follow_the_conventions(self):
        _, _, body = await self.gateway.get("/metrics")
        done = run(needs("promtool"), "check", "metrics", given=body.decode())
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)

    async def test_what_the_process_takes_is_measured(self):
        await self.gateway.metric_reaches("process_cpu_seconds_total", 0.01)
        found = await self.gateway.metrics()
        self.assertGreater(found["process_resident_memory_bytes"], 1e6)
        self.assertGreater(found["process_open_fds"], 10)
        self.assertGreater(found["process_max_fds"], found["process_open_fds"])
        self.assertGreater(found["process_start_time_seconds"], 1.7e9)

    async def test_every_query_of_the_dashboard_finds_something(self):
        prometheus = Prometheus(self.stage, [self.gateway], [await self.publish()], RULES)
        self.stage.servers.append(prometheus)
        await prometheus.up("/-/ready")
        await self.listener(self.redis, self.gateway, "trade.SOL_USDC")

        async def flows():
            rows = await prometheus.query("rate(sluice_deliveries_total[5s]) > 0 and on () "
                                          "rate(sluice_publisher_source_events_total[5s]) > 0")
            return rows and await prometheus.query("sluice_subscriptions == 1")
        await until(flows, "Prometheus sees deliveries")
        for panel, query in expressions():
            self.assertTrue(await prometheus.query(query), f"{panel}: nothing for {query}")

    async def test_every_metric_of_the_rules_exists(self):
        rules = RULES.read_text()
        asked = set(re.findall(r"\b((?:sluice|process)_[a-z_]+)\b", rules))
        port = await self.publish()
        await until(lambda: self.answers(port), "the publisher answers")
        found = await self.names(self.gateway.port) | await self.names(port)
        self.assertEqual(asked - found, set())

    async def answers(self, port):
        try:
            return (await http_get(port, "/healthz"))[0] == 200
        except OSError:
            return False


if __name__ == "__main__":
    unittest.main()
