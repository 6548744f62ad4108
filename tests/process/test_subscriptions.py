"""A gateway listens in Redis to a channel exactly while somebody listens to it in the gateway."""
import asyncio
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.servers import PREFIX, ProcessTest  # noqa: E402

TRADES, DEPTH = "trade.SOL_USDC", "depth.SOL_USDC"
CROWD = 1000
LINGER = ("--linger", "200ms")  # how long a channel is kept after its last listener left


class Subscriptions(ProcessTest):
    async def test_redis_hears_of_a_stream_only_when_the_first_client_listens(self):
        redis, gateway = await self.pair()
        client = await self.stage.client(gateway)
        await client.fence()
        self.assertEqual(redis.channels(), [])
        await self.listen(redis, client, TRADES)
        self.assertEqual(redis.channels(), [PREFIX + TRADES])
        await self.passes_through(redis, client, TRADES, 10)

    async def test_a_thousand_listeners_cost_redis_one_subscription(self):
        redis, gateway = await self.pair()
        first = await self.listener(redis, gateway, TRADES)
        crowd = [await self.stage.client(gateway) for _ in range(CROWD - 1)]
        for client in crowd:
            await client.subscribe(TRADES)
        await gateway.has_listeners(TRADES, CROWD)
        self.assertEqual(redis.listening(PREFIX + TRADES), 1)
        self.assertEqual(redis.publish(PREFIX + TRADES, '{"n":1}'), 1)
        texts = await asyncio.gather(*(client.text() for client in [first, *crowd]))
        self.assertEqual(set(texts), {'{"stream":"trade.SOL_USDC","data":{"n":1}}'})

        for client in crowd[:CROWD // 2]:
            await client.unsubscribe(TRADES)
        for client in crowd[CROWD // 2:]:
            client.kill()
        await gateway.has_listeners(TRADES, 1)
        self.assertEqual(redis.listening(PREFIX + TRADES), 1)
        await self.passes_through(redis, first, TRADES)

    async def test_redis_is_left_when_the_last_listener_unsubscribes(self):
        redis, gateway = await self.pair(*LINGER)
        one = await self.listener(redis, gateway, TRADES)
        two = await self.listener(redis, gateway, TRADES)
        await one.unsubscribe(TRADES)
        await gateway.has_listeners(TRADES, 1)
        await self.passes_through(redis, two, TRADES)
        await one.expect_silence()
        await two.unsubscribe(TRADES)
        await redis.has_listeners(PREFIX + TRADES, 0)

    async def test_redis_is_left_when_the_last_listener_closes(self):
        redis, gateway = await self.pair(*LINGER)
        client = await self.listener(redis, gateway, TRADES, DEPTH)
        self.assertEqual(await client.close(1000), 1000)
        await redis.has_listeners(PREFIX + TRADES, 0)
        await redis.has_listeners(PREFIX + DEPTH, 0)

    async def test_redis_is_left_when_the_last_listener_goes_without_a_word(self):
        redis, gateway = await self.pair(*LINGER)
        client = await self.listener(redis, gateway, TRADES)
        await client.drop()
        await redis.has_listeners(PREFIX + TRADES, 0)

    async def test_redis_is_left_when_the_last_listener_is_killed(self):
        redis, gateway = await self.pair(*LINGER)
        client = await self.listener(redis, gateway, TRADES)
        client.kill()
        await redis.has_listeners(PREFIX + TRADES, 0)
        self.assertEqual(await gateway.listeners(TRADES), 0)

    async def test_a_channel_lingers_so_that_a_returning_client_finds_it_open(self):
        redis, gateway = await self.pair("--linger", "60s")
        client = await self.listener(redis, gateway, TRADES)
        await client.unsubscribe(TRADES)
        await gateway.has_listeners(TRADES, 0)
        self.assertEqual(redis.listening(PREFIX + TRADES), 1)
        await self.listen(redis, client, TRADES)
        await self.passes_through(redis, client, TRADES)

    async def test_two_streams_are_told_apart(self):
        redis, gateway = await self.pair()
        trades = await self.listener(redis, gateway, TRADES)
        depth = await self.listener(redis, gateway, DEPTH)
        both = await self.listener(redis, gateway, TRADES, DEPTH)
        redis.publish(PREFIX + TRADES, '{"e":"trade"}')
        redis.publish(PREFIX + DEPTH, '{"e":"depth"}')
        trade_text = f'{{"stream":"{TRADES}","data":{{"e":"trade"}}}}'
        depth_text = f'{{"stream":"{DEPTH}","data":{{"e":"depth"}}}}'
        self.assertEqual(await both.texts(2), [trade_text, depth_text])
        self.assertEqual(await trades.text(), trade_text)
        self.assertEqual(await depth.text(), depth_text)
        for client in (trades, depth, both):
            await client.expect_silence()

    async def test_two_gateways_listen_each_for_its_own_clients(self):
        redis, east = await self.pair(*LINGER)
        west = await self.stage.gateway(redis, *LINGER)
        in_east = await self.listener(redis, east, TRADES)
        self.assertEqual(redis.listening(PREFIX + TRADES), 1)
        in_west = await self.stage.client(west)
        await in_west.subscribe(TRADES)
        await redis.has_listeners(PREFIX + TRADES, 2)
        await self.passes_through(redis, in_east, TRADES)
        self.assertEqual((await in_west.json())["data"], {"n": 1})
        in_east.kill()
        await redis.has_listeners(PREFIX + TRADES, 1)
        await self.passes_through(redis, in_west, TRADES)

    async def test_subscribing_twice_delivers_once_and_one_unsubscribe_ends_it(self):
        redis, gateway = await self.pair(*LINGER)
        client = await self.listener(redis, gateway, TRADES)
        await self.listen(redis, client, TRADES, TRADES)
        await self.passes_through(redis, client, TRADES, 3)
        await client.unsubscribe(TRADES)
        await redis.has_listeners(PREFIX + TRADES, 0)

    async def test_streams_says_who_listens_to_what(self):
        redis, gateway = await self.pair()
        client = await self.listener(redis, gateway, TRADES, DEPTH)
        await self.listener(redis, gateway, DEPTH)
        self.assertEqual(await gateway.listeners(TRADES), 1)
        self.assertEqual(await gateway.listeners(DEPTH), 2)
        client.kill()
        await gateway.has_listeners(DEPTH, 1)
        self.assertEqual(await gateway.listeners(TRADES), 0)

    async def test_a_client_on_a_unix_socket_is_served_too(self):
        redis = await self.stage.redis()
        path = str(self.stage.path("gateway.socket"))
        gateway = await self.stage.gateway(redis, "--listen", f"unix:{path}")
        client = await self.stage.client(gateway, unix=path)
        await self.listen(redis, client, TRADES)
        await self.passes_through(redis, client, TRADES)


if __name__ == "__main__":
    unittest.main()
