"""The faults. Each is done to a scene under traffic and returns when it is over.

A case has a name, a scene, and says whether it belongs to the short form.
"""
import asyncio
import os
import signal
import subprocess
from dataclasses import dataclass
from typing import Callable

from scene import RECOVERY_S, KeptRedis, Scene
from support.daemons import HaProxy
from support.redis_topologies import Cluster, Sentinel
from support.servers import until

CASES = []


@dataclass(frozen=True)
class Case:
    name: str
    about: str
    scene: type
    fault: Callable
    short: bool
    own_network: bool  # it changes the network: only in a namespace made for it


def case(about, scene=Scene, short=False, own_network=False):
    """Registers a fault; its name is that of the function."""
    def register(fault):
        CASES.append(Case(fault.__name__, about, scene, fault, short, own_network))
        return fault
    return register


async def frozen(server, seconds):
    server.signal(signal.SIGSTOP)
    await asyncio.sleep(seconds)
    server.signal(signal.SIGCONT)


# ---- Redis ----------------------------------------------------------------------------------------

@case("Redis is killed (-9) and started again", short=True)
async def redis_killed(scene):
    await scene.redis.kill()
    await asyncio.sleep(1)
    await scene.redis.up()
    await scene.ready_again()


@case("Redis is frozen for 12 s")
async def redis_frozen(scene):
    await frozen(scene.redis, 12)
    await scene.ready_again()


@case("CLIENT KILL of every Pub/Sub connection, five times", short=True)
async def pubsub_killed(scene):
    for _ in range(5):
        scene.redis.command_now("CLIENT", "KILL", "TYPE", "pubsub")
        await asyncio.sleep(0.7)
    await scene.ready_again()


@case("CLIENT KILL of every other connection, five times", short=True)
async def clients_killed(scene):
    for _ in range(5):
        scene.redis.command_now("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        await asyncio.sleep(0.7)
    await scene.ready_again()


@case("CLIENT PAUSE of everything for 3 s")
async def redis_paused(scene):
    scene.redis.command_now("CLIENT", "PAUSE", "3000", "ALL")
    await asyncio.sleep(3.5)
    await scene.ready_again()


@case("FLUSHALL", short=True)
async def flushed(scene):
    scene.redis.command_now("FLUSHALL")


class SmallBuffers(Scene):
    """Redis cuts a subscriber that is 256 kB behind."""

    async def start_redis(self):
        self.redis = self.stage._add(KeptRedis(
            self.stage, "redis", "--client-output-buffer-limit", "pubsub 256kb 128kb 1"))
        await self.redis.up()


@case("Redis cuts a gateway that is too far behind", SmallBuffers)
async def output_buffer_full(scene):
    gateway = scene.gateways[0]
    client = await scene.stage.client(gateway)
    await client.subscribe("filler")
    await scene.redis.has_listeners("sluice:filler", 1)
    gateway.signal(signal.SIGSTOP)
    for _ in range(300):  # more than the sockets' buffers between them hold
        scene.redis.publish("sluice:filler", '{"x":"%s"}' % ("x" * 60000))
    await asyncio.sleep(2)
    gateway.signal(signal.SIGCONT)
    await scene.ready_again()


@case("Redis is full (maxmemory, noeviction) for 3 s")
async def redis_full(scene):
    scene.redis.command_now("CONFIG", "SET", "maxmemory", "1mb")
    await asyncio.sleep(3)
    scene.redis.command_now("CONFIG", "SET", "maxmemory", "0")


class Forgetful(Scene):
    """Streams without history: what is lost is lost, and said."""

    history = False


@case("no history: CLIENT KILL of every Pub/Sub connection, five times", Forgetful, short=True)
async def no_history_pubsub_killed(scene):
    await pubsub_killed(scene)


# ---- Sentinel -------------------------------------------------------------------------------------

class Watched(Scene):
    """A master, two replicas and three sentinels."""

    async def start_redis(self):
        self.redis = await Sentinel.start(self.stage)


@case("Sentinel: the master is killed (-9), a replica takes over", Watched, short=True)
async def sentinel_master_killed(scene):
    former = scene.redis.master()
    await former.kill()
    await scene.redis.has_other_master(former)
    await scene.ready_again()


@case("Sentinel: a failover is ordered", Watched)
async def sentinel_failover(scene):
    former = scene.redis.master()
    scene.redis.watchers[0].ask("FAILOVER", "main")
    await scene.redis.has_other_master(former)
    await scene.ready_again()


@case("Sentinel: the master is frozen for 10 s, a replica takes over", Watched)
async def sentinel_master_frozen(scene):
    former = scene.redis.master()
    former.signal(signal.SIGSTOP)
    await asyncio.sleep(10)
    former.signal(signal.SIGCONT)
    await scene.redis.has_other_master(former)
    await scene.ready_again()


# ---- Cluster --------------------------------------------------------------------------------------

class Clustered(Scene):
    """Three masters with a replica each, sharded Pub/Sub."""

    async def start_redis(self):
        self.redis = await Cluster.start(self.stage)

    def master_of_first(self):
        """The master of the first stream."""
        stream = self.upstream.streams[0]
        return self.redis.owner(self.redis.slot(f"sluice:{{{stream}}}"))


@case("Cluster: a master is killed (-9), its replica takes over", Clustered, short=True)
async def cluster_master_killed(scene):
    former = scene.master_of_first()
    await former.kill()
    await until(lambda: scene.master_of_first() is not former, "its replica is master", RECOVERY_S)
    await scene.ready_again()


@case("Cluster: a failover is ordered", Clustered)
async def cluster_failover(scene):
    former = scene.master_of_first()
    name = former.command_now("CLUSTER", "MYID")
    replica = next(node for node in scene.redis.running()
                   if any(name in row for row in node.command_now("CLUSTER", "NODES").split(b"\n")
                          if b"myself,slave" in row))
    replica.command_now("CLUSTER", "FAILOVER")
    await until(lambda: scene.master_of_first() is replica, "the replica is master", RECOVERY_S)
    await scene.ready_again()


@case("Cluster: a master is frozen for 8 s, its replica takes over", Clustered)
async def cluster_master_frozen(scene):
    former = scene.master_of_first()
    await frozen(former, 8)
    await scene.ready_again()


async def migrate(cluster, slot, to):
    """Move a slot with its keys, as a resharding does."""
    source = cluster.owner(slot)
    names = {node: node.command_now("CLUSTER", "MYID") for node in (source, to)}
    to.command_now("CLUSTER", "SETSLOT", slot, "IMPORTING", names[source])
    source.command_now("CLUSTER", "SETSLOT", slot, "MIGRATING", names[to])
    while keys := source.command_now("CLUSTER", "GETKEYSINSLOT", slot, 100):
        source.command_now("MIGRATE", "127.0.0.1", to.port, "", 0, 5000, "KEYS", *keys)
        await asyncio.sleep(0)
    for node in (to, source, *(n for n in cluster.masters() if n not in (to, source))):
        node.command_now("CLUSTER", "SETSLOT", slot, "NODE", names[to])
    await until(lambda: cluster.owner(slot) is to, "the slot has moved", RECOVERY_S)


@case("Cluster: a stream's slot moves to another master and back, three times", Clustered,
      short=True)
async def slot_migrated(scene):
    slot = scene.redis.slot(f"sluice:{{{scene.upstream.streams[0]}}}")
    home = scene.redis.owner(slot)
    away = next(node for node in scene.redis.masters() if node is not home)
    for _ in range(3):
        for to in (away, home):
            await migrate(scene.redis, slot, to)
            await asyncio.sleep(0.5)
    await scene.ready_again()


# ---- the network between --------------------------------------------------------------------------

class Wired(Scene):
    """A wire of ours between each program and Redis."""

    def for_gateways(self):
        return self.wires[0]

    def for_publishers(self):
        return self.wires[1]

    async def start_redis(self):
        await super().start_redis()
        for _ in range(2):
            await self.wire(self.redis.port)


@case("the gateways' connections to Redis are reset, five times", Wired, short=True)
async def links_reset(scene):
    for _ in range(5):
        scene.wires[0].cut()
        await asyncio.sleep(0.7)
    await scene.ready_again()


@case("the publishers' connections to Redis are reset, five times", Wired)
async def publishers_reset(scene):
    for _ in range(5):
        scene.wires[1].cut()
        await asyncio.sleep(0.7)


@case("nothing passes between the gateways and Redis for 12 s, and nobody is told", Wired)
async def links_black_holed(scene):
    scene.wires[0].freeze()
    for gateway in scene.gateways:
        await gateway.turns_red(15)
    scene.wires[0].thaw()
    await scene.ready_again()


def run(*words):
    subprocess.run([str(word) for word in words], check=True, capture_output=True)


@case("the kernel resets every connection to Redis (ss -K), three times", own_network=True)
async def links_reset_by_kernel(scene):
    for _ in range(3):
        run("ss", "-K", "dst", "127.0.0.1", "dport", "=", scene.redis.port)
        await asyncio.sleep(1)
    await scene.ready_again()


@case("every packet to and from Redis is dropped for 12 s (iptables)", own_network=True)
async def packets_dropped(scene):
    rules = [("INPUT", "-p", "tcp", f"--{way}", scene.redis.port, "-j", "DROP")
             for way in ("dport", "sport")]
    for rule in rules:
        run("iptables", "-A", *rule)
    for gateway in scene.gateways:
        await gateway.turns_red(15)
    for rule in rules:
        run("iptables", "-D", *rule)
    await scene.ready_again()


@case("a fifth of all packets to and from Redis are lost for 8 s (iptables)", own_network=True)
async def packets_lost(scene):
    rules = [("INPUT", "-p", "tcp", f"--{way}", scene.redis.port, "-m", "statistic", "--mode",
              "random", "--probability", "0.2", "-j", "DROP") for way in ("dport", "sport")]
    for rule in rules:
        run("iptables", "-A", *rule)
    await asyncio.sleep(8)
    for rule in rules:
        run("iptables", "-D", *rule)
    await scene.ready_again()


@case("Redis is 200 ms away", Wired)
async def redis_far_away(scene):
    for wire in scene.wires:
        wire.delay_s = 0.2
    await asyncio.sleep(3)
    for wire in scene.wires:
        wire.cut()
    await asyncio.sleep(3)
    for wire in scene.wires:
        wire.delay_s = 0.0


# ---- gateways -------------------------------------------------------------------------------------

@case("a gateway is killed (-9) and started again", short=True)
async def gateway_killed(scene):
    gateway = scene.gateways[0]
    gateway.signal(signal.SIGKILL)
    await gateway.exited()
    await asyncio.sleep(1)
    await gateway.up()


@case("a gateway is frozen for 8 s")
async def gateway_frozen(scene):
    await frozen(scene.gateways[0], 8)
    await scene.ready_again()


class Tight(Scene):
    """Little room for what waits, and clients that never read."""

    def gateway_flags(self):
        return ("--queue-budget", "1M", "--queue-bytes", "512K", "--stall-timeout", "3s")


@case("clients that never read, under a small budget for all queues", Tight)
async def memory_pressure(scene):
    deaf = []
    for gateway in scene.gateways:
        for _ in range(20):
            client = await scene.stage.client(gateway, receive_buffer=4096, read=False)
            await client.subscribe("filler", *scene.upstream.streams)
            deaf.append(client)
        await scene.redis.has_listeners("sluice:filler", scene.gateways.index(gateway) + 1)
    for _ in range(300):
        scene.redis.publish("sluice:filler", '{"x":"%s"}' % ("x" * 20000))
        await asyncio.sleep(0.01)
    await asyncio.sleep(4)  # longer than stall-timeout
    for gateway in scene.gateways:
        assert await gateway.metric("sluice_clients") <= len(scene.listeners), "the deaf are gone"


class TwoWorkers(Scene):
    gateways_wanted = 1

    def gateway_flags(self):
        return ("--workers", "2")


@case("a worker of a gateway is killed (-9)", TwoWorkers)
async def worker_killed(scene):
    pid = scene.gateways[0].pid
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        worker = int(f.read().split()[0])
    os.kill(worker, signal.SIGKILL)
    await asyncio.sleep(2)
    await scene.ready_again()


class Balanced(Scene):
    """Three gateways behind HAProxy, with the configuration of deploy/."""

    gateways_wanted = 3

    async def start_balancer(self):
        self.haproxy = HaProxy(self.stage, [gateway.port for gateway in self.gateways])
        self.stage.servers.append(self.haproxy)
        await self.haproxy.up("/readyz")
        await self.all_up()

    async def all_up(self):
        await self.haproxy.has_up({f"gateway{n}" for n in range(1, len(self.gateways) + 1)})

    def ports(self):
        return lambda: self.haproxy.port

    def gateway_flags(self):
        return ("--drain", "2s")


async def restart_each(scene):
    for gateway in scene.gateways:
        gateway.signal(signal.SIGTERM)
        await gateway.exited()
        gateway.assert_clean()
        await gateway.up()
        await scene.all_up()


@case("three gateways behind HAProxy are restarted one after another (SIGTERM)", Balanced,
      short=True)
async def rolling_restart(scene):
    await restart_each(scene)
    refusals = [text for listener in scene.listeners for text in listener.refusals]
    assert not refusals, f"connections were refused: {refusals[:3]}"


# ---- publishers -----------------------------------------------------------------------------------

@case("the leading publisher is killed (-9)", short=True)
async def leader_killed(scene):
    leader = await scene.leader()
    leader.signal(signal.SIGKILL)
    await leader.exited()
    leader.expected_exit = -signal.SIGKILL
    await scene.leader()


@case("the leading publisher is asked to end")
async def leader_ended(scene):
    leader = await scene.leader()
    leader.signal(signal.SIGTERM)
    await leader.exited()
    await scene.leader()


@case("the leading publisher is frozen for 15 s")
async def leader_frozen(scene):
    leader = await scene.leader()
    await frozen(leader, 15)
    await scene.leader()
