"""A Redis that Sentinel watches over: the gateway is where the master is."""
import asyncio
import signal
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.redis_topologies import NOTICE, Sentinel  # noqa: E402
from support.servers import PREFIX, ProcessTest, until  # noqa: E402

STREAM = "trade.SOL_USDC"


class SentinelTest(ProcessTest):
    async def start(self, *more, login=(), url="{url}", **how):
        self.sentinel = await Sentinel.start(self.stage, *more, login=login)
        self.gateway = await self.stage.gateway(url.format(url=self.sentinel.url,
                                                           servers=self.sentinel.servers), **how)
        self.first = self.sentinel.master()

    async def hears(self, master, client):
        await until(lambda: master.listening(PREFIX + STREAM) == 1, "the new master is subscribed",
                    NOTICE)
        await self.passes_through(master, client, STREAM, 3)
        await self.gateway.turns_green(NOTICE)


class Failover(SentinelTest):
    async def test_a_killed_masters_successor_is_heard_and_clients_notice_nothing(self):
        await self.start()
        client = await self.listener(self.first, self.gateway, STREAM)
        await self.first.kill()
        await self.gateway.turns_red()
        await client.fence()
        await self.hears(await self.sentinel.has_other_master(self.first), client)

    async def test_a_planned_failover_is_followed_while_the_former_master_lives_on(self):
        await self.start()
        client = await self.listener(self.first, self.gateway, STREAM)
        self.sentinel.watchers[0].ask("FAILOVER", "main")
        await self.hears(await self.sentinel.has_other_master(self.first), client)
        await until(lambda: self.first.listening(PREFIX + STREAM) == 0, "the former is left")

    async def test_a_frozen_master_is_replaced_and_its_return_changes_nothing(self):
        await self.start()
        client = await self.listener(self.first, self.gateway, STREAM)
        self.first.signal(signal.SIGSTOP)
        try:
            master = await self.sentinel.has_other_master(self.first)
            await self.hears(master, client)
        finally:
            self.first.signal(signal.SIGCONT)
        await until(lambda: self.first.role() == "slave", "it has become a replica", NOTICE)
        await self.passes_through(master, client, STREAM, 3)


class Majority(SentinelTest):
    async def test_without_a_majority_of_sentinels_readyz_is_red_and_messages_go_on(self):
        await self.start()
        client = await self.listener(self.first, self.gateway, STREAM)
        for watcher in self.sentinel.watchers[:2]:
            await watcher.kill()
        await self.gateway.turns_red(NOTICE)
        await self.passes_through(self.first, client, STREAM, 3)
        self.sentinel.watchers[0].start()
        await self.gateway.turns_green(NOTICE)
        self.assertEqual(await self.gateway.metric("sluice_redis_link_losses_total"), 0)

    async def test_one_sentinel_that_names_another_master_is_outvoted(self):
        await self.start()
        liar, other = self.sentinel.watchers[2], self.sentinel.nodes[1]
        liar.ask("REMOVE", "main")
        liar.ask("MONITOR", "main", "127.0.0.1", str(other.port), "3")
        client = await self.listener(self.first, self.gateway, STREAM)
        await asyncio.sleep(6)  # more than a round of questions, of which no event tells
        await self.passes_through(self.first, client, STREAM, 3)
        self.assertEqual(await self.gateway.status("/readyz"), 200)

    async def test_a_name_that_the_sentinels_do_not_know_is_said(self):
        sentinel = await Sentinel.start(self.stage)
        gateway = await self.stage.gateway(f"redis+sentinel://{sentinel.servers}/other",
                                           ready=False)
        await until(lambda: "it watches no master of that name" in gateway.stderr(), "it is said")
        self.assertEqual(await gateway.status("/readyz"), 503)


class Logins(SentinelTest):
    async def test_servers_and_sentinels_each_have_a_login_of_their_own(self):
        await self.start(
            "--user", "gw", "on", ">pw", "~sluice:*", "&sluice:*", "+subscribe", "+unsubscribe",
            "+publish", "+role", "+ping", "+get", "+select", "+hget",
            login=["user su on >sp allchannels allkeys +@all"],
            url="redis+sentinel://gw:pw@{servers}/main?sentinel_user=su&sentinel_password=sp")
        client = await self.listener(self.first, self.gateway, STREAM)
        await self.passes_through(self.first, client, STREAM, 3)

    async def test_a_wrong_password_is_said(self):
        sentinel = await Sentinel.start(self.stage, "--user", "gw", "on", ">pw", "+@all")
        gateway = await self.stage.gateway(f"redis+sentinel://gw:wrong@{sentinel.servers}/main",
                                           ready=False)
        await until(lambda: "WRONGPASS" in gateway.stderr(), "it is said")


if __name__ == "__main__":
    unittest.main()
