"""Clients that stop reading, with real sockets: what each policy, the budget and the stall do."""
import asyncio
import json
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.servers import PREFIX, ProcessTest  # noqa: E402

CLASSES = ("--class", "book=depth.*", "--class", "trade=trade.*")
FEW = ("--queue-messages", "50", "--kernel-queue", "16k")
PADDING = "x" * 4000
COUNT = 4000  # messages of 4 kB: 16 MB, more than socket buffers and queue hold


def message(n):
    return '{"n":%d,"x":"%s"}' % (n, PADDING)


class SlowReaders(ProcessTest):
    async def begin(self, *flags):
        self.redis, self.gateway = await self.pair(*FEW, *CLASSES, *flags)

    async def stopped(self, *streams, path="/"):
        client = await self.stage.client(self.gateway, path, receive_buffer=4096, read=False)
        await client.subscribe(*streams)
        for stream in streams:
            await self.gateway.has_listeners(stream, 1)
        return client

    async def publish(self, stream, first, count):
        """In steps, each of which a client that keeps up has read before the next begins."""
        if not hasattr(self, "healthy"):
            self.healthy = await self.listener(self.redis, self.gateway, stream)
        for n in range(first, first + count, 40):
            self.redis.publish_all(PREFIX + stream, [message(m) for m in range(n, n + 40)])
            await self.healthy.texts(40)

    async def numbers_until(self, client, last):
        client.start_reading()
        got = []
        while not got or got[-1] != last:
            told = json.loads(await client.text())
            got.append(told["data"]["n"])
        return got

    async def dropped(self, class_name, reason):
        metrics = await self.gateway.metrics()
        return metrics['sluice_dropped_frames_total{class="%s",reason="%s"}' % (class_name, reason)]

    async def test_a_conflated_book_ends_with_the_newest_message_and_has_no_old_one_behind_it(self):
        await self.begin("--policy", "book=conflate")
        stopped = await self.stopped("depth.A")
        await self.publish("depth.A", 0, COUNT)
        self.assertGreater(await self.dropped("book", "conflated"), 0)

        got = await self.numbers_until(stopped, COUNT - 1)
        self.assertEqual(got, sorted(set(got)))
        self.assertEqual(COUNT - len(got), await self.dropped("book", "conflated"))
        await self.passes_on(stopped)

    async def test_dropped_trades_leave_few_holes_and_everything_is_counted(self):
        await self.begin("--policy", "trade=drop")
        stopped = await self.stopped("trade.A")
        await self.publish("trade.A", 0, COUNT)

        got = await self.numbers_until(stopped, COUNT - 1)
        self.assertEqual(got, sorted(set(got)))
        self.assertEqual(COUNT - len(got), await self.dropped("trade", "dropped"))
        holes = [(a, b) for a, b in zip(got, got[1:]) if b != a + 1]
        self.assertIn(len(holes), range(1, 10))  # not one a message: half of the queue goes at once
        await self.passes_on(stopped)

    async def test_who_asked_for_notices_is_told_of_every_message_that_was_dropped(self):
        await self.begin("--policy", "trade=drop")
        stopped = await self.stopped("trade.A", path="/?notices=1")
        await self.publish("trade.A", 0, COUNT)

        stopped.start_reading()
        numbers, told = [], 0
        while not numbers or numbers[-1] != COUNT - 1:
            message = json.loads(await stopped.text())
            self.assertEqual(message["stream"], "trade.A")
            if "notice" in message:
                told += message["notice"]["dropped"]
            else:
                numbers.append(message["data"]["n"])
        self.assertGreater(told, 0)
        self.assertEqual(told, COUNT - len(numbers))
        self.assertEqual(told, await self.dropped("trade", "dropped"))

    async def passes_on(self, client):
        """It is in step again."""
        self.assertEqual(await self.gateway.metric("sluice_closes_total"), 0)
        self.assertEqual(await self.gateway.metric("sluice_queued_bytes"), 0)
        await client.fence()

    async def test_replies_and_pings_are_never_left_out(self):
        await self.begin("--policy", "trade=drop", "--policy", "book=conflate",
                         "--binance-rate", "0")
        stopped = await self.stage.client(self.gateway, "/stream", receive_buffer=4096, read=False)
        await stopped.subscribe("trade.A", "depth.A", id=0)
        await self.gateway.has_listeners("depth.A", 1)
        await self.publish("trade.A", 0, COUNT)
        for n in range(1, 21):
            await stopped.send('{"method":"LIST_SUBSCRIPTIONS","id":%d}' % n)
        await self.gateway.metric_reaches("sluice_requests_total", 22)
        await self.publish("trade.A", COUNT, 200)

        stopped.start_reading()
        ids = []
        while len(ids) < 21:
            told = json.loads(await stopped.text())
            if "id" in told:
                ids.append(told["id"])
        self.assertEqual(ids, list(range(21)))

    async def test_without_a_policy_it_is_closed_and_what_it_was_due_is_counted(self):
        await self.begin("--policy", "book=conflate")
        await self.stopped("trade.A")
        await self.publish("trade.A", 0, COUNT)
        await self.gateway.metric_reaches("sluice_closes_total", 1)
        metrics = await self.gateway.metrics()
        self.assertEqual(metrics['sluice_closes_total{reason="slow_reader"}'], 1)
        self.assertGreater(await self.dropped("trade", "closed"), 50)
        self.assertEqual(metrics["sluice_queued_bytes"], 0)

    async def test_over_the_budget_the_longest_queue_is_cut_and_the_others_stay(self):
        await self.begin("--queue-messages", "100000", "--queue-bytes", "1G",
                         "--queue-budget", "2M")
        await self.stopped("trade.A")
        little = await self.stopped("trade.B")
        await self.publish("trade.A", 0, COUNT)
        self.redis.publish(PREFIX + "trade.B", message(1))
        await self.gateway.metric_reaches("sluice_closes_total", 1)
        metrics = await self.gateway.metrics()
        self.assertEqual(metrics['sluice_closes_total{reason="queue_budget"}'], 1)
        self.assertEqual(self.gateway.stderr().count("queue-budget"), 1)
        self.assertEqual(await self.numbers_until(little, 1), [1])

    async def test_one_that_takes_nothing_is_gone_in_time_though_its_queue_is_short(self):
        await self.begin("--queue-messages", "100000", "--queue-bytes", "1G",
                         "--stall-timeout", "1s")
        stopped = await self.stopped("trade.A")
        await self.publish("trade.A", 0, COUNT)
        await self.gateway.metric_reaches("sluice_closes_total", 1)
        metrics = await self.gateway.metrics()
        self.assertEqual(metrics['sluice_closes_total{reason="stalled"}'], 1)
        self.assertEqual(metrics["sluice_clients"], 1)
        stopped.kill()

    async def test_one_that_reads_slowly_but_reads_does_not_stall(self):
        await self.begin("--queue-messages", "100000", "--queue-bytes", "1G",
                         "--stall-timeout", "1s")
        slow = await self.stopped("trade.A")
        await self.publish("trade.A", 0, COUNT)
        size = len('{"stream":"trade.A","data":}') + len(message(0))
        for _ in range(30):  # 3 s: three times what it would be given
            await slow.reader.readexactly(40 * size)
            await asyncio.sleep(0.1)
        self.assertEqual(await self.gateway.metric("sluice_closes_total"), 0)

    async def test_messages_that_may_wait_share_their_writes(self):
        await self.begin("--write-delay", "trade=1s")
        client = await self.listener(self.redis, self.gateway, "trade.A", "other.A")
        before = await self.gateway.metric("sluice_writes_total")
        for n in range(20):
            self.redis.publish(PREFIX + "trade.A", message(n))
        got = [json.loads(await client.text())["data"]["n"] for _ in range(20)]
        self.assertEqual(got, list(range(20)))
        self.assertLess(await self.gateway.metric("sluice_writes_total") - before, 20)

        self.redis.publish(PREFIX + "trade.A", message(20))
        self.assertEqual(json.loads(await client.text())["data"]["n"], 20)


if __name__ == "__main__":
    unittest.main()
