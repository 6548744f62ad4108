"""What has listeners in a Cluster is asked for upstream, whichever master knows of them."""
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.redis_topologies import Cluster  # noqa: E402
from support.servers import ProcessTest, until  # noqa: E402
from support.upstreams import Upstream  # noqa: E402

CONTRACT = "11" * 20


class DemandInACluster(ProcessTest):
    async def begin(self, kind):
        self.cluster = await Cluster.start(self.stage)
        self.gateway = await self.stage.gateway(self.cluster.url, "--linger", "100ms")
        self.server = Upstream()
        await self.server.start()
        self.addAsyncCleanup(self.server.stop)
        await self.stage.publisher(self.cluster, "--source", f"{kind}={self.server.url}",
                                   "--demand-linger", "100ms", "--lead", "off")
        return await self.server.accepted()

    async def test_streams_at_different_masters_come_and_go(self):
        peer = await self.begin("drift")
        streams = [f"trades_perp_{index}" for index in range(6)]
        client = await self.stage.client(self.gateway)
        await client.subscribe(*streams)
        requests = await peer.requests_until(6)
        self.assertEqual({r["type"] for r in requests}, {"subscribe"})
        self.assertEqual(len({r["market"] for r in requests}), 6)
        await client.close()
        requests = await peer.requests_until(6)
        self.assertEqual({r["type"] for r in requests}, {"unsubscribe"})

    async def test_what_is_found_out_of_an_address_is_put_where_it_lies(self):
        peer = await self.begin("zilliqa")
        self.assertEqual(await peer.echo(), {"query": "NewBlock"})
        client = await self.stage.client(self.gateway)
        await client.subscribe(f"zilliqa.EventLog.{CONTRACT}")
        self.assertEqual(await peer.echo(), {"query": "EventLog", "addresses": ["0x" + CONTRACT]})
        key = "sluice:zilliqa.contract"
        owner = self.cluster.owner(self.cluster.slot(key))
        await until(lambda: owner.command_now("SMEMBERS", key) == [CONTRACT.encode()],
                    "the contract is known")


if __name__ == "__main__":
    unittest.main()
