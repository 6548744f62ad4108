"""A Redis Cluster: streams are spread over the masters, and heard wherever their slots are."""
import signal
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.cluster_test import ClusterTest  # noqa: E402
from support.redis_topologies import NOTICE  # noqa: E402
from support.servers import until  # noqa: E402

STREAM = "trade.SOL_USDC"
PROMPT = 10.0  # seconds for what Redis tells by itself; the map alone is asked for every 30 s
DEAF = 15.0  # seconds in which a silent master must be noticed: a probe every 5 s, 5 s to hear it
LOSSES = "sluice_redis_link_losses_total"


class Sharded(ClusterTest):
    async def test_streams_of_all_masters_are_heard(self):
        await self.start()
        streams = [self.stream_of(node) for node in self.cluster.masters()]
        client = await self.listen_to(*streams)
        for stream in streams:
            await self.goes_through(client, stream)
        self.assertEqual(await self.gateway.metric("sluice_redis_masters_heard"), 3)

    async def test_more_streams_than_are_asked_for_at_once_are_subscribed_and_let_go(self):
        await self.start("--linger", "0", "--max-subscriptions", "100000", "--max-message", "8M",
                         "--queue-messages", "100000")
        names = [f"trade.P{n}" for n in range(30000)]
        client = await self.stage.client(self.gateway)
        await client.subscribe(*names)

        def channels():
            return sum(len([c for c in node.command_now("PUBSUB", "SHARDCHANNELS")
                            if b"_probe" not in c]) for node in self.cluster.masters())
        await until(lambda: channels() == len(names), "all are subscribed", NOTICE)
        await client.unsubscribe(*names[1:])
        await until(lambda: channels() == 1, "all but one are let go", NOTICE)
        await self.goes_through(client, names[0])

    async def test_a_slot_that_moves_there_and_back_is_heard_at_each_place(self):
        await self.start()
        source, other, _ = self.cluster.masters()
        stream = self.stream_of(source)
        client = await self.listen_to(stream)
        slot = self.cluster.slot(f"{{{stream}}}")
        for owner in (other, source, other):
            await self.cluster.move(slot, owner)
            await until(lambda: self.cluster.listening(stream) == 1, "the new owner is subscribed",
                        PROMPT)
            await self.goes_through(client, stream)
        self.assertEqual(await self.gateway.metric(LOSSES), 0, "no connection was given up")
        self.assertGreaterEqual(await self.gateway.metric("sluice_redis_moved_streams_total"), 3)

    async def test_the_slot_of_the_probe_may_move_too(self):
        await self.start()
        source, other, _ = self.cluster.masters()
        probe = next(name for name in source.command_now("PUBSUB", "SHARDCHANNELS")
                     if b"_probe" in name)
        await self.cluster.move(self.cluster.slot(probe), other)
        await until(lambda: any(b"_probe" in name and name != probe
                                for name in source.command_now("PUBSUB", "SHARDCHANNELS")),
                    "another probe is subscribed", PROMPT)
        await self.gateway.turns_green()
        self.assertEqual(await self.gateway.metric(LOSSES), 0)

    async def test_a_killed_masters_replica_takes_over_and_others_are_not_disturbed(self):
        await self.start()
        lost, kept, _ = self.cluster.masters()
        streams = [self.stream_of(lost), self.stream_of(kept)]
        client = await self.listen_to(*streams)
        await lost.kill()
        await self.gateway.turns_red()
        await self.goes_through(client, streams[1])
        await until(lambda: self.cluster.owner(self.cluster.slot(f"{{{streams[0]}}}")) is not lost,
                    "the replica is promoted", NOTICE)
        await until(lambda: self.cluster.listening(streams[0]) == 1, "it is subscribed", NOTICE)
        for stream in streams:
            await self.goes_through(client, stream)
        await self.gateway.turns_green(NOTICE)
        self.assertEqual(await self.gateway.metric(LOSSES), 1, "that of the killed one")

    async def test_a_frozen_master_turns_readyz_red_though_its_connections_stay(self):
        await self.start(redis=["--cluster-replica-no-failover", "yes"])
        client = await self.listen_to(STREAM)
        frozen = self.cluster.owner(self.cluster.slot(f"{{{STREAM}}}"))
        frozen.signal(signal.SIGSTOP)
        try:
            await self.gateway.turns_red(DEAF)
        finally:
            frozen.signal(signal.SIGCONT)
        await self.gateway.turns_green(NOTICE)
        await until(lambda: self.cluster.listening(STREAM) == 1, "it is subscribed again", NOTICE)
        await self.goes_through(client, STREAM)

    async def test_a_master_that_has_given_all_its_slots_away_is_left(self):
        await self.start()
        source, other, _ = self.cluster.masters()
        await self.gateway.turns_green()
        names = source.command_now("CLUSTER", "MYID"), other.command_now("CLUSTER", "MYID")
        stream = self.stream_of(source)
        client = await self.listen_to(stream)
        slots = next(row[:2] for row in source.command_now("CLUSTER", "SLOTS")
                     if row[2][1] == source.port)
        for node in (other, source, *self.cluster.masters()):
            node.connection.pipeline([("CLUSTER", "SETSLOT", slot, "NODE", names[1])
                                      for slot in range(slots[0], slots[1] + 1)])
        await until(lambda: self.cluster.listening(stream) == 1, "it is heard elsewhere", NOTICE)
        await self.goes_through(client, stream)

        async def left():
            return await self.gateway.metric("sluice_redis_masters") == 2
        await until(left, "it is left", NOTICE)
        await self.gateway.turns_green(NOTICE)


if __name__ == "__main__":
    unittest.main()
