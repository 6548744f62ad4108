"""Injective blocks on their way from a recording through Redis and gateways to subscriptions."""
import asyncio
import json
import sys
import unittest
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.injective import (EVERYTHING, SAMPLE, TYPES, blocks, sorted_events,  # noqa: E402
                               subscribe, update, value)
from support.servers import PREFIX, ProcessTest  # noqa: E402
from support.wsclient import Closed  # noqa: E402

ROOMY = ("--queue-messages", "100000", "--queue-bytes", "64M")
END = PREFIX + "injective.block"


def most_common(event_types, part, count):
    """The values that most events have."""
    seen = Counter(value(event, part) for block in blocks() for event_type in event_types
                   for event in block.get(event_type, []))
    return [name for name, _ in seen.most_common(count)]


def filters():
    """What people may ask for, by name."""
    two = [t for t, (_, parts) in TYPES.items() if len(parts) == 2]
    markets = most_common(two, "market_ids", 2)
    subaccounts = most_common(two, "subaccount_ids", 3)
    both = {"market_ids": markets[:1], "subaccount_ids": subaccounts}
    return {
        "everything": EVERYTHING,
        "by market": {name: {"market_ids": markets} for name, parts in TYPES.values()
                      if "market_ids" in parts},
        "by subaccount": {name: {"subaccount_ids": subaccounts, "market_ids": ["*"]}
                          for name, parts in TYPES.values() if "subaccount_ids" in parts},
        "by both": {TYPES[t][0]: both for t in two},
        "by both, many": {TYPES[t][0]: {"market_ids": markets[:1],
                                        "subaccount_ids": subaccounts + [str(n) for n in range(70)]}
                          for t in two},
        "by account": {"bank_balances_filter":
                       {"accounts": most_common(["bank_balances"], "accounts", 2)},
                       "oracle_price_filter": {"symbol": most_common(["oracle_prices"], "symbol", 1)}},
        "nothing": {"oracle_price_filter": {"symbol": ["no such"]}},
    }


class InjectiveTest(ProcessTest):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.redis, self.gateway = await self.pair(*ROOMY)

    async def subscribed(self, filters, number=1, path="/injstream-ws"):
        client = await self.stage.client(self.gateway, path)
        await client.send(subscribe(number, "s", filters))
        self.assertEqual(await client.text(), '{"jsonrpc":"2.0","id":%d,"result":"success"}' % number)
        await self.redis.has_listeners(END, 1)
        return client

    async def play(self):
        publisher = await self.stage.publisher(self.redis, "--source", f"replay={SAMPLE},speed=max")
        self.assertEqual(await publisher.exited(), 0)

    def end(self, height):
        self.redis.publish(END, '{"block_height":"%d","block_time":"1","gas_price":"1"}' % height)


class FromARecording(InjectiveTest):
    async def follow(self, filters, node):
        client = await self.subscribed(filters, 7, "/injstream-ws" + "?profile=node" * node)
        return client, [sorted_events(update(block, filters, node)) for block in blocks()[1:]]

    async def check(self, node):
        followed = [(name, *await self.follow(f, node)) for name, f in filters().items()]
        await self.redis.has_listeners(PREFIX + "injective.oracle_prices.symbol.no%20such", 1)
        await self.play()
        for name, client, expected in followed:
            for result in expected:
                got = json.loads(await client.text())
                self.assertEqual(got["id"], 7)
                self.assertEqual(sorted_events(got["result"]), result, name)

    async def test_every_subscription_is_told_of_every_block_what_it_asked_for(self):
        await self.check(node=False)

    async def test_in_the_node_profile_too(self):
        await self.check(node=True)

    async def test_who_asks_for_everything_gets_what_the_node_sent_byte_for_byte(self):
        client = await self.subscribed(EVERYTHING, 1, "/injstream-ws?profile=node")
        await self.redis.has_listeners(PREFIX + "injective.oracle_prices", 1)
        await self.play()
        for line in SAMPLE.read_text().splitlines()[1:]:
            self.assertEqual(await client.text(), line[line.index('"message":') + 10:-1])


class Trouble(InjectiveTest):
    async def test_after_redis_was_away_the_subscription_is_over_and_the_connection_is_not(self):
        client = await self.subscribed({"oracle_price_filter": {"symbol": ["*"]}})
        await self.redis.has_listeners(PREFIX + "injective.oracle_prices", 1)
        self.end(1)
        self.end(2)
        self.assertEqual(json.loads(await client.text())["result"]["block_height"], "2")
        await self.redis.kill()
        await self.gateway.turns_red()
        await self.redis.up()
        await self.gateway.turns_green()
        await self.redis.has_listeners(END, 1)
        self.end(3)
        self.assertEqual(json.loads(await client.text()),
                         {"jsonrpc": "2.0", "id": 1, "error": {"code": 1, "message": "stream error"}})
        await client.send(subscribe(2, "s", {"oracle_price_filter": {"symbol": ["*"]}}))
        self.assertIn("success", await client.text())
        await self.redis.has_listeners(END, 1)
        self.end(4)
        self.end(5)
        self.assertEqual(json.loads(await client.text())["result"]["block_height"], "5")

    async def test_a_client_that_is_silent_is_pinged_and_then_cut(self):
        mute = await self.stage.client(self.gateway, "/injstream-ws")
        other = await self.stage.client(self.gateway, "/injstream-ws")
        mute.answers_pings = False
        await asyncio.gather(mute.pinged(patience=60), other.pinged(patience=60))
        with self.assertRaises(Closed) as end:
            await mute.text(patience=30)
        self.assertIsNone(end.exception.code)  # no close frame
        await other.fence()


if __name__ == "__main__":
    unittest.main()
