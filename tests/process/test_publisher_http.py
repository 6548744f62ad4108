"""What a publisher says of itself over HTTP, and what its listener bears."""
import asyncio
import json
import subprocess
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.daemons import needs  # noqa: E402
from support.servers import ProcessTest, free_port, until  # noqa: E402
from support.wsclient import http_get  # noqa: E402


class PublisherHttp(ProcessTest):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.redis = await self.stage.redis()
        self.port, self.lines = free_port(), free_port()
        self.publisher = await self.stage.publisher(
            self.redis, "--source", f"lines=tcp://127.0.0.1:{self.lines}",
            "--http", f"127.0.0.1:{self.port}")
        await self.answers("/readyz", 200)

    async def status(self, path):
        try:
            return (await http_get(self.port, path))[0]
        except (OSError, EOFError, asyncio.TimeoutError):
            return 0

    async def answers(self, path, status):
        async def there():
            assert self.publisher.running, self.publisher.tail()
            return await self.status(path) == status
        await until(there, f"{path} answers {status}")

    async def metrics(self):
        _, _, body = await http_get(self.port, "/metrics")
        pairs = (line.rsplit(" ", 1) for line in body.decode().splitlines() if line[0] != "#")
        return {name: float(value) for name, value in pairs}

    async def send(self, *lines):
        _, writer = await asyncio.open_connection("127.0.0.1", self.lines)
        writer.write("".join(line + "\n" for line in lines).encode())
        await writer.drain()
        writer.close()

    async def test_events_are_counted_by_source_with_their_lag(self):
        now = int(time.time() * 1000)
        await self.send(*(json.dumps({"stream": "a", "data": n, "time": now}) for n in range(7)),
                        "no JSON")

        async def published():
            return (await self.metrics())["sluice_publisher_published_events_total"] == 7
        await until(published, "seven events are published")
        found = await self.metrics()
        source = '{source="1",kind="lines"}'
        self.assertEqual(found["sluice_publisher_source_events_total" + source], 7)
        self.assertEqual(found["sluice_publisher_source_bad_total" + source], 1)
        self.assertEqual(found["sluice_publisher_event_lag_seconds_count" + source], 7)
        self.assertEqual(found["sluice_publisher_source_up" + source], 1)
        self.assertEqual(found["sluice_publisher_redis_links_open"], 1)
        self.assertEqual(found["sluice_publisher_backlog_events"], 0)

    async def test_metrics_follow_the_conventions(self):
        await self.send('{"stream":"a","data":1,"time":1}')
        _, headers, body = await http_get(self.port, "/metrics")
        self.assertIn("version=0.0.4", headers["content-type"])
        done = subprocess.run([needs("promtool"), "check", "metrics"], input=body,
                              capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""), done.stdout)

    async def test_it_is_not_ready_while_redis_is_away(self):
        _, _, body = await http_get(self.port, "/readyz")
        ready = json.loads(body)
        self.assertEqual(ready["sources"][0]["state"], "live")
        await self.redis.kill()
        await self.answers("/readyz", 503)
        self.assertEqual(await self.status("/healthz"), 200)
        await self.redis.up()
        await self.answers("/readyz", 200)

    async def test_it_is_not_ready_while_a_server_upstream_is_not_there(self):
        port = free_port()
        await self.stage.publisher(self.redis, "--http", f"127.0.0.1:{port}", "--source", "lines",
                                   "--source", f"nano=ws://127.0.0.1:{free_port()}/secret")

        async def says_why():
            try:
                status, _, body = await http_get(port, "/readyz")
            except OSError:
                return None
            nano = json.loads(body)["sources"][1]
            return "why" in nano and (status, nano["kind"], nano["state"], body)
        status, kind, state, body = await until(says_why, "it says why")
        self.assertEqual((status, kind, state), (503, "nano", "connecting"))
        self.assertNotIn(b"secret", body)

    async def test_bad_requests_and_connections_that_say_nothing_harm_nobody(self):
        idle = [await asyncio.open_connection("127.0.0.1", self.port) for _ in range(20)]
        for text in (b"\x16\x03\x01\n\n", b"POST /metrics HTTP/1.1\r\nHost: x\r\n\r\n", b"\r\n" * 99,
                     b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\n\r\n",
                     b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                     b"\r\n"):
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(text)
            writer.close()
        self.assertEqual(await self.status("/healthz"), 200)
        self.assertEqual(await self.status("/no/such/page"), 404)
        for _, writer in idle:
            writer.close()

    async def test_more_connections_than_it_takes_are_closed_at_once(self):
        held = [await asyncio.open_connection("127.0.0.1", self.port) for _ in range(100)]
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.assertEqual(await asyncio.wait_for(reader.read(), 5), b"")
        for _, other in [*held, (None, writer)]:
            other.close()
        await self.answers("/healthz", 200)

    async def test_an_address_that_is_taken_or_wrong_is_named(self):
        for address, why in ((f"127.0.0.1:{self.port}", "address already in use"),
                             ("9181", "not HOST:PORT")):
            other = await self.stage.publisher(self.redis, "--source", "lines", "--http", address)
            other.expected_exit = 2
            self.assertEqual(await other.exited(), 2)
            self.assertIn(f"http: cannot listen on {address}: {why}", other.stderr())


if __name__ == "__main__":
    unittest.main()
