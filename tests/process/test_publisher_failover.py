"""Publishers when Redis' masters change: Sentinel's failover, a Cluster's, slots that move."""
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.feeder import KEEP, STREAM, Feeder, assert_whole, numbers  # noqa: E402
from support.redis_topologies import NOTICE, Cluster, Sentinel, served  # noqa: E402
from support.servers import ProcessTest, free_port, until  # noqa: E402


class Failover(ProcessTest):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.feeder = Feeder()
        self.addAsyncCleanup(self.feeder.stop)

    async def fed(self, redis, *flags):
        port = free_port()
        server = await self.stage.publisher(redis, "--source", f"lines=tcp://127.0.0.1:{port}",
                                            *KEEP, *flags)
        self.feeder.ports.append(port)
        return server

    async def goes_on(self, redis, of=numbers):
        wanted = self.feeder.sent + 50

        def arrived():
            if (of(redis, STREAM) or [0])[-1] < wanted:
                return False
            assert_whole(self, redis, of)
            return True
        await until(lambda: served(arrived), f"event {wanted} is in the history", NOTICE)

    async def test_a_promoted_replica_gets_what_it_lacks(self):
        sentinel = await Sentinel.start(self.stage)
        await self.fed(sentinel)
        self.feeder.start()
        master = sentinel.master()
        await self.goes_on(master)
        await master.kill()
        await self.goes_on(await sentinel.has_other_master(master))

    async def test_a_leader_goes_on_at_the_promoted_replica_or_another_does(self):
        sentinel = await Sentinel.start(self.stage)
        for _ in range(2):
            await self.fed(sentinel, "--lead", "test")
        self.feeder.start()
        master = sentinel.master()
        await self.goes_on(master)
        await master.kill()
        await self.goes_on(await sentinel.has_other_master(master))

    async def test_a_master_of_a_cluster_is_lost(self):
        cluster = await Cluster.start(self.stage)
        await self.fed(cluster)
        self.feeder.start()
        await self.goes_on(cluster, in_cluster)
        lost = cluster.owner(cluster.slot(STREAM))
        await lost.kill()
        await until(lambda: cluster.owner(cluster.slot(STREAM)) is not lost, "it is replaced",
                    NOTICE)
        await self.goes_on(cluster, in_cluster)

    async def test_a_slot_moves_with_its_histories(self):
        cluster = await Cluster.start(self.stage, replicas=0)
        for _ in range(2):
            await self.fed(cluster, "--lead", "test")
        self.feeder.start()
        await self.goes_on(cluster, in_cluster)
        slot = cluster.slot(STREAM)
        source = cluster.owner(slot)
        for to in [node for node in cluster.masters() if node is not source] + [source]:
            await move_keys(cluster, slot, to)
            await self.goes_on(cluster, in_cluster)


def in_cluster(cluster, stream):
    owner = cluster.owner(cluster.slot(stream))
    return numbers(owner, stream, f"sluice:{{{{{stream}}}}}hist:{{}}")


async def move_keys(cluster, slot, to):
    """A resharding: while a key moves, its writer is told ASK, TRYAGAIN and MOVED."""
    source = cluster.owner(slot)
    names = {node: node.command_now("CLUSTER", "MYID") for node in (source, to)}
    to.command_now("CLUSTER", "SETSLOT", slot, "IMPORTING", names[source])
    source.command_now("CLUSTER", "SETSLOT", slot, "MIGRATING", names[to])

    def emptied():
        while keys := source.command_now("CLUSTER", "GETKEYSINSLOT", slot, 10):
            source.command_now("MIGRATE", "127.0.0.1", to.port, "", 0, 5000, "KEYS", *keys)
        return True
    await until(lambda: served(emptied), "the slot is empty", NOTICE)
    for node in (to, source, *(n for n in cluster.masters() if n not in (to, source))):
        node.command_now("CLUSTER", "SETSLOT", slot, "NODE", names[to])
    await until(lambda: cluster.owner(slot) is to, "the slot has moved")


if __name__ == "__main__":
    unittest.main()
