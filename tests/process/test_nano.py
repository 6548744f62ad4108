"""The Nano form from publisher to client: local accounts, and updates while events flow."""
import json
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.servers import PREFIX, ROOT, ProcessTest, until  # noqa: E402

SAMPLE = ROOT / "deploy" / "samples" / "nano.ndjson"
X = "nano_1tgkjkq9r96zd3pkr7edj8e4qbu3wr3ps6ettzse8hmoa37nurua7faupjhc"
Y = "nano_1e6rym1f5p7xj4fh1y8fzy1ym1orxymffp9tx7cey58whakprhwdzuk533th"
OF = "nano.confirmation.account."


def request(action, options):
    return json.dumps({"action": action, "topic": "confirmation", "ack": True,
                       "options": options})


def confirmations():
    for line in SAMPLE.read_text().splitlines():
        message = json.loads(line)["message"]
        if message["topic"] == "confirmation":
            yield message["message"]


def accounts_of(confirmation):
    """Those that a client can ask for it by."""
    linked = confirmation["block"].get("link_as_account")
    return {confirmation["account"], linked} if linked else set()


class Nano(ProcessTest):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.redis, self.gateway = await self.pair()

    async def client(self, options):
        client = await self.stage.client(self.gateway, "/nano")
        await client.send(request("subscribe", options))
        self.assertEqual((await client.json())["ack"], "subscribe")
        return client

    async def listened_to(self, *streams):
        for stream in streams:
            await until(lambda s=stream: self.redis.listening(PREFIX + s) > 0,
                        f"{stream} is listened to")

    async def replay(self, *flags):
        publisher = await self.stage.publisher(self.redis, *flags, "--source",
                                               f"replay={SAMPLE},speed=max")
        self.assertEqual(await publisher.exited(), 0)

    async def hashes(self, client, count):
        return [(await client.json())["message"]["hash"] for _ in range(count)]


class LocalAccounts(Nano):
    def two_accounts(self):
        """Two that send to each other."""
        return next(sorted(accounts_of(c)) for c in confirmations() if len(accounts_of(c)) == 2)

    async def test_confirmations_of_the_publishers_accounts_come_once_each(self):
        mine = self.two_accounts()
        path = self.stage.write("accounts", "# ours\n" + "\n".join(mine) + "\n")
        client = await self.client({"all_local_accounts": "true", "accounts": mine[:1]})
        await self.listened_to("nano.confirmation.local", OF + mine[0])
        await self.replay("--nano-accounts", str(path))
        wanted = [c["hash"] for c in confirmations() if accounts_of(c) & set(mine)]
        self.assertEqual(sorted(await self.hashes(client, len(wanted))), sorted(wanted))
        await client.expect_silence()

    async def test_without_a_file_there_are_none(self):
        client = await self.client({"all_local_accounts": True})
        everything = await self.client({"confirmation_type": "all"})
        await self.listened_to("nano.confirmation.local", "nano.confirmation")
        await self.replay()
        wanted = [c["hash"] for c in confirmations()]
        self.assertEqual(await self.hashes(everything, len(wanted)), wanted)
        await client.expect_silence()

    async def test_a_file_with_something_else_in_it_ends_the_start(self):
        path = self.stage.write("accounts", X + "\nnano_x\n")
        publisher = await self.stage.publisher(self.redis, "--nano-accounts", str(path),
                                               "--source", f"replay={SAMPLE}")
        publisher.expected_exit = 2
        self.assertEqual(await publisher.exited(), 2)
        self.assertIn("line 2: no Nano account", publisher.stderr())


class Updates(Nano):
    async def test_nothing_is_lost_or_repeated_while_a_client_updates_its_accounts(self):
        client = await self.client({"accounts": [X]})
        await self.listened_to(OF + X)
        rounds = 200
        for n in range(rounds):
            add, remove = ([Y], []) if n % 2 == 0 else ([], [Y])
            await client.send(request("update", {"accounts_add": add, "accounts_del": remove}))
            self.redis.publish(PREFIX + OF + X, json.dumps(
                {"topic": "confirmation", "message": {"hash": str(n), "block": {},
                                                      "confirmation_type": "inactive"}}))
        got = [await client.json() for _ in range(2 * rounds)]
        self.assertEqual([m["message"]["hash"] for m in got if "topic" in m],
                         [str(n) for n in range(rounds)])
        await client.expect_silence()

    async def test_views_and_streams_are_gone_when_their_clients_are(self):
        clients = [await self.client({"accounts": [X, Y]}) for _ in range(5)]
        await self.gateway.has_listeners(OF + X, 5)
        self.assertEqual(await self.gateway.metric("sluice_views"), 1)
        for client in clients:
            await client.close()
        await self.gateway.has_listeners(OF + X, 0)
        self.assertEqual(await self.gateway.metric("sluice_views"), 0)


if __name__ == "__main__":
    unittest.main()
