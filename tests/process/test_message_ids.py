"""Ids in the heads of messages: repeats are dropped, jumps are counted as gaps."""
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.servers import PREFIX, ProcessTest  # noqa: E402

STREAM, OTHER = "trade.SOL_USDC", "depth.SOL_USDC"
TIME = 1_700_000_000_000_000  # Unix microseconds
GAPS = "sluice_gap_messages_total"


def message(epoch, seq, data, tag=""):
    return f"{epoch}-{seq} {TIME}{' ' + tag if tag else ''}\n{data}"


def envelope(data, stream=STREAM):
    return f'{{"stream":"{stream}","data":{data}}}'


class MessageIds(ProcessTest):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.redis, self.gateway = await self.pair()
        self.client = await self.listener(self.redis, self.gateway, STREAM)

    def publish(self, *messages, stream=STREAM):
        self.redis.publish_all(PREFIX + stream, messages)

    async def expect(self, *numbers):
        """Exactly these arrive; a message without a head ends the round."""
        self.publish('{"end":1}')
        wanted = [envelope(f'{{"n":{n}}}') for n in numbers] + [envelope('{"end":1}')]
        self.assertEqual(await self.client.texts(len(wanted)), wanted)
        await self.client.expect_silence()

    async def gaps(self):
        return await self.gateway.metric(GAPS)

    async def test_a_head_never_reaches_the_client(self):
        self.publish(message(7, 1, '{"n":1}'), message(7, 2, '{"n":2}', tag="a-tag"))
        await self.expect(1, 2)
        self.assertEqual(await self.gaps(), 0)

    async def test_a_message_that_comes_twice_is_delivered_once(self):
        self.publish(*[message(7, seq, '{"n":%d}' % seq) for seq in (1, 2, 2, 1, 2, 3, 3)])
        await self.expect(1, 2, 3)
        self.assertEqual(await self.gaps(), 0)

    async def test_a_jump_is_delivered_and_counted_as_a_gap(self):
        self.publish(*[message(7, seq, '{"n":%d}' % seq) for seq in (1, 2, 6, 7)])
        await self.expect(1, 2, 6, 7)
        self.assertEqual(await self.gaps(), 3)

    async def test_a_stream_that_is_joined_midway_has_no_gap(self):
        self.publish(*[message(7, seq, '{"n":%d}' % seq) for seq in (1000, 1001)])
        await self.expect(1000, 1001)
        self.assertEqual(await self.gaps(), 0)

    async def test_an_older_writer_is_not_heard_any_more(self):
        self.publish(message(7, 1, '{"n":1}'), message(8, 1, '{"n":2}'),
                     message(7, 2, '{"n":3}'), message(8, 2, '{"n":4}'))
        await self.expect(1, 2, 4)

    async def test_ids_of_two_streams_are_independent(self):
        await self.listen(self.redis, self.client, OTHER)
        self.publish(message(7, 5, '{"n":5}'))
        self.publish(message(7, 1, '{"n":1}'), stream=OTHER)
        self.publish(message(7, 6, '{"n":6}'))
        wanted = [envelope('{"n":5}'), envelope('{"n":1}', OTHER), envelope('{"n":6}')]
        self.assertEqual(await self.client.texts(3), wanted)
        self.assertEqual(await self.gaps(), 0)

    async def test_the_highest_ids_are_no_trouble(self):
        top = 18446744073709551615
        self.publish(message(top, top - 1, '{"n":1}'), message(top, top, '{"n":2}'),
                     message(top, top, '{"n":2}'))
        await self.expect(1, 2)

    async def test_messages_without_a_head_are_all_delivered(self):
        self.publish('{"n":1}', '{"n":1}', '{"n":1}')
        await self.expect(1, 1, 1)

    async def test_a_stream_that_was_left_and_joined_again_has_no_gap(self):
        self.publish(message(7, 1, '{"n":1}'))
        await self.expect(1)
        await self.client.unsubscribe(STREAM)
        await self.redis.has_listeners(PREFIX + STREAM, 0)
        await self.listen(self.redis, self.client, STREAM)
        self.publish(message(7, 50, '{"n":50}'))
        await self.expect(50)
        self.assertEqual(await self.gaps(), 0)


if __name__ == "__main__":
    unittest.main()
