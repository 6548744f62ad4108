"""Three gateways behind HAProxy and behind nginx, with the configurations of deploy/."""
import asyncio
import signal
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.daemons import HaProxy, Nginx  # noqa: E402
from support.servers import PREFIX, ProcessTest, until  # noqa: E402
from support.wsclient import http_get  # noqa: E402

STREAM = "trade.SOL_USDC"
GOING_AWAY = 1001
CLIENTS = 12


class Behind:
    """What holds behind either; the classes below name the balancer."""

    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.redis = await self.stage.redis()
        self.gateways = [await self.stage.gateway(self.redis) for _ in range(3)]
        self.balancer = await self.put_before([gateway.port for gateway in self.gateways])

    async def put_before(self, ports):
        balancer = self.kind(self.stage, ports)
        self.stage.servers.append(balancer)
        return await balancer.up("/healthz")

    async def clients_of(self, gateway):
        return int(await gateway.metric("sluice_clients"))

    async def connect(self, count):
        return [await self.listener(self.redis, self.balancer, STREAM) for _ in range(count)]

    async def all_hear(self, clients):
        self.redis.publish(PREFIX + STREAM, '{"to":"all"}')
        for client in clients:
            self.assertEqual(await client.json(), {"stream": STREAM, "data": {"to": "all"}})

    async def test_clients_are_spread_evenly(self):
        clients = await self.connect(CLIENTS)
        counts = [await self.clients_of(gateway) for gateway in self.gateways]
        self.assertEqual(sum(counts), CLIENTS)
        self.assertGreaterEqual(min(counts), CLIENTS // 3 - 1)
        await self.all_hear(clients)

    async def test_a_rolling_restart_closes_only_who_was_on_the_gateway_that_restarts(self):
        clients = await self.connect(CLIENTS)
        for gateway in self.gateways:
            alive = [client for client in clients if not client.ended]
            here = await self.clients_of(gateway)
            gateway.signal(signal.SIGTERM)
            newcomers = await self.connect(3)  # while it drains
            self.assertEqual(await gateway.exited(), 0)
            await until(lambda a=alive, n=here: sum(c.ended for c in a) == n,
                        f"{here} clients are closed")
            for client in alive:
                if client.ended:
                    self.assertEqual((await client.closed()).code, GOING_AWAY)
            await gateway.up()
            await self.comes_back(gateway)
            clients = [client for client in alive if not client.ended] + newcomers
            await self.all_hear(clients)

    async def comes_back(self, gateway):
        """A restarted gateway gets clients again: being empty, it is the next to be chosen."""
        async def got_one():
            client = await self.stage.client(self.balancer)
            if await self.clients_of(gateway) > 0:
                client.kill()
                return True
            client.kill()
            return False
        await until(got_one, f"{gateway.name} gets new clients")

    async def test_a_dead_gateway_gets_no_new_clients(self):
        first, *others = self.gateways
        await first.kill()
        first.expected_exit = -signal.SIGKILL
        clients = await self.connect(CLIENTS)
        counts = [await self.clients_of(gateway) for gateway in others]
        self.assertEqual(sum(counts), CLIENTS)
        await self.all_hear(clients)

    async def test_a_reload_of_the_balancer_drops_nobody(self):
        clients = await self.connect(CLIENTS)
        self.balancer.reload()
        clients += await self.connect(3)
        await self.all_hear(clients)

    async def test_metrics_are_not_shown_to_the_world(self):
        for path, status in (("/metrics", 404), ("/readyz", 200)):
            self.assertEqual((await http_get(self.balancer.port, path))[0], status)

    async def test_gateways_learn_the_clients_address_and_not_what_it_claims(self):
        heads = []

        async def take_head(reader, writer):
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(take_head, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            await self.balancer.end()
            balancer = await self.put_before([port] * 3)
            client = await self.stage.connection(balancer)
            await client.send_raw(b"GET /who HTTP/1.1\r\nHost: x\r\n"
                                  b"X-Forwarded-For: 203.0.113.7\r\n\r\n")
            await until(lambda: any(b"/who" in head for head in heads), "the request comes")
            head = next(head for head in heads if b"/who" in head).decode().lower()
            self.assertIn("x-forwarded-for: 127.0.0.1\r\n", head)
            self.assertNotIn("203.0.113.7", head)
            await client.drop()


class BehindHaProxy(Behind, ProcessTest):
    kind = HaProxy

    async def test_a_gateway_that_hangs_gets_no_new_clients_and_keeps_its_own(self):
        clients = await self.connect(CLIENTS)
        first = self.gateways[0]
        first.signal(signal.SIGSTOP)
        try:
            await self.balancer.has_up(["gateway2", "gateway3"])
            await self.connect(3)
        finally:
            first.signal(signal.SIGCONT)
        await self.balancer.has_up(["gateway1", "gateway2", "gateway3"])
        await self.all_hear(clients)

    async def test_a_gateway_that_lost_redis_gets_no_new_clients(self):
        own = await self.stage.redis()
        deaf = await self.stage.gateway(own)
        await self.balancer.end()
        self.balancer = await self.put_before([deaf.port, self.gateways[1].port])
        await self.balancer.has_up(["gateway1", "gateway2"])
        await own.kill()
        await deaf.turns_red()
        await self.balancer.has_up(["gateway2"])
        await self.connect(4)
        self.assertEqual(await self.clients_of(deaf), 0)


class BehindNginx(Behind, ProcessTest):
    kind = Nginx


if __name__ == "__main__":
    unittest.main()
