"""sluice-gateway --check: what would hurt is said beforehand, a line each."""
import re
import socket
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.servers import BUILD, ProcessTest, free_port  # noqa: E402

LINE = re.compile(r"^(ok|warn|fail) +([^:]+(?::\d+)?): (.+)$")
HEALTHY = "pubsub 268435456 67108864 60"


class Doctor(ProcessTest):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.redis = await self.stage.redis()
        self.port = free_port()

    def check(self, *flags, listen=None, redis=None):
        """(exit code, [(verdict, about, text)])"""
        done = subprocess.run(
            [BUILD / "sluice-gateway", "--check", "--listen", listen or f"127.0.0.1:{self.port}",
             "--redis", redis or self.redis.url, *flags], capture_output=True, text=True,
            env=self.stage.environment(), check=False, timeout=60)
        *lines, total = done.stdout.splitlines()
        found = [LINE.match(line).groups() for line in lines]
        counts = [sum(verdict == word for word, _, _ in found) for verdict in ("ok", "warn", "fail")]
        self.assertEqual(total, "{} ok, {} to look at, {} that would fail".format(*counts))
        self.assertEqual(done.stderr, "")
        return done.returncode, found

    def has(self, found, verdict, about, words):
        self.assertTrue(any(v == verdict and about in a and words in t for v, a, t in found), found)

    async def test_where_all_is_well_every_line_is_ok_and_nothing_is_left_behind(self):
        self.redis.command_now("CONFIG", "SET", "client-output-buffer-limit", HEALTHY)
        code, found = self.check()
        self.assertEqual(code, 0)
        self.assertEqual([row for row in found if row[0] == "fail"], [])
        self.has(found, "ok", "listen", str(self.port))
        self.has(found, "ok", "redis", "Redis ")
        self.has(found, "ok", "redis", "pubsub 256mb 64mb 60")
        self.has(found, "ok", "redis", "clocks are")
        with socket.socket() as free:
            free.bind(("127.0.0.1", self.port))

    async def test_a_redis_that_cannot_be_reached_fails_and_says_why(self):
        code, found = self.check(redis=f"redis://127.0.0.1:{free_port()}")
        self.assertEqual(code, 1)
        self.has(found, "fail", "redis", "Connection refused")

    async def test_a_small_buffer_in_redis_is_warned_of_with_what_to_set(self):
        code, found = self.check()
        self.assertEqual(code, 0)
        self.has(found, "warn", "redis", "set pubsub 256mb 64mb 60")

    async def test_a_redis_that_is_full_fails(self):
        self.redis.command_now("CONFIG", "SET", "maxclients", "3")
        code, found = self.check()
        self.assertEqual(code, 1)
        self.has(found, "fail", "redis", "raise maxclients")

    async def test_a_replica_fails(self):
        master = await self.stage.redis()
        self.redis.command_now("REPLICAOF", "127.0.0.1", str(master.port))
        code, found = self.check()
        self.assertEqual(code, 1)
        self.has(found, "fail", "redis", "is a replica")

    async def test_a_redis_that_is_no_cluster_fails_as_one(self):
        code, found = self.check(redis=f"redis+cluster://127.0.0.1:{self.redis.port}")
        self.assertEqual(code, 1)
        self.has(found, "fail", "redis", "say redis://")

    async def test_a_user_who_may_not_publish_the_probe_fails(self):
        self.redis.command_now("ACL", "SETUSER", "gw", "on", ">pw", "allchannels", "+@all",
                               "-publish")
        code, found = self.check(redis=f"redis://gw:pw@127.0.0.1:{self.redis.port}")
        self.assertEqual(code, 1)
        self.has(found, "fail", "redis", "PUBLISH sluice:_probe.*")

    async def test_a_port_that_somebody_else_has_fails_and_one_of_a_gateway_is_a_warning(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            code, found = self.check(listen="127.0.0.1:%d" % taken.getsockname()[1])
        self.assertEqual(code, 1)
        self.has(found, "fail", "listen", "in use")
        gateway = await self.stage.gateway(self.redis)
        code, found = self.check(listen=f"127.0.0.1:{gateway.port}")
        self.assertEqual(code, 0)
        self.has(found, "warn", "listen", "already")

    async def test_more_connections_than_descriptors_fail(self):
        code, found = self.check("--max-connections", "90000000")
        self.assertEqual(code, 1)
        self.has(found, "fail", "max-connections", "LimitNOFILE")

    async def test_a_certificate_that_is_soon_over_and_a_port_without_tls_are_warnings(self):
        _, found = self.check(listen=f"0.0.0.0:{self.port}")
        self.has(found, "warn", "tls-cert", "without TLS")
        for days, verdict in ((5, "warn"), (90, "ok")):
            cert = self.certificate(days)
            _, found = self.check("--tls-cert", cert)
            self.has(found, verdict, "tls-cert", "is valid for another")

    def certificate(self, days):
        path = self.stage.path(f"{days}.pem")
        key = self.stage.path(f"{days}.key")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=x", "-days",
                        str(days), "-keyout", key, "-out", path], check=True, capture_output=True)
        path.write_bytes(path.read_bytes() + key.read_bytes())
        return str(path)

    async def test_settings_that_do_not_go_together_are_warned_of(self):
        _, found = self.check("--ping-interval", "58s", "--pong-timeout", "70s",
                              "--origin-missing", "refuse")
        self.has(found, "warn", "ping-interval", "60 s")
        self.has(found, "warn", "origin-missing", "without origins")


if __name__ == "__main__":
    unittest.main()
