"""What a fault happens to: Redis, publishers, gateways, and clients that count."""
import asyncio
import itertools

from chains import CHAINS, ChainListener
from network import Wire
from support.servers import Redis, Stage, free_port, until
from traffic import Listener, Tally, Upstream, settle

STREAMS = tuple(f"trade.M{i}" for i in range(8))
RATE = 25             # messages a second on each stream
CLIENTS_EACH = 3      # of each kind, on each gateway
AFTER_S = 1.5         # traffic goes on for so long after the fault is over
RECOVERY_S = 60.0     # for a gateway to be ready again
ASKS = "?ids=1&notices=1"


class KeptRedis(Redis):
    """One that writes what it is told to a file before it answers: killed, it forgets nothing."""

    def __init__(self, stage, name, *flags):
        super().__init__(stage, name)
        at = self.command.index("--appendonly")
        self.command[at + 1] = "yes"
        self.command += ["--appenddirname", f"{name}-aof", *map(str, flags)]


class Scene:
    """One Redis, two publishers of which one leads, two gateways, clients on both of them."""

    publishers_wanted = 2
    gateways_wanted = 2
    history = True  # False: the streams have none
    resuming = True  # clients come back by id

    def __init__(self, stage):
        self.stage = stage
        self.upstream = Upstream(STREAMS, RATE, CHAINS)
        self.wires, self.publishers, self.gateways, self.listeners = [], [], [], []
        self.links_lost = self.filled = 0  # as the gateways that run at the end say

    # ---- setting up ----

    async def set_up(self):
        await self.start_redis()
        for _ in range(self.publishers_wanted):
            await self.add_publisher()
        if self.publishers_wanted > 1:
            await until(lambda: sum("standing by" in p.stderr() for p in self.publishers)
                        == self.publishers_wanted - 1, "all publishers but one stand by")
        for _ in range(self.gateways_wanted):
            self.gateways.append(await self.stage.gateway(self.for_gateways().url,
                                                          *self.gateway_flags()))
        await self.start_balancer()
        self.add_listeners()
        self.upstream.start()
        await self.start_listeners()
        await until(lambda: all(listener.warm() for listener in self.listeners),
                    "every client has had a message of every stream", RECOVERY_S)

    async def start_redis(self):
        self.redis = self.stage._add(KeptRedis(self.stage, "redis"))
        await self.redis.up()

    async def start_balancer(self):
        """Nothing stands before the gateways."""

    def for_gateways(self):
        """What has the address of their Redis."""
        return self.redis

    def for_publishers(self):
        return self.redis

    def gateway_flags(self):
        return ()

    def publisher_flags(self):
        return () if self.history else ("--history", "*=0")

    async def wire(self, to_port):
        self.wires.append(await Wire(to_port).up())
        return self.wires[-1]

    async def add_publisher(self):
        port = free_port()
        flags = ["--source", f"lines=tcp://127.0.0.1:{port}", *self.publisher_flags()]
        if self.publishers_wanted > 1:
            flags += ["--lead", "faults"]
        publisher = await self.stage.publisher(self.for_publishers(), *flags)
        self.upstream.tell(publisher, port)
        self.publishers.append(publisher)
        await self.listens(port)
        return publisher

    async def listens(self, port):
        async def connects():
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                return False
            writer.close()
            return True
        await until(connects, f"the publisher listens on {port}")

    def ports(self):
        """Where a client goes: to a gateway that takes new ones, each in turn."""
        turns = itertools.count(len(self.listeners))

        def choose():
            running = [g for g in self.gateways if g.running and not g.asked_to_end]
            return (running or self.gateways)[next(turns) % max(1, len(running))].port
        return choose

    def add_listeners(self):
        for path, resumes in (("/" + ASKS, True), ("/stream" + ASKS, True), ("/", False)):
            for _ in range(CLIENTS_EACH * len(self.gateways)):
                resumes = resumes and self.resuming
                self.listeners.append(Listener(path, path, STREAMS, self.ports(), resumes))
        for chain in CHAINS:
            for _ in self.gateways:
                self.listeners.append(ChainListener(chain, self.ports()))

    async def start_listeners(self):
        for listener in self.listeners:
            listener.start()

    # ---- afterwards ----

    async def finish(self):
        """Traffic goes on for a while, then ends; what came is counted."""
        await asyncio.sleep(AFTER_S)
        await self.upstream.stop()
        await settle(self.listeners, self.upstream.sent)
        for gateway in self.gateways:
            self.links_lost += await gateway.metric("sluice_redis_link_losses_total")
            self.filled += await gateway.metric("sluice_filled_messages_total")
        for listener in self.listeners:
            await listener.stop()

    async def close(self):
        for wire in self.wires:
            await wire.end()

    def tally(self, kind):
        chosen = [x for x in self.listeners if x.kind == kind]
        return Tally.of(chosen, self.upstream.sent)

    # ---- what faults use ----

    async def leader(self):
        """The publisher that leads; there is one, or soon will be."""
        async def leads():
            for publisher in self.publishers:
                if publisher.running and self.says_leading(publisher):
                    return publisher
            return None
        return await until(leads, "one publisher leads", RECOVERY_S)

    @staticmethod
    def says_leading(publisher):
        """By its log: its last word on the matter."""
        for line in reversed(publisher.stderr().splitlines()):
            if "msg=publishing" in line or '"publishing"' in line:
                return True
            if "standing by" in line:
                return False
        return False

    async def ready_again(self):
        for gateway in self.gateways:
            await gateway.turns_green(RECOVERY_S)


async def play(case, scene_type=Scene):
    """Run one case; the scene, with its counts."""
    async with Stage() as stage:
        scene = scene_type(stage)
        try:
            await scene.set_up()
            await case(scene)
            await scene.finish()
        finally:
            await scene.close()
        return scene
