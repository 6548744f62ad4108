"""A test with a Cluster and a gateway on it."""
from support.redis_topologies import Cluster
from support.servers import ProcessTest, until


class ClusterTest(ProcessTest):
    async def start(self, *flags, redis=(), login=(), url="{url}", **how):
        self.cluster = await Cluster.start(self.stage, *redis, login=login)
        self.gateway = await self.stage.gateway(
            url.format(url=self.cluster.url, servers=self.cluster.servers), *flags, **how)

    async def listen_to(self, *streams):
        client = await self.stage.client(self.gateway)
        await client.subscribe(*streams)
        await client.fence()
        for stream in streams:
            await until(lambda s=stream: self.cluster.listening(s) == 1, f"{stream} is subscribed")
        return client

    async def goes_through(self, client, stream, count=3):
        for _ in range(count):
            self.sent = getattr(self, "sent", 0) + 1
            text = '{"n":%d}' % self.sent
            self.cluster.publish(stream, text)
            self.assertEqual(await client.text(), f'{{"stream":"{stream}","data":{text}}}')

    def stream_of(self, node):
        """The name of a stream that lies at that master."""
        for n in range(1000):
            stream = f"trade.P{n}"
            if self.cluster.owner(self.cluster.slot(f"{{{stream}}}")) is node:
                return stream
        raise AssertionError("no stream lies there")
