"""Clients of the Injective form: Node's ws and Python's websockets, against a recording."""
import asyncio
import json
import sys
import unittest
from pathlib import Path

import websockets

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.injective import SAMPLE, blocks, sorted_events, subscribe, update, value  # noqa: E402
from support.node import Program  # noqa: E402
from support.servers import PREFIX, ProcessTest  # noqa: E402
from support.wsclient import PATIENCE  # noqa: E402

ROOMY = ("--queue-messages", "100000", "--queue-bytes", "64M")


def first(event_type, part):
    return next(value(event, part) for block in blocks() for event in block.get(event_type, []))


def examples():
    """The three subscriptions of the documentation: prices, orders of a market, a trader's all."""
    market, trader = first("spot_orders", "market_ids"), first("spot_orders", "subaccount_ids")
    his = {"market_ids": ["*"], "subaccount_ids": [trader]}
    return [
        ("my-oracle-prices", {"oracle_price_filter": {"symbol": ["*"]}}),
        ("spot-orders-market-1",
         {"spot_orders_filter": {"market_ids": [market], "subaccount_ids": ["*"]}}),
        ("my-trading-stream",
         {"spot_orders_filter": his, "derivative_orders_filter": his, "positions_filter": his,
          "oracle_price_filter": {"symbol": ["BTCUSD", "ETHUSD"]}}),
    ]


class InjectiveClient(ProcessTest):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.redis, self.gateway = await self.pair(*ROOMY)
        self.url = f"ws://127.0.0.1:{self.gateway.port}/injstream-ws"

    async def play(self):
        for stream in ("block", "oracle_prices", "oracle_prices.symbol.ETHUSD"):
            await self.redis.has_listeners(PREFIX + "injective." + stream, 1)
        publisher = await self.stage.publisher(self.redis, "--source", f"replay={SAMPLE},speed=max")
        self.assertEqual(await publisher.exited(), 0)

    def check(self, number, filters, results):
        expected = [sorted_events(update(block, filters)) for block in blocks()[1:]]
        self.assertEqual([sorted_events(result) for result in results], expected, number)

    async def test_the_documented_examples_in_javascript(self):
        program = await Program.start("injective.cjs", self.url)
        self.addAsyncCleanup(program.end)
        await program.event("open")
        for number, (name, filters) in enumerate(examples(), 1):
            program.order("subscribe", number, name, filters)
            await program.event("success", id=number)
        await self.play()
        results = {1: [], 2: [], 3: []}
        for _ in range(3 * (len(blocks()) - 1)):
            event = await program.event("update")
            results[event["id"]].append(event["result"])
        for number, (name, filters) in enumerate(examples(), 1):
            self.check(number, filters, results[number])
            program.order("unsubscribe", 100 + number, name)
            await program.event("success", id=100 + number)
        program.order("unsubscribe", 200, "my-oracle-prices")
        await program.event("error", id=200, code=-32603,
                            data="subscription not found: my-oracle-prices")

    async def test_the_documented_examples_in_python(self):
        async with websockets.connect(self.url, max_size=None) as client:
            async def receive():
                return json.loads(await asyncio.wait_for(client.recv(), PATIENCE))

            for number, (name, filters) in enumerate(examples(), 1):
                await client.send(subscribe(number, name, filters))
                self.assertEqual(await receive(),
                                 {"jsonrpc": "2.0", "id": number, "result": "success"})
            await self.play()
            results = {1: [], 2: [], 3: []}
            for _ in range(3 * (len(blocks()) - 1)):
                message = await receive()
                results[message["id"]].append(message["result"])
            for number, (name, filters) in enumerate(examples(), 1):
                self.check(number, filters, results[number])
        self.assertEqual(client.close_code, 1000)


if __name__ == "__main__":
    unittest.main()
