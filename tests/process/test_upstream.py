"""What every source that is a client of a real server does, whichever server it is."""
import asyncio
import json
import signal
import ssl
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.certificates import Certificate  # noqa: E402
from support.servers import free_port  # noqa: E402
from support.upstreams import Upstream, UpstreamTest  # noqa: E402


def bootstrap(number, padding=""):
    """An event of the simplest kind."""
    return {"topic": "bootstrap", "time": "1", "message": {"id": str(number), "pad": padding}}


async def waits_for_redis(test, peer):
    """While Redis stands still, the server is not read; then everything comes, in order."""
    await peer.send(bootstrap(0))
    await test.data("nano.bootstrap")
    test.redis.signal(signal.SIGSTOP)
    sending = asyncio.ensure_future(
        peer.send(*(bootstrap(n, "x" * 2000) for n in range(1, 5001))))
    done, _ = await asyncio.wait({sending}, timeout=2)
    test.assertFalse(done, "it was read although it could not be published")
    test.redis.signal(signal.SIGCONT)
    await sending
    got = await test.data("nano.bootstrap", 5001, patience=30)
    test.assertEqual([int(d["message"]["id"]) for d in got], list(range(5001)))


class Connection(UpstreamTest):
    async def begin(self, options="", **how):
        self.server_ = await self.server(**how)
        self.publisher_ = await self.publisher(
            f"nano={self.server_.url},topic=bootstrap{options}")
        return await self.server_.accepted()

    async def numbers(self, count, **how):
        return [int(d["message"]["id"]) for d in await self.data("nano.bootstrap", count, **how)]

    async def test_headers_of_our_own_are_sent(self):
        peer = await self.begin(",header=X-Key: a b:c,header=X-Other: d")
        self.assertEqual(peer.headers["X-Key"], "a b:c")
        self.assertEqual(peer.headers["X-Other"], "d")
        self.assertEqual(peer.headers["Host"], f"127.0.0.1:{self.server_.port}")
        self.assertNotIn("Sec-WebSocket-Protocol", peer.headers)
        self.assertEqual(peer.path, "/")

    async def test_a_header_stays_out_of_the_log(self):
        await self.begin(",header=Authorization: Bearer hushhush")
        await self.says(self.publisher_, "connected upstream")
        self.assertNotIn("hushhush", self.publisher_.stderr())

    async def test_garbage_is_counted_and_the_source_goes_on(self):
        peer = await self.begin()
        await peer.send("", "{", "nonsense", "[1", '{"topic":"no such","message":{}}', "[]", "5")
        await peer.socket.send(b"\xff\xfe")
        await peer.send(bootstrap(1))
        self.assertEqual(await self.numbers(1), [1])
        self.publisher_.signal(signal.SIGTERM)
        await self.publisher_.exited()
        self.assertIn('"bad":8', self.publisher_.stderr())

    async def test_a_connection_that_breaks_is_made_again_and_the_gap_is_said(self):
        peer = await self.begin()
        await peer.send(bootstrap(1))
        await self.numbers(1)
        await peer.cut(within_a_message=True)
        again = await self.server_.accepted()
        self.assertEqual((await again.request())["topic"], "bootstrap")
        await again.send(bootstrap(2), bootstrap(3))
        self.assertEqual(await self.numbers(3), [1, 2, 3])
        gap, = await self.data("nano.gap")
        self.assertLess(gap["from"], gap["to"])
        self.assertEqual(gap["reason"], "the connection ended")
        streams = [stream for stream, _, _ in self.published.messages]
        self.assertEqual(streams, ["nano.bootstrap", "nano.gap", "nano.bootstrap",
                                   "nano.bootstrap"], "the gap is said where it is")

    async def test_a_close_frame_is_answered_and_its_reason_told(self):
        peer = await self.begin()
        await peer.send(bootstrap(1))
        await self.numbers(1)
        await peer.socket.close(1001, "going away")
        self.assertEqual(peer.socket.close_code, 1001)
        again = await self.server_.accepted()
        await again.send(bootstrap(2))
        gap, = await self.data("nano.gap")
        self.assertEqual(gap["reason"], "the server closed the connection: 1001 going away")

    async def test_without_an_event_before_there_is_no_gap(self):
        peer = await self.begin()
        await peer.cut()
        await (await self.server_.accepted()).send(bootstrap(1))
        await self.numbers(1)
        self.assertEqual(self.published.have("nano.gap"), [])

    async def test_a_server_that_is_not_there_yet_is_tried_until_it_is(self):
        server = Upstream()
        publisher = await self.publisher(f"nano={server.url}")
        await self.says(publisher, "no connection upstream; trying again")
        await server.start()
        self.addAsyncCleanup(server.stop)
        await server.accepted()

    async def test_a_server_that_answers_http_is_told_as_such(self):
        async def answer(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 7\r\n\r\nnot you")

        port = free_port()
        async with await asyncio.start_server(answer, "127.0.0.1", port):
            publisher = await self.publisher(f"nano=ws://127.0.0.1:{port}")
            await self.says(publisher, "the server answers 403 instead of opening a WebSocket")

    async def test_an_unknown_host_is_told_as_such(self):
        publisher = await self.publisher("nano=ws://no-such-host.invalid")
        await self.says(publisher, "the host is not known")

    async def test_pings_are_answered(self):
        peer = await self.begin()
        await asyncio.wait_for(await peer.socket.ping(b"are you there"), 10)

    async def test_a_silent_server_is_dead(self):
        peer = await self.begin(",silent=1")
        peer.socket.transport.pause_reading()  # or it would answer pings
        await self.server_.accepted()
        await self.says(self.publisher_, "the server was silent for 1 s")

    async def test_a_server_that_sends_nothing_new_is_stale(self):
        await self.begin(",stale=1")
        await self.server_.accepted()
        await self.says(self.publisher_, "the server sent no message for 1 s")

    async def test_an_ipv6_address(self):
        server = await self.server()
        await self.publisher(f"nano=ws://[::1]:{server.port}")
        peer = await server.accepted()
        self.assertEqual(peer.headers["Host"], f"[::1]:{server.port}")

    async def test_a_unix_socket(self):
        peer = await self.begin(path=self.stage.path("node.sock"))
        await peer.send(bootstrap(1))
        self.assertEqual(await self.numbers(1), [1])

    async def test_two_servers_of_a_kind(self):
        one, two = await self.server(), await self.server()
        await self.publisher(f"nano={one.url}", f"nano={two.url}")
        await (await one.accepted()).send(bootstrap(1))
        await self.numbers(1)
        await (await two.accepted()).send(bootstrap(2))
        self.assertEqual(await self.numbers(2), [1, 2])


class Size(UpstreamTest):
    async def begin(self, *flags):
        self.server_ = await self.server()
        await self.publisher(f"nano={self.server_.url},topic=bootstrap", flags=flags)
        return await self.server_.accepted()

    async def test_a_message_of_15_megabytes_in_pieces(self):
        peer = await self.begin()
        text = json.dumps(bootstrap(1, "x" * 15_000_000))
        await peer.send([text[at:at + 1_000_000] for at in range(0, len(text), 1_000_000)])
        got, = await self.data("nano.bootstrap", patience=30)
        self.assertEqual(len(got["message"]["pad"]), 15_000_000)

    async def test_a_message_over_max_event_is_passed_over(self):
        peer = await self.begin("--max-event", "64k")
        await peer.send(bootstrap(1, "x" * 100_000), bootstrap(2))
        self.assertEqual((await self.data("nano.bootstrap"))[0]["message"]["id"], "2")

    async def test_a_message_that_comes_byte_by_byte(self):
        peer = await self.begin()
        await peer.send(list(json.dumps(bootstrap(7))))
        self.assertEqual((await self.data("nano.bootstrap"))[0]["message"]["id"], "7")

    async def test_while_redis_is_slow_the_server_waits_and_nothing_is_lost(self):
        await waits_for_redis(self, await self.begin("--backlog", "256k"))


class Tls(UpstreamTest):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.authority = Certificate("authority")
        self.ca = self.stage.write("ca.pem", self.authority.pem)
        self.tls = self.context(Certificate("localhost", self.authority))

    def context(self, certificate):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.stage.write("cert.pem", certificate.pem),
                                self.stage.write("key.pem", certificate.key_pem))
        return context

    async def begin(self, options, host="localhost", flags=()):
        self.server_ = await self.server(tls=self.tls)
        return await self.publisher(
            f"nano=wss://{host}:{self.server_.port},topic=bootstrap{options}", flags=flags)

    async def test_with_its_authority_a_server_is_trusted(self):
        await self.begin(f",ca={self.ca}")
        peer = await self.server_.accepted()
        text = json.dumps(bootstrap(1, "x" * 15_000_000))
        await peer.send([text[:100], text[100:9_000_000], text[9_000_000:]], bootstrap(2))
        got = await self.data("nano.bootstrap", 2, patience=30)
        self.assertEqual([d["message"]["id"] for d in got], ["1", "2"])

    async def test_while_redis_is_slow_the_server_waits(self):
        await self.begin(f",ca={self.ca}", flags=("--backlog", "256k"))
        await waits_for_redis(self, await self.server_.accepted())

    async def test_without_it_none_is(self):
        publisher = await self.begin("")
        await self.says(publisher, "no connection upstream")
        self.assertTrue(self.server_.peers.empty())

    async def test_a_certificate_for_another_address_is_refused(self):
        publisher = await self.begin(f",ca={self.ca}", host="127.0.0.1")
        await self.says(publisher, "the server's certificate is for another address")
        self.assertTrue(self.server_.peers.empty())

    async def test_on_request_anybody_is_trusted(self):
        await self.begin(",insecure", host="127.0.0.1")
        await self.server_.accepted()


class Options(UpstreamTest):
    async def refused(self, source, *parts):
        publisher = await self.publisher(source)
        self.assertEqual(await publisher.exited(), 2)
        publisher.expected_exit = 2
        lines = publisher.stderr().strip().splitlines()
        self.assertEqual(len(lines), 1, lines)
        for part in parts:
            self.assertIn(part, lines[0])

    async def test_what_is_wrong_is_said_in_one_line(self):
        await self.refused("nano", "needs a server", "ws://HOST")
        await self.refused("nano=http://x", "ws://HOST")
        await self.refused("nano=ws://x,colour=red", "colour", "topic=NAME", "ca=FILE")
        await self.refused("nano=ws://x,topic=red", "topic", "confirmation")
        await self.refused("nano=ws://x,account=nano_1", "account", "nano_1")
        await self.refused("nano=ws://x,silent=0", "silent")
        await self.refused("nano=ws://x,silent=fast", "silent", "seconds")
        await self.refused("nano=ws://x,header=none", "header", "Name: value")
        await self.refused("nano=wss://x,ca=/no/such", "ca '/no/such'")
        await self.refused("injective=ws://x,type=none", "type", "spot_trades")
        await self.refused("zilliqa=ws://x,address=0x1", "address", "40")
        await self.refused("drift=ws://x,market=NO-SUCH", "market 'NO-SUCH'")
        await self.refused("drift=ws://x,grouping=7", "grouping", "1000")
        await self.refused("drift=ws://x,demand=off", "market")
        await self.refused("exchange=ws://x", "stream=NAME")
        await self.refused("exchange=ws://x,form=y,stream=a", "form", "engine")


if __name__ == "__main__":
    unittest.main()
