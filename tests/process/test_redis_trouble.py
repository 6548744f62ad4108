"""Redis dies, stalls, comes back, or hands over nonsense: clients stay, and /readyz tells."""
import signal
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.servers import PREFIX, ProcessTest, until  # noqa: E402

STREAM = "trade.SOL_USDC"
STALL = 15.0  # seconds in which a silent Redis must be noticed: a probe every 5 s, 5 s to hear it
DROPPED = "sluice_dropped_messages_total"


class RedisTrouble(ProcessTest):
    async def serves_again(self, redis, gateway, client, stream=STREAM):
        await gateway.turns_green(60)
        await until(lambda: redis.listening(PREFIX + stream) == 1, "it is subscribed again", 60)
        await self.passes_through(redis, client, stream, 5)

    async def test_a_killed_redis_that_returns_is_listened_to_without_the_clients_doing(self):
        redis, gateway = await self.pair()
        client = await self.listener(redis, gateway, STREAM)
        await redis.kill()
        await gateway.turns_red()
        self.assertEqual(await gateway.status("/healthz"), 200)
        await client.fence()
        await redis.up()
        await self.serves_again(redis, gateway, client)

    async def test_wishes_of_the_time_without_redis_are_kept(self):
        redis, gateway = await self.pair("--linger", "0")
        before = await self.listener(redis, gateway, STREAM)
        await redis.kill()
        await gateway.turns_red()
        late = await self.stage.client(gateway)
        await late.subscribe("depth.SOL_USDC")
        await before.unsubscribe(STREAM)
        for client in (late, before):
            await client.expect_silence()
        await redis.up()
        await self.serves_again(redis, gateway, late, "depth.SOL_USDC")
        self.assertEqual(redis.listening(PREFIX + STREAM), 0)

    async def test_a_thousand_streams_are_subscribed_again(self):
        redis, gateway = await self.pair("--max-subscriptions", "2000")
        names = [f"trade.P{n}" for n in range(1000)]
        client = await self.listener(redis, gateway, *names)
        await redis.kill()
        await gateway.turns_red()
        await redis.up()
        await gateway.turns_green(60)
        await until(lambda: len(redis.channels()) == 1000, "all are subscribed again")
        for name in names[::100]:
            await self.passes_through(redis, client, name)

    async def test_a_gateway_that_starts_before_redis_waits_for_it(self):
        redis = await self.stage.redis()
        await redis.kill()
        gateway = await self.stage.gateway(redis, ready=False)
        await gateway.turns_red()
        client = await self.stage.client(gateway)
        await client.subscribe(STREAM)
        await client.expect_silence()
        await redis.up()
        await self.serves_again(redis, gateway, client)

    async def test_a_stalled_redis_turns_readyz_red_and_is_used_again_when_it_recovers(self):
        redis, gateway = await self.pair()
        client = await self.listener(redis, gateway, STREAM)
        redis.signal(signal.SIGSTOP)
        try:
            await gateway.turns_red(STALL)
            await client.fence()
        finally:
            redis.signal(signal.SIGCONT)
        await self.serves_again(redis, gateway, client)

    async def test_a_link_that_redis_cuts_is_made_again(self):
        redis, gateway = await self.pair()
        client = await self.listener(redis, gateway, STREAM)
        self.assertGreaterEqual(redis.command_now("CLIENT", "KILL", "TYPE", "pubsub"), 1)
        await until(lambda: redis.listening(PREFIX + STREAM) == 1, "it is subscribed again", 60)
        await self.serves_again(redis, gateway, client)

    async def test_messages_that_are_no_json_are_dropped_and_counted(self):
        redis, gateway = await self.pair()
        client = await self.listener(redis, gateway, STREAM)
        bad = [b"", b"x", b"{", b"[1,]", b"{bad}", b'{"a":1} trailing', b'"text', b"\xff\xfe",
               b'{"a":"\xc3"}', b"[" * 100_000, b"\x00" * 100]
        redis.publish_all(PREFIX + STREAM, bad)
        await gateway.metric_reaches(DROPPED, len(bad))
        self.assertEqual(await gateway.metric(DROPPED), len(bad))
        await self.passes_through(redis, client, STREAM, 3)
        await client.expect_silence()

    async def test_torn_heads_are_dropped_and_counted(self):
        redis, gateway = await self.pair()
        client = await self.listener(redis, gateway, STREAM)
        bad = ["1-1", "1-1 1", "1-1 1\n", "1-1\n{}", "1-0 1\n{}", "-1 1\n{}", "a-b c\n{}",
               "1-1 x\n{}", "99999999999999999999999-1 1\n{}", "1-1 1 a b\n{}",
               "1-1 1 " + "t" * 65 + "\n{}", "\n{}"]
        redis.publish_all(PREFIX + STREAM, bad)
        await gateway.metric_reaches(DROPPED, len(bad))
        self.assertEqual(await gateway.metric(DROPPED), len(bad))
        await self.passes_through(redis, client, STREAM, 3)
        await client.expect_silence()

    async def test_a_payload_above_the_limit_is_dropped_and_counted(self):
        redis, gateway = await self.pair()
        client = await self.listener(redis, gateway, STREAM)
        redis.publish(PREFIX + STREAM, b'{"x":"' + b"y" * (20 << 20) + b'"}')
        await gateway.metric_reaches(DROPPED, 1)
        await self.passes_through(redis, client, STREAM, 3)
        self.assertEqual(await gateway.status("/readyz"), 200)

    async def test_a_large_payload_below_the_limit_arrives_whole(self):
        redis, gateway = await self.pair("--queue-bytes", "16M")
        client = await self.listener(redis, gateway, STREAM)
        large = '{"x":"%s"}' % ("y" * (6 << 20))
        redis.publish(PREFIX + STREAM, large)
        self.assertEqual(await client.text(), f'{{"stream":"{STREAM}","data":{large}}}')
        await self.passes_through(redis, client, STREAM)

    async def test_a_flood_of_bad_messages_is_not_a_flood_of_log_lines(self):
        redis, gateway = await self.pair()
        client = await self.listener(redis, gateway, STREAM)
        redis.publish_all(PREFIX + STREAM, ["{bad"] * 1000)
        await gateway.metric_reaches(DROPPED, 1000)
        await self.passes_through(redis, client, STREAM)
        self.assertLess(len(gateway.stderr().splitlines()), 50)


if __name__ == "__main__":
    unittest.main()
