"""What tests/faults/many runs: the whole system with several of everything."""
import asyncio
import signal

from cases import Balanced, Clustered
from scene import ASKS, RECOVERY_S
from support.servers import until
from traffic import Listener, Upstream

STREAMS = tuple(f"trade.M{i}" for i in range(40))
RATE = 1            # messages a second on each stream
CONNECTING = 200    # clients that begin at a time


class Machines(Balanced, Clustered):
    gateways_wanted = 4

    def __init__(self, stage, clients):
        super().__init__(stage)
        self.clients = clients
        self.upstream = Upstream(STREAMS, RATE)

    def gateway_flags(self):
        return ("--drain", "2s", "--max-connections-per-address", "0",
                "--handshake-rate-per-address", "0")

    def add_listeners(self):
        for n in range(self.clients):
            path = ("/" if n % 2 else "/stream") + ASKS
            stream = STREAMS[n % len(STREAMS)]
            self.listeners.append(Listener(path, path, [stream], self.ports(), resumes=True))

    async def start_listeners(self):
        for first in range(0, self.clients, CONNECTING):
            some = self.listeners[first:first + CONNECTING]
            for listener in some:
                listener.start()
            await until(lambda: all(x.connections for x in some), "clients are connected",
                        RECOVERY_S)


async def kill_master(scene):
    former = scene.master_of_first()
    await former.kill()
    await until(lambda: scene.master_of_first() is not former, "its replica is master", RECOVERY_S)


async def kill_gateway(scene):
    gateway = scene.gateways[0]
    gateway.signal(signal.SIGKILL)
    await gateway.exited()
    await asyncio.sleep(2)
    await gateway.up()


async def kill_publisher(scene):
    leader = await scene.leader()
    leader.signal(signal.SIGKILL)
    leader.expected_exit = -signal.SIGKILL
    await leader.exited()
    await scene.leader()


async def kill_balancer(scene):
    await scene.haproxy.kill()
    await scene.haproxy.up("/readyz")
    await scene.all_up()


KILLS = (("nothing", lambda scene: asyncio.sleep(3)), ("a Redis master", kill_master),
         ("a gateway", kill_gateway), ("the leading publisher", kill_publisher),
         ("HAProxy", kill_balancer))
