"""A Redis Cluster without sharded Pub/Sub; publishers that use the other form; logins."""
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.cluster_test import ClusterTest  # noqa: E402
from support.redis_topologies import NOTICE  # noqa: E402
from support.servers import PREFIX, until  # noqa: E402

STREAM = "trade.SOL_USDC"


class Plain(ClusterTest):
    async def test_what_is_published_at_any_node_is_heard_at_one(self):
        await self.start("--pubsub", "plain")
        client = await self.stage.client(self.gateway)
        await client.subscribe(STREAM)
        masters = self.cluster.masters()
        await until(lambda: sum(node.listening(PREFIX + STREAM) for node in masters) == 1,
                    "one node is subscribed")
        for node in self.cluster.nodes:
            await self.passes_through(node, client, STREAM)

    async def test_when_that_node_is_lost_another_takes_its_place(self):
        await self.start("--pubsub", "plain")
        client = await self.stage.client(self.gateway)
        await client.subscribe(STREAM)

        def node_of_it():
            return next((n for n in self.cluster.running() if n.listening(PREFIX + STREAM)), None)
        first = await until(node_of_it, "one node is subscribed")
        await first.kill()
        second = await until(node_of_it, "another is subscribed", NOTICE)
        await self.passes_through(second, client, STREAM)
        await self.gateway.turns_green(NOTICE)


class Forms(ClusterTest):
    async def test_publishers_of_the_other_form_are_reported(self):
        await self.start()
        key = f"{PREFIX}_pubsub"
        self.assertEqual(await self.gateway.metric("sluice_redis_form_differs"), 0)
        owner = self.cluster.owner(self.cluster.slot(key))
        owner.command_now("SET", key, "plain")
        await self.gateway.metric_reaches("sluice_redis_form_differs", 1)
        self.assertIn("another form of Pub/Sub", self.gateway.stderr())
        owner.command_now("SET", key, "sharded")

        async def agrees():
            return await self.gateway.metric("sluice_redis_form_differs") == 0
        await until(agrees, "they agree again")


class Logins(ClusterTest):
    async def test_an_acl_user_needs_no_more_than_is_said(self):
        await self.start(
            redis=["--user", "gw", "on", ">pw", "~sluice:*", "&sluice:*", "+ssubscribe",
                   "+sunsubscribe", "+spublish", "+role", "+ping", "+cluster|slots", "+get",
                   "+hget"],
            url="redis+cluster://gw:pw@{servers}")
        client = await self.listen_to(STREAM)
        await self.goes_through(client, STREAM)

    async def test_a_channel_that_the_user_may_not_hear_is_counted_and_said(self):
        await self.start(
            redis=["--user", "gw", "on", ">pw", "~sluice:*", "&sluice:_probe*", "+@all"],
            url="redis+cluster://gw:pw@{servers}")
        client = await self.stage.client(self.gateway)
        await client.subscribe(STREAM)
        await self.gateway.metric_reaches("sluice_redis_refused_subscriptions_total", 1)
        self.assertIn("NOPERM", self.gateway.stderr())
        self.assertEqual(await self.gateway.status("/readyz"), 200)


if __name__ == "__main__":
    unittest.main()
