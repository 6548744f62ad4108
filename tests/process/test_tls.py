"""TLS: wss:// clients are served like others, and certificates are renewed without dropping them."""
import asyncio
import signal
import socket
import ssl
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.certificates import DAY, Certificate, client_context, serial_of  # noqa: E402
from support.servers import ProcessTest, free_port, until  # noqa: E402
from support.wsclient import frame, handshake, PING, TEXT  # noqa: E402

STREAM = "trade.SOL_USDC"


class Tls(ProcessTest):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.authority = Certificate("authority")
        self.trust = client_context(self.authority)
        self.tls_port = free_port()

    def install(self, certificate, key=None):
        self.stage.write("cert.pem", certificate.pem + self.authority.pem)
        self.stage.write("key.pem", (key or certificate).key_pem)

    async def begin(self, *flags, certificate=None):
        """A gateway with a plain address, for the tests' own questions, and one with TLS."""
        self.certificate = certificate or Certificate("localhost", self.authority)
        self.install(self.certificate)
        self.redis, self.gateway = await self.pair(
            "--listen", f"127.0.0.1:{self.tls_port}", "--tls-cert", self.stage.path("cert.pem"),
            "--tls-key", self.stage.path("key.pem"), *flags, listen="127.0.0.1:{port},tls=off")

    async def secure(self, trust=None, **how):
        return await self.stage.client(self.gateway, port=self.tls_port, tls=trust or self.trust,
                                       **how)

    async def listening(self, **how):
        client = await self.secure(**how)
        await self.listen(self.redis, client, STREAM)
        return client

    # ---- service -----------------------------------------------------------------------------

    async def test_messages_come_over_tls_as_over_plain_tcp(self):
        await self.begin()
        secure, plain = await self.listening(), await self.listener(self.redis, self.gateway, STREAM)
        await self.passes_through(self.redis, secure, STREAM, count=50)
        self.assertEqual(len(await plain.texts(50)), 50)

    async def test_both_versions_are_spoken_and_the_older_one_only_if_allowed(self):
        await self.begin()
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            client = await self.listening(trust=client_context(self.authority, version))
            await self.passes_through(self.redis, client, STREAM)
            await client.close()

    async def test_only_tls_1_3_where_it_is_demanded(self):
        await self.begin("--tls-min", "1.3")
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            await self.secure(trust=client_context(self.authority, ssl.TLSVersion.TLSv1_2))
        await self.secure()

    async def test_a_large_request_in_one_record_is_read_to_its_end(self):
        await self.begin()
        client = await self.secure(path="/stream")
        await client.subscribe(*(f"trade.S{n:04d}" for n in range(1000)))
        # nothing else happens that could wake the gateway
        self.assertEqual(await client.json(), {"result": None, "id": 1})

    async def test_requests_in_the_same_record_as_the_handshake_are_served(self):
        await self.begin()
        client = await self.stage.connection(self.gateway)
        client.kill()
        client = await type(client).tcp(self.tls_port, tls=self.trust)
        self.stage.clients.append(client)
        request = b'{"method":"SUBSCRIBE","params":["%s"],"id":1}' % STREAM.encode()
        await client.send_raw(handshake("/") + frame(TEXT, request) + frame(PING, b"x" * 100))
        await self.gateway.has_subscriptions(1)

    async def test_a_slow_reader_over_tls_gets_every_byte_in_order(self):
        await self.begin()
        client = await self.secure(read=False, receive_buffer=4096)
        await client.subscribe(STREAM)
        await self.gateway.has_subscriptions(1)
        texts = ['{"n":%d,"x":"%s"}' % (n, "y" * 2000) for n in range(300)]
        self.redis.publish_all("sluice:" + STREAM, texts)
        await self.gateway.metric_reaches("sluice_messages_total", 300)
        client.start_reading()
        got = await client.texts(300)
        self.assertEqual(got, [f'{{"stream":"{STREAM}","data":{text}}}' for text in texts])

    async def test_plain_bytes_on_a_tls_address_end_that_connection_only(self):
        await self.begin()
        client = await self.listening()
        with self.assertRaises((ConnectionError, asyncio.IncompleteReadError)):
            await self.stage.client(self.gateway, port=self.tls_port)
        await self.passes_through(self.redis, client, STREAM)

    # ---- sessions ----------------------------------------------------------------------------

    def connect_once(self, session=None):
        """(was it resumed, the session for the next one)"""
        with socket.create_connection(("127.0.0.1", self.tls_port)) as raw:
            with self.trust.wrap_socket(raw, server_hostname="localhost", session=session) as s:
                s.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                answer = b""
                while b"ok" not in answer.split(b"\r\n\r\n", 1)[-1]:
                    answer += s.recv(4096)
                return s.session_reused, s.session

    async def test_a_session_is_resumed_whichever_worker_takes_the_connection(self):
        await self.begin("--workers", "2")
        _, session = await asyncio.to_thread(self.connect_once)
        for _ in range(12):  # the kernel spreads them over both
            reused, session = await asyncio.to_thread(self.connect_once, session)
            self.assertTrue(reused)

    # ---- certificates ------------------------------------------------------------------------

    async def reload(self):
        lines = self.gateway.stderr().count("reloaded")
        self.gateway.signal(signal.SIGHUP)
        await until(lambda: self.gateway.stderr().count("reloaded") > lines, "it has reloaded")

    async def test_a_renewed_certificate_is_shown_to_newcomers_and_nobody_is_dropped(self):
        await self.begin()
        before = await self.listening()
        renewed = Certificate("localhost", self.authority, kind="rsa")
        self.install(renewed)
        await self.reload()
        after = await self.listening()
        self.assertEqual(serial_of(before), self.certificate.serial)
        self.assertEqual(serial_of(after), renewed.serial)
        await self.passes_through(self.redis, before, STREAM)

    async def test_a_bad_file_at_reload_changes_nothing_and_the_log_says_so(self):
        await self.begin()
        self.install(Certificate("localhost", self.authority), key=Certificate("other"))
        await self.reload()
        self.assertIn("does not belong to the certificate", self.gateway.stderr())
        self.assertEqual(serial_of(await self.listening()), self.certificate.serial)

    async def refused_start(self, certificate, key=None, *flags):
        self.install(certificate, key)
        redis = await self.stage.redis()
        gateway = await self.stage.gateway(redis, "--tls-cert", self.stage.path("cert.pem"),
                                           "--tls-key", self.stage.path("key.pem"), *flags,
                                           ready=False)
        gateway.expected_exit = 2
        self.assertEqual(await gateway.exited(), 2)
        lines = gateway.stderr().splitlines()
        self.assertEqual(len(lines), 1, lines)
        return lines[0]

    async def test_an_expired_certificate_ends_the_start(self):
        old = Certificate("localhost", self.authority, starts=-2 * DAY, ends=-DAY)
        self.assertIn("expired on", await self.refused_start(old))

    async def test_a_key_of_another_certificate_ends_the_start(self):
        line = await self.refused_start(Certificate("localhost", self.authority),
                                        Certificate("other"))
        self.assertIn("tls-key", line)
        self.assertIn("does not belong to the certificate", line)

    async def test_client_certificates_without_an_authority_end_the_start(self):
        line = await self.refused_start(Certificate("localhost", self.authority), None,
                                        "--tls-client-cert", "required")
        self.assertIn("tls-client-ca", line)

    # ---- client certificates -----------------------------------------------------------------

    def trust_with(self, certificate):
        context = client_context(self.authority)
        path = self.stage.write("client.pem", certificate.pem + certificate.key_pem)
        context.load_cert_chain(path)
        return context

    async def begin_with_clients(self, rule):
        path = self.stage.write("clients.pem", self.authority.pem)
        await self.begin("--tls-client-cert", rule, "--tls-client-ca", path)

    async def refused(self, trust):
        with self.assertRaises((ssl.SSLError, ConnectionError, asyncio.IncompleteReadError)):
            await self.secure(trust=trust)

    async def test_a_required_client_certificate_must_be_there_and_signed(self):
        await self.begin_with_clients("required")
        await self.secure(trust=self.trust_with(Certificate("client", self.authority)))
        await self.refused(self.trust)
        await self.refused(self.trust_with(Certificate("stranger", Certificate("elsewhere"))))

    async def test_an_optional_one_may_be_missing_but_not_bad(self):
        await self.begin_with_clients("optional")
        await self.secure()
        await self.refused(self.trust_with(Certificate("stranger", Certificate("elsewhere"))))


if __name__ == "__main__":
    unittest.main()
