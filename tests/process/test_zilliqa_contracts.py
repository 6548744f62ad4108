"""Which addresses EventLog takes for contracts: two sets in Redis, read every few seconds."""
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.servers import PREFIX, ProcessTest, until  # noqa: E402

CONTRACT, OTHER = "11" * 20, "aB" * 20
NONE = "no contract found in list"
FOREVER = 1 << 50  # milliseconds


def query(*addresses):
    return '{"query":"EventLog","addresses":[%s]}' % ",".join(f'"0x{a}"' for a in addresses)


class Contracts(ProcessTest):
    async def begin(self, *flags, seed=()):
        self.redis = await self.stage.redis()
        for words in seed:
            self.redis.command_now(*words)
        self.gateway = await self.stage.gateway(self.redis, *flags)

    async def answer(self, *addresses):
        """The answer to the query on a connection of its own: what it asked for ends with it."""
        client = await self.stage.client(self.gateway, "/zilliqa?profile=node")
        await client.send(query(*addresses))
        answer = await client.text()
        await client.close()
        return answer

    async def becomes(self, wanted, *addresses):
        async def is_so():
            return await self.answer(*addresses) == wanted
        await until(is_so, f"the answer is {wanted}", patience=20)

    async def test_any_is_a_contract_but_what_is_known_to_be_none(self):
        await self.begin(seed=[("ZADD", PREFIX + "zilliqa.noncontract", FOREVER, OTHER.lower())])
        await self.becomes(NONE, OTHER)
        self.assertEqual(await self.answer(CONTRACT), query(CONTRACT))
        self.assertEqual(await self.answer(OTHER, CONTRACT), query(OTHER, CONTRACT))
        await self.gateway.has_listeners("zilliqa.EventLog." + OTHER.lower(), 0)

    async def test_what_was_found_out_long_ago_counts_no_more(self):
        await self.begin(seed=[("ZADD", PREFIX + "zilliqa.noncontract", 1000, OTHER.lower()),
                               ("ZADD", PREFIX + "zilliqa.noncontract", FOREVER, CONTRACT)])
        await self.becomes(NONE, CONTRACT)  # so the set was read
        self.assertEqual(await self.answer(OTHER), query(OTHER))

    async def test_the_set_is_read_again_while_the_gateway_runs(self):
        await self.begin()
        self.assertEqual(await self.answer(OTHER), query(OTHER))
        self.redis.command_now("ZADD", PREFIX + "zilliqa.noncontract", FOREVER, "0x" + OTHER)
        await self.becomes(NONE, OTHER)
        self.redis.command_now("DEL", PREFIX + "zilliqa.noncontract")
        await self.becomes(query(OTHER), OTHER)

    async def test_with_known_only_what_is_in_the_set_is_a_contract(self):
        await self.begin("--contracts", "known",
                         seed=[("SADD", PREFIX + "zilliqa.contract", CONTRACT)])
        await self.becomes(NONE, OTHER)
        self.assertEqual(await self.answer(CONTRACT), query(CONTRACT))
        self.assertEqual(await self.answer(OTHER, CONTRACT), query(OTHER, CONTRACT))

    async def test_what_is_no_set_changes_nothing(self):
        await self.begin(seed=[("SET", PREFIX + "zilliqa.noncontract", "nonsense")])
        self.assertEqual(await self.answer(OTHER), query(OTHER))


if __name__ == "__main__":
    unittest.main()
