"""The Python library websockets as a client of a gateway."""
import asyncio
import json
import sys
import unittest
from pathlib import Path

import websockets

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.servers import PREFIX, ProcessTest, until  # noqa: E402
from support.wsclient import PATIENCE, request  # noqa: E402

STREAM = "trade.SOL_USDC"
ENVELOPE = '{"stream":"trade.SOL_USDC","data":%s}'


class PythonWebsockets(ProcessTest):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.redis, self.gateway = await self.pair()

    def url(self, path="/"):
        return f"ws://127.0.0.1:{self.gateway.port}{path}"

    async def publish(self, text):
        await until(lambda: self.redis.listening(PREFIX + STREAM) > 0, "somebody listens")
        self.redis.publish(PREFIX + STREAM, text)

    async def receive(self, client):
        return await asyncio.wait_for(client.recv(), PATIENCE)

    async def test_the_exchange_form(self):
        async with websockets.connect(self.url()) as client:
            await client.send(request("SUBSCRIBE", STREAM))
            await self.publish('{"n":1}')
            self.assertEqual(await self.receive(client), ENVELOPE % '{"n":1}')
            await asyncio.wait_for(await client.ping("there?"), PATIENCE)
            await client.send(request("UNSUBSCRIBE", STREAM))
            await self.gateway.has_listeners(STREAM, 0)
        self.assertEqual(client.close_code, 1000)

    async def test_the_binance_form(self):
        async with websockets.connect(self.url(f"/stream?streams={STREAM}")) as client:
            await self.publish('{"n":1}')
            self.assertEqual(await self.receive(client), ENVELOPE % '{"n":1}')
            await client.send(request("UNSUBSCRIBE", STREAM, id=7))
            self.assertEqual(json.loads(await self.receive(client)), {"result": None, "id": 7})

    async def test_it_reconnects_by_itself_after_the_gateway_was_restarted(self):
        async def follow():
            async for client in websockets.connect(self.url()):
                try:
                    await client.send(request("SUBSCRIBE", STREAM))
                    async for text in client:
                        got.append(text)
                        if len(got) == 2:
                            return
                except websockets.ConnectionClosed:
                    pass
                ends.append(client.close_code)

        got, ends = [], []
        following = asyncio.ensure_future(follow())
        await self.publish('{"n":1}')
        await until(lambda: got, "the first message")
        await self.gateway.end()
        await self.gateway.up()
        await self.publish('{"n":2}')
        await asyncio.wait_for(following, PATIENCE)
        self.assertEqual(got, [ENVELOPE % '{"n":1}', ENVELOPE % '{"n":2}'])
        self.assertEqual(ends, [1001])

    async def test_its_own_keepalive_is_answered(self):
        async with websockets.connect(self.url(), ping_interval=0.2, ping_timeout=10) as client:
            await client.send(request("SUBSCRIBE", STREAM))
            await until(lambda: client.latency > 0, "a keepalive ping was answered")
            await self.publish('{"n":1}')
            self.assertEqual(await self.receive(client), ENVELOPE % '{"n":1}')

    async def test_without_compression_too(self):
        async with websockets.connect(self.url(), compression=None) as client:
            await client.send(request("SUBSCRIBE", STREAM))
            text = '{"x":"%s"}' % ("y" * 100_000)
            await self.publish(text)
            self.assertEqual(await self.receive(client), ENVELOPE % text)


if __name__ == "__main__":
    unittest.main()
