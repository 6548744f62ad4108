"""Redis by TLS: who is trusted, and who is refused with one clear line."""
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.redis_topologies import Authority, Cluster, Sentinel, TlsRedis  # noqa: E402
from support.servers import PREFIX, ProcessTest, until  # noqa: E402

STREAM = "trade.SOL_USDC"


class Tls(ProcessTest):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.authority = Authority(self.stage)

    async def is_refused(self, redis, *flags, says):
        gateway = await self.stage.gateway(redis, *flags, ready=False)
        await until(lambda: says in gateway.stderr(), f"it says: {says}")
        self.assertEqual(await gateway.status("/readyz"), 503)

    async def test_the_right_ca_is_enough(self):
        redis = await TlsRedis.make(self.stage, self.authority)
        gateway = await self.stage.gateway(redis, "--redis-ca", str(self.authority.certificate))
        client = await self.listener(redis, gateway, STREAM)
        await self.passes_through(redis, client, STREAM, 3)

    async def test_large_messages_and_many_arrive_whole(self):
        redis = await TlsRedis.make(self.stage, self.authority)
        gateway = await self.stage.gateway(redis, "--redis-ca", str(self.authority.certificate),
                                           "--queue-bytes", "64M", "--queue-messages", "10000")
        client = await self.listener(redis, gateway, STREAM)
        large = '{"x":"%s"}' % ("y" * (3 << 20))
        redis.publish(PREFIX + STREAM, large)
        self.assertEqual(await client.text(), f'{{"stream":"{STREAM}","data":{large}}}')
        await self.passes_through(redis, client, STREAM, 2000)

    async def test_another_ca_is_refused(self):
        redis = await TlsRedis.make(self.stage, self.authority)
        other = Authority(self.stage, "other")
        await self.is_refused(redis, "--redis-ca", str(other.certificate),
                              says="the server's certificate is refused")

    async def test_the_systems_cas_do_not_know_it(self):
        redis = await TlsRedis.make(self.stage, self.authority)
        await self.is_refused(redis, says="the server's certificate is refused")

    async def test_a_certificate_for_another_host_is_refused_unless_the_ca_alone_counts(self):
        redis = await TlsRedis.make(self.stage, self.authority, names="DNS:elsewhere.example")
        ca = ["--redis-ca", str(self.authority.certificate)]
        await self.is_refused(redis, *ca, says="IP address mismatch")
        await self.stage.gateway(redis, *ca, "--redis-verify", "ca")
        await self.stage.gateway(redis, "--redis-verify", "none")

    async def test_a_name_is_checked_as_a_name(self):
        redis = await TlsRedis.make(self.stage, self.authority, names="DNS:localhost")
        await self.stage.gateway(f"rediss://localhost:{redis.tls_port}", "--redis-ca",
                                 str(self.authority.certificate))

    async def test_a_redis_that_asks_for_a_certificate_gets_ours(self):
        redis = await TlsRedis.make(self.stage, self.authority, clients="yes")
        ca = ["--redis-ca", str(self.authority.certificate)]
        certificate, key = self.authority.issue("gateway")
        await self.stage.gateway(redis, *ca, "--redis-cert", certificate, "--redis-key", key)
        await self.is_refused(redis, *ca, says="redis link is down")

    async def test_a_server_that_speaks_no_tls_is_said(self):
        redis = await self.stage.redis()
        await self.is_refused(f"rediss://127.0.0.1:{redis.port}", says="does it speak TLS")

    async def test_a_publisher_comes_by_tls_too(self):
        redis = await TlsRedis.make(self.stage, self.authority)
        source = self.stage.write("events", '{"stream":"a","data":{"n":1}}\n')
        publisher = await self.stage.publisher(redis, "--redis-ca",
                                               str(self.authority.certificate), "--source",
                                               f"replay={source},speed=max")
        self.assertEqual(await publisher.exited(), 0)
        self.assertIn('"published":1', publisher.stderr())

    async def test_a_file_that_cannot_be_used_ends_the_start(self):
        bad = self.stage.write("bad.pem", "nonsense")
        for flags, says in ((["--redis-ca", str(bad)], "redis-ca: "),
                            (["--redis-cert", str(bad)], "redis-cert: must be given together"),
                            (["--redis-cert", str(bad), "--redis-key", str(bad)], "redis-cert: ")):
            gateway = await self.stage.gateway("rediss://127.0.0.1", *flags, ready=False)
            gateway.expected_exit = 2
            self.assertEqual(await gateway.exited(), 2)
            self.assertTrue(gateway.stderr().startswith(f"sluice-gateway: {says}"),
                            gateway.stderr())
            self.assertEqual(len(gateway.stderr().splitlines()), 1)


class Topologies(ProcessTest):
    async def test_a_cluster_by_tls(self):
        authority = Authority(self.stage)
        cluster = await Cluster.start(self.stage, authority=authority)
        gateway = await self.stage.gateway(f"rediss+cluster://{cluster.servers}", "--redis-ca",
                                           str(authority.certificate))
        client = await self.stage.client(gateway)
        await client.subscribe(STREAM)
        await until(lambda: cluster.listening(STREAM) == 1, "it is subscribed")
        cluster.publish(STREAM, '{"n":1}')
        self.assertEqual(await client.text(), f'{{"stream":"{STREAM}","data":{{"n":1}}}}')

    async def test_sentinels_and_their_master_by_tls(self):
        authority = Authority(self.stage)
        sentinel = await Sentinel.start(self.stage, authority=authority)
        gateway = await self.stage.gateway(f"rediss+sentinel://{sentinel.servers}/main",
                                           "--redis-ca", str(authority.certificate))
        master = sentinel.master()
        client = await self.listener(master, gateway, STREAM)
        await self.passes_through(master, client, STREAM, 3)


if __name__ == "__main__":
    unittest.main()
