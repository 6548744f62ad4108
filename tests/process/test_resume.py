"""Clients that go on after an id, or begin with the last value: nothing missing, nothing twice."""
import json
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.histories import key, message, write_all  # noqa: E402
from support.servers import PREFIX, ProcessTest, until  # noqa: E402

STREAM = "trade.SOL_USDC"


def envelope(n, epoch=7, stream=STREAM):
    return '{"stream":"%s","id":"%d-%d","data":{"n":%d}}' % (stream, epoch, n, n)


def notice(missed, after, following, stream=STREAM):
    gap = {"missed": missed, "after": after, "next": following}
    return json.dumps({"stream": stream, "notice": {"gap": gap}}, separators=(",", ":"))


def subscribe(since=None, stream=STREAM):
    request = {"method": "SUBSCRIBE", "params": [stream], "id": 1}
    return json.dumps(request | ({"since": {stream: since}} if since else {}))


class Resume(ProcessTest):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.redis, self.gateway = await self.pair()

    async def resume(self, since, path="/?ids=1", gateway=None):
        client = await self.stage.client(gateway or self.gateway, path)
        await client.send(subscribe(since))
        return client

    async def expect(self, client, numbers, epoch=7):
        wanted = [envelope(n, epoch) for n in numbers]
        self.assertEqual(await client.texts(len(wanted)), wanted)

    async def settled(self, client, count=1):
        """It has caught up when it is in the view that all share."""
        async def shared():
            return await self.gateway.metric("sluice_views") == count
        await client.fence()
        await until(shared, "the client has caught up")

    async def test_a_client_goes_on_at_another_gateway_where_it_was(self):
        other = await self.stage.gateway(self.redis)
        first = await self.listener(self.redis, self.gateway, STREAM, path="/?ids=1")
        write_all(self.redis, STREAM, 7, range(1, 6))
        await self.expect(first, range(1, 6))
        last = json.loads(envelope(5))["id"]
        await first.close()
        write_all(self.redis, STREAM, 7, range(6, 206))
        second = await self.resume(last, gateway=other)
        await self.expect(second, range(6, 206))
        write_all(self.redis, STREAM, 7, range(206, 210))
        await self.expect(second, range(206, 210))
        await second.expect_silence()

    async def test_live_messages_meanwhile_come_once_and_in_order(self):
        live = await self.listener(self.redis, self.gateway, STREAM, path="/?ids=1")
        write_all(self.redis, STREAM, 7, range(1, 501))
        await self.expect(live, range(1, 501))
        client = await self.resume("7-100")
        for at in range(501, 1001, 20):
            write_all(self.redis, STREAM, 7, range(at, at + 20))
            await live.fence()
        await self.expect(client, range(101, 1001))
        await self.expect(live, range(501, 1001))
        await self.settled(client)
        write_all(self.redis, STREAM, 7, [1001])
        for each in (client, live):
            await self.expect(each, [1001])
            await each.expect_silence()

    async def test_an_id_that_the_history_has_no_more_is_told_first(self):
        write_all(self.redis, STREAM, 7, range(1, 11))
        self.redis.command_now("XTRIM", key(STREAM), "MAXLEN", "3")
        client = await self.resume("7-2")
        self.assertEqual(await client.text(), notice(5, "7-2", "7-8"))
        await self.expect(client, [8, 9, 10])

    async def test_an_id_of_another_term_is_told_as_a_gap_of_unknown_size(self):
        write_all(self.redis, STREAM, 8, [1, 2])
        client = await self.resume("7-9")
        self.assertEqual(await client.text(), notice(None, "7-9", "8-1"))
        await self.expect(client, [1, 2], epoch=8)

    async def test_a_new_term_within_the_history_is_no_gap(self):
        write_all(self.redis, STREAM, 7, [1, 2])
        write_all(self.redis, STREAM, 8, [1])
        client = await self.resume("7-1")
        await self.expect(client, [2])
        await self.expect(client, [1], epoch=8)
        await client.expect_silence()

    async def test_an_id_that_nobody_knows_is_told_and_what_comes_live_is_not_lost(self):
        write_all(self.redis, STREAM, 7, [1, 2])
        client = await self.resume("99-5")
        self.assertEqual(await client.text(), notice(None, "99-5", None))
        await self.settled(client)
        write_all(self.redis, STREAM, 7, [3])
        await self.expect(client, [3])

    async def test_from_the_beginning(self):
        write_all(self.redis, STREAM, 7, [1, 2])
        await self.expect(await self.resume("0-0"), [1, 2])

    async def test_without_histories_it_is_told_that_nothing_is_known(self):
        gateway = await self.stage.gateway(self.redis, "--read-history", "off")
        client = await self.resume("7-1", gateway=gateway)
        self.assertEqual(await client.text(), notice(None, "7-1", None))

    async def test_without_ids_in_its_address_a_client_gets_nothing_else(self):
        write_all(self.redis, STREAM, 7, [1, 2])
        client = await self.resume("7-1", path="/")
        await until(lambda: self.redis.listening(PREFIX + STREAM) == 1, "subscribed")
        write_all(self.redis, STREAM, 7, [3])
        self.assertEqual(await client.text(), '{"stream":"%s","data":{"n":3}}' % STREAM)

    async def test_who_leaves_while_it_catches_up_gets_no_more(self):
        write_all(self.redis, STREAM, 7, range(1, 1001))
        client = await self.resume("7-1")
        await client.unsubscribe(STREAM)
        await client.fence()
        await self.gateway.has_subscriptions(0)
        while not client.messages.empty():
            client.messages.get_nowait()
        write_all(self.redis, STREAM, 7, [1001])
        await client.expect_silence()

    async def test_the_last_value_comes_first_and_then_what_follows(self):
        write_all(self.redis, STREAM, 7, [1, 2])
        client = await self.resume(None, path="/?ids=1&last=1")
        await self.expect(client, [2])
        await self.settled(client)
        write_all(self.redis, STREAM, 7, [3])
        await self.expect(client, [3])
        await client.expect_silence()

    async def test_while_messages_come_the_last_value_and_they_are_in_order(self):
        live = await self.listener(self.redis, self.gateway, STREAM, path="/?ids=1")
        for round_ in range(20):
            first = 1 + round_ * 10
            client = await self.stage.client(self.gateway, "/?ids=1&last=1")
            write_all(self.redis, STREAM, 7, range(first, first + 5))
            await client.send(subscribe())
            write_all(self.redis, STREAM, 7, range(first + 5, first + 10))
            got = json.loads(await client.text())["data"]["n"]
            self.assertGreaterEqual(got, first + 4)
            await self.expect(client, range(got + 1, first + 10))
            await self.expect(live, range(first, first + 10))
            await client.close()

    async def test_a_last_value_without_a_history_is_one_too(self):
        self.redis.command_now("HSET", f"{PREFIX}last:{STREAM}", "message",
                               message("7-4", '{"n":4}'))
        client = await self.resume(None, path="/?ids=1&last=1")
        await self.expect(client, [4])

    async def test_where_there_is_no_last_value_the_stream_begins(self):
        client = await self.resume(None, path="/?ids=1&last=1")
        await self.settled(client)
        write_all(self.redis, STREAM, 7, [1])
        await self.expect(client, [1])

    async def test_gaps_are_told_to_those_who_ask_for_it(self):
        told = await self.listener(self.redis, self.gateway, STREAM, path="/?ids=1&notices=1")
        plain = await self.listener(self.redis, self.gateway, STREAM, path="/?ids=1")
        write_all(self.redis, STREAM, 7, [1], kept=False)
        write_all(self.redis, STREAM, 7, [4], kept=False)
        await self.expect(told, [1])
        self.assertEqual(await told.text(), notice(2, "7-1", "7-4"))
        await self.expect(told, [4])
        await self.expect(plain, [1, 4])

    async def test_a_trimmed_history_after_a_lost_link_is_told(self):
        told = await self.listener(self.redis, self.gateway, STREAM, path="/?ids=1&notices=1")
        write_all(self.redis, STREAM, 7, [1])
        await self.expect(told, [1])
        self.redis.command_now("CLIENT", "KILL", "TYPE", "pubsub")
        write_all(self.redis, STREAM, 7, range(2, 11), heard=False)
        self.redis.command_now("XTRIM", key(STREAM), "MAXLEN", "2")
        self.assertEqual(await told.text(), notice(7, "7-1", "7-9"))
        await self.expect(told, [9, 10])

    async def test_a_client_that_does_not_read_is_not_flooded_with_history(self):
        big = '{"x":"%s"}' % ("y" * 20_000)
        for at in range(1, 1001, 100):
            self.redis.connection.pipeline(
                [("XADD", key(STREAM), f"7-{n}", "m", f"7-{n} 1\n{big}")
                 for n in range(at, at + 100)])
        client = await self.stage.client(self.gateway, "/?ids=1", read=False,
                                         receive_buffer=4096)
        await client.send(subscribe("0-0"))
        await self.gateway.metric_reaches("sluice_replayed_messages_total", 10)
        client.start_reading()
        got = [json.loads(text)["id"] for text in await client.texts(1000, 30)]
        self.assertEqual(got, [f"7-{n}" for n in range(1, 1001)])


if __name__ == "__main__":
    unittest.main()
