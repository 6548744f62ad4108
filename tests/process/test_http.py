"""What the gateway answers to plain HTTP on its port."""
import json
import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.servers import PREFIX, ProcessTest  # noqa: E402
from support.wsclient import (TEXT, Refused, frame, handshake,  # noqa: E402
                              read_response, request)

STREAM = "trade.SOL_USDC"
SAMPLE = re.compile(r'^((?:sluice|process)_[a-z0-9_]+)(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? -?[0-9.e+-]+$')


class Http(ProcessTest):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.redis, self.gateway = await self.pair()

    async def test_healthz_and_readyz_say_200_while_all_is_well(self):
        for path in ("/healthz", "/readyz"):
            self.assertEqual(await self.gateway.status(path), 200)

    async def test_an_unknown_path_is_not_found(self):
        self.assertEqual(await self.gateway.status("/no/such/page"), 404)

    async def test_metrics_are_prometheus_text(self):
        client = await self.listener(self.redis, self.gateway, STREAM)
        await self.passes_through(self.redis, client, STREAM, 5)
        status, headers, body = await self.gateway.get("/metrics")
        self.assertEqual(status, 200)
        self.assertTrue(headers["content-type"].startswith("text/plain"), headers)
        typed = set()
        for line in body.decode().splitlines():
            if line.startswith("# TYPE "):
                name, kind = line.split()[2:]
                self.assertNotIn(name, typed)
                self.assertIn(kind, ("counter", "gauge", "histogram"))
                typed.add(name)
            elif not line.startswith("#"):
                match = SAMPLE.match(line)
                self.assertTrue(match, line)
                family = re.sub(r"_(bucket|sum|count)$", "", match[1])
                self.assertTrue({match[1], family} & typed, line)

    async def test_counters_count_what_happens(self):
        before = await self.gateway.metrics()
        client = await self.listener(self.redis, self.gateway, STREAM)
        await self.passes_through(self.redis, client, STREAM, 5)
        after = await self.gateway.metrics()
        rose = {name for name, value in after.items() if value > before.get(name, 0)}
        self.assertGreaterEqual(len(rose), 3, after)

    async def test_streams_is_json(self):
        await self.listener(self.redis, self.gateway, STREAM)
        status, headers, body = await self.gateway.get("/streams")
        self.assertEqual(status, 200)
        self.assertTrue(headers["content-type"].startswith("application/json"), headers)
        row = json.loads(body)["listening"][0]
        self.assertEqual((row["stream"], row["listeners"]), (STREAM, 1))

    async def test_large_answers_come_whole(self):
        names = [f"trade.{'P' * 100}{n}" for n in range(500)]
        client = await self.stage.client(self.gateway)
        await client.subscribe(*names)
        await client.fence()
        _, _, body = await self.gateway.get("/streams")
        rows = json.loads(body)["listening"]
        self.assertEqual({row["stream"] for row in rows if row["listeners"] == 1}, set(names))

    async def test_a_connection_is_used_for_several_requests(self):
        client = await self.stage.connection(self.gateway)
        for path in ("/healthz", "/metrics", "/readyz"):
            await client.send_raw(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            status, _, _ = await read_response(client.reader)
            self.assertEqual(status, 200)
        await client.drop()

    async def test_methods_and_requests_that_make_no_sense_do_no_harm(self):
        for text in ("DELETE /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "POST /streams HTTP/1.1\r\n"
                     "Host: x\r\nContent-Length: 2\r\n\r\n{}", "GET\r\n\r\n", "\r\n\r\n\r\n",
                     "GET /%00%ff%zz HTTP/1.1\r\nHost: x\r\n\r\n", "\x16\x03\x01\x02\x00\x01",
                     "GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n"):
            client = await self.stage.connection(self.gateway)
            await client.send_raw(text.encode("latin-1"))
            await client.drop()
        self.assertEqual(await self.gateway.status("/healthz"), 200)
        client = await self.listener(self.redis, self.gateway, STREAM)
        await self.passes_through(self.redis, client, STREAM)

    async def test_an_upgrade_to_something_else_is_refused(self):
        for old, new in (("Upgrade: websocket", "Upgrade: h2c"),
                         ("Version: 13", "Version: 99"), ("Sec-WebSocket-Key", "X-Key")):
            client = await self.stage.connection(self.gateway)
            await client.send_raw(handshake("/").replace(old.encode(), new.encode()))
            try:
                status, _, _ = await read_response(client.reader)
            except (EOFError, ConnectionError):
                status = 0
            self.assertNotEqual(status, 101, (old, new))
            client.kill()
        self.assertEqual(await self.gateway.status("/healthz"), 200)

    async def test_an_upgrade_of_a_path_that_serves_nothing_is_refused(self):
        for path in ("/healthz", "/no/such/page"):
            with self.assertRaises((Refused, EOFError)):
                await self.stage.client(self.gateway, path)

    async def test_bytes_that_follow_the_upgrade_request_at_once_are_frames(self):
        client = await self.stage.connection(self.gateway)
        subscribe = frame(TEXT, request("SUBSCRIBE", STREAM).encode())
        await client.send_raw(handshake("/") + subscribe)
        self.assertEqual((await read_response(client.reader))[0], 101)
        client.start_reading()
        await self.redis.has_listeners(PREFIX + STREAM, 1)
        await self.passes_through(self.redis, client, STREAM)


if __name__ == "__main__":
    unittest.main()
