"""Who is let in: origins, addresses behind proxies, limits on connections and handshakes."""
import asyncio
import struct
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.certificates import Certificate, client_context  # noqa: E402
from support.servers import ProcessTest, free_port, until  # noqa: E402
from support.wsclient import Client, Refused, handshake  # noqa: E402

STREAM = "trade.SOL_USDC"


def version_1(address):
    return f"PROXY TCP4 {address} 127.0.0.1 50000 443\r\n".encode()


def version_2(address):
    packed = bytes(int(part) for part in address.split("."))
    return (b"\r\n\r\n\0\r\nQUIT\n\x21\x11" + struct.pack("!H", 12) + packed + bytes([127, 0, 0, 1]) +
            struct.pack("!HH", 50000, 443))


class Admission(ProcessTest):
    async def refused(self, status, **how):
        with self.assertRaises(Refused) as caught:
            await self.stage.client(self.gateway, **how)
        self.assertEqual(caught.exception.status, status)
        return caught.exception

    async def cut(self, **how):
        with self.assertRaises((ConnectionError, asyncio.IncompleteReadError)):
            await self.stage.client(self.gateway, **how)

    async def refusals(self, reason):
        return (await self.gateway.metrics())[f'sluice_refusals_total{{reason="{reason}"}}']

    # ---- origins -----------------------------------------------------------------------------

    async def test_only_listed_origins_may_connect(self):
        self.redis, self.gateway = await self.pair("--origins", "https://app.example.com",
                                                   "--origins", "*.example.org")
        for origin in ("https://app.example.com", "https://a.example.org"):
            await self.stage.client(self.gateway, headers=[("Origin", origin)])
        for origin in ("https://evil.com", "http://app.example.com", "null"):
            await self.refused(403, headers=[("Origin", origin)])
        await self.stage.client(self.gateway)  # no browser
        self.assertEqual(await self.refusals("origin"), 3)

    async def test_clients_without_an_origin_may_be_refused(self):
        self.redis, self.gateway = await self.pair("--origins", "example.com", "--origin-missing",
                                                   "refuse")
        await self.refused(403)

    # ---- limits ------------------------------------------------------------------------------

    async def test_one_address_has_so_many_connections_and_another_has_its_own(self):
        self.redis, self.gateway = await self.pair("--max-connections-per-address", "3",
                                                   "--workers", "2")
        clients = [await self.stage.client(self.gateway, source="127.0.0.2") for _ in range(3)]
        refused = await self.refused(429, source="127.0.0.2")
        self.assertIn("retry-after", refused.headers)
        await self.stage.client(self.gateway, source="127.0.0.3")
        await clients[0].close()

        async def let_in():
            try:
                return await self.stage.client(self.gateway, source="127.0.0.2")
            except Refused:
                return None
        await until(let_in, "a place is free again")

    async def test_all_workers_together_have_so_many_connections(self):
        self.redis, self.gateway = await self.pair("--max-connections", "8", "--workers", "2")
        clients, refused = [], 0
        for _ in range(16):
            try:
                clients.append(await self.stage.client(self.gateway))
            except Refused as refusal:
                self.assertEqual(refusal.status, 503)
                self.assertIn("retry-after", refusal.headers)
                refused += 1
        self.assertGreaterEqual(refused, 6)
        self.assertGreaterEqual(len(clients), 6)

    async def test_a_flood_from_one_address_is_cut_and_others_are_served(self):
        self.redis, self.gateway = await self.pair("--max-connections-per-address", "20")
        listener = await self.listener(self.redis, self.gateway, STREAM, source="127.0.0.9")
        flood = [await Client.tcp(self.gateway.port) for _ in range(150)]
        self.stage.clients += flood
        await self.gateway_counts("flood", 60)
        await self.passes_through(self.redis, listener, STREAM)

    async def gateway_counts(self, reason, least):

        async def counted():
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", self.gateway.port, local_addr=("127.0.0.8", 0))
            writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            text = (await reader.read()).decode()
            writer.close()
            line = next(x for x in text.splitlines() if f'reason="{reason}"' in x and "refusals" in x)
            return float(line.split()[-1]) >= least
        await until(counted, f"{least} refusals for {reason}")

    async def test_handshakes_of_one_address_have_a_rate(self):
        self.redis, self.gateway = await self.pair("--handshake-rate-per-address", "1")
        for _ in range(10):
            await self.stage.client(self.gateway, source="127.0.0.2")
        await self.refused(429, source="127.0.0.2")
        await self.stage.client(self.gateway, source="127.0.0.3")
        self.assertEqual(await self.refusals("address_handshakes"), 1)

    # ---- proxies -----------------------------------------------------------------------------

    def forwarded(self, address):
        return {"headers": [("X-Forwarded-For", address)]}

    async def test_behind_a_trusted_proxy_the_forwarded_address_counts(self):
        self.redis, self.gateway = await self.pair("--max-connections-per-address", "1",
                                                   "--trusted-proxies", "loopback")
        await self.stage.client(self.gateway, **self.forwarded("192.0.2.1"))
        await self.stage.client(self.gateway, **self.forwarded("192.0.2.2"))
        await self.refused(429, **self.forwarded("9.9.9.9, 192.0.2.1"))

    async def test_a_strangers_forwarded_address_is_not_believed(self):
        self.redis, self.gateway = await self.pair("--max-connections-per-address", "1")
        await self.stage.client(self.gateway, source="127.0.0.2", **self.forwarded("192.0.2.1"))
        await self.refused(429, source="127.0.0.2", **self.forwarded("192.0.2.2"))

    async def begin_with_proxy(self, *flags, options=",proxy=on"):
        self.port = free_port()
        self.redis, self.gateway = await self.pair(
            "--listen", f"127.0.0.1:{self.port}{options}", "--trusted-proxies", "127.0.0.1",
            "--max-connections-per-address", "1", *flags, listen="127.0.0.1:{port},tls=off")

    async def test_both_versions_of_the_proxy_protocol_say_who_connects(self):
        await self.begin_with_proxy()
        await self.stage.client(self.gateway, port=self.port, first=version_1("192.0.2.1"))
        await self.stage.client(self.gateway, port=self.port, first=version_2("192.0.2.2"))
        await self.refused(429, port=self.port, first=version_2("192.0.2.1"))
        await self.refused(429, port=self.port, first=version_1("192.0.2.2"))

    async def test_a_proxy_header_may_come_in_pieces_and_with_the_handshake(self):
        await self.begin_with_proxy()
        client = await Client.tcp(self.port)
        self.stage.clients.append(client)
        everything = version_2("192.0.2.1") + handshake("/")
        for at in range(len(everything)):
            await client.send_raw(everything[at:at + 1])
        head = await asyncio.wait_for(client.reader.readuntil(b"\r\n\r\n"), 15)
        self.assertIn(b" 101 ", head)

    async def test_without_a_header_or_with_nonsense_it_is_cut(self):
        await self.begin_with_proxy()
        await self.cut(port=self.port)
        await self.cut(port=self.port, first=b"PROXY TCP4 nonsense\r\n")
        self.assertEqual(await self.refusals("proxy_header"), 2)

    async def test_whoever_is_no_trusted_proxy_is_cut_whatever_it_says(self):
        await self.begin_with_proxy()
        await self.cut(port=self.port, source="127.0.0.2", first=version_1("192.0.2.1"))
        self.assertEqual(await self.refusals("proxy_header"), 1)

    async def test_who_sends_no_header_in_time_is_cut(self):
        await self.begin_with_proxy("--handshake-timeout", "1s")
        client = await Client.tcp(self.port)
        self.stage.clients.append(client)
        self.assertEqual(await asyncio.wait_for(client.reader.read(), 10), b"")

    async def test_the_header_comes_before_tls(self):
        authority = Certificate("authority")
        certificate = Certificate("localhost", authority)
        pem = self.stage.write("cert.pem", certificate.pem + certificate.key_pem)
        await self.begin_with_proxy("--tls-cert", pem)
        trust = client_context(authority)
        await self.stage.client(self.gateway, port=self.port, first=version_2("192.0.2.1"), tls=trust)
        await self.refused(429, port=self.port, first=version_2("192.0.2.1"), tls=trust)

    async def test_proxy_on_without_trusted_proxies_ends_the_start(self):
        redis = await self.stage.redis()
        gateway = await self.stage.gateway(redis, ready=False, listen="127.0.0.1:{port},proxy=on")
        gateway.expected_exit = 2
        self.assertEqual(await gateway.exited(), 2)
        self.assertIn("trusted-proxies: must be given", gateway.stderr())


if __name__ == "__main__":
    unittest.main()
