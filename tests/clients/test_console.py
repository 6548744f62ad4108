"""The console, as a person in front of a browser has it."""
import shutil
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.node import Program  # noqa: E402
from support.servers import PREFIX, ProcessTest, until  # noqa: E402

STREAM = "trade.SOL_USDC"
TEXTS = "[...document.querySelectorAll('#rows li:not(.note):not([hidden]) .text')].map(e => e.innerText)"
NAMES = "[...document.querySelectorAll('#streams .name')].map(e => e.textContent)"
PATIENCE = 20  # a browser has its own pace


def text_of(selector):
    return f"document.querySelector('{selector}').textContent"


class Console(ProcessTest):
    async def asyncSetUp(self):
        browser = shutil.which("chromium")
        if not browser:
            self.skipTest("chromium is not installed")
        await super().asyncSetUp()
        self.redis, self.gateway = await self.pair()
        url = f"http://127.0.0.1:{self.gateway.port}/"
        self.page = await Program.start("console.cjs", url, browser)
        self.addAsyncCleanup(self.page.end)
        await self.page.event("open", 60)

    async def look(self, expression):
        self.page.order("look", expression)
        return (await self.page.event("look", PATIENCE, expression=expression))["value"]

    async def sees(self, expression, value, what):
        async def so():
            return await self.look(expression) == value
        await until(so, what, PATIENCE)

    async def enter(self, name):
        self.page.order("fill", "#name", name)
        self.page.order("press", "Enter")
        await self.redis.has_listeners(PREFIX + name, 1)

    def publish(self, *texts, stream=STREAM):
        for text in texts:
            self.redis.publish(PREFIX + stream, text)

    async def test_a_named_stream_is_subscribed_to_and_its_messages_appear_newest_first(self):
        await self.enter(STREAM)
        self.publish('{"n":1}', '{"n":2}')
        await self.sees(TEXTS, ['{"n":2}}', '{"n":1}}'], "both messages")
        await self.sees(text_of("#link-text"), "connected", "the link's state")

    async def test_a_stream_that_others_listen_to_is_in_the_list_and_a_click_subscribes(self):
        client = await self.listener(self.redis, self.gateway, STREAM)
        await self.sees(NAMES, [STREAM], "the stream in the list")
        self.page.order("click", "#streams li")
        await self.gateway.has_subscriptions(2)
        self.page.order("click", "#chips button")
        await self.gateway.has_subscriptions(1)
        client.kill()

    async def test_what_is_published_is_in_the_list_though_nobody_listens(self):
        lines = self.stage.write("lines", '{"stream":"%s","data":1}\n' % STREAM)
        await self.stage.publisher(self.redis, "--source", f"lines={lines}")
        await self.sees(NAMES, [STREAM], "the stream in the list")
        self.assertEqual(await self.gateway.metric("sluice_subscriptions"), 0)

    async def test_the_keyboard_is_enough(self):
        await self.listener(self.redis, self.gateway, STREAM)
        await self.sees(NAMES, [STREAM], "the stream in the list")
        for key in ("/", "ArrowDown", "Enter"):
            self.page.order("press", key)
        await self.gateway.has_subscriptions(2)
        self.page.order("press", "Enter")
        await self.gateway.has_subscriptions(1)

    async def test_pause_holds_what_comes_and_going_on_shows_it(self):
        await self.enter(STREAM)
        self.page.order("click", "#pause")
        await self.sees("document.querySelector('#pause').ariaPressed", "true", "the pause")
        self.publish('{"n":1}', '{"n":2}')
        await self.sees(text_of("#pause"), "Go on (2)", "the count of what waits")
        self.assertEqual(await self.look(TEXTS), [])
        self.page.order("click", "#pause")
        await self.sees(TEXTS, ['{"n":2}}', '{"n":1}}'], "what had waited")

    async def test_a_search_shows_only_messages_with_the_text(self):
        await self.enter(STREAM)
        self.publish('{"side":"buy"}', '{"side":"sell"}')
        await self.sees(TEXTS + ".length", 2, "both messages")
        self.page.order("fill", "#filter", "SELL")
        await self.sees(TEXTS, ['{"side":"sell"}}'], "the one with the text")
        self.publish('{"side":"buy"}', '{"side":"sell","n":2}')
        await self.sees(TEXTS, ['{"side":"sell","n":2}}', '{"side":"sell"}}'], "new ones too")

    async def test_an_opened_message_is_indented_and_its_numbers_are_as_they_came(self):
        await self.enter(STREAM)
        self.publish('{"id":9007199254740993,"p":"<b>1</b>"}')
        await self.sees(TEXTS + ".length", 1, "the message")
        self.page.order("click", "#rows .line")
        whole = await self.look(text_of("#rows pre"))
        self.assertIn('"id": 9007199254740993,\n', whole)
        self.assertIn('"p": "<b>1</b>"\n', whole)

    async def test_charts_and_health_move_with_the_messages(self):
        picture = "document.querySelector('#chart-rate').toDataURL().length"
        deliveries = text_of("#fact-deliveries")
        await self.enter(STREAM)
        await self.sees(text_of("#ready-text"), "ready", "the gateway's health")
        empty = await self.look(picture)

        async def moved():
            self.publish(*['{"n":1}'] * 5)
            return (await self.look(picture) > empty + 500 and
                    await self.look(deliveries) not in ("–", "0"))
        await until(moved, "the chart has a line and the gateway says its rate", PATIENCE)

    async def test_a_lost_connection_comes_back_by_itself_with_its_subscriptions(self):
        await self.enter(STREAM)
        await self.gateway.end()
        await self.sees(text_of("#link") + ".includes('again in')", True, "that it waits")
        await self.sees(text_of("#ready-text"), "does not answer", "the gateway's health")
        await self.gateway.up()
        await self.redis.has_listeners(PREFIX + STREAM, 1, PATIENCE)
        self.publish('{"n":1}')
        await self.sees(TEXTS, ['{"n":1}}'], "a message of the new connection")

    async def test_every_dialect_has_something_to_choose(self):
        for dialect, word, channel in (
                ("nano", "confirmation", "nano.confirmation"),
                ("drift", "trades SOL-PERP", "trades_perp_0"),
                ("zilliqa", "NewBlock", "zilliqa.NewBlock"),
                ("injective", "oracle prices", "injective.oracle_prices")):
            self.page.order("choose", "#dialect", dialect)
            self.page.order("click", f"#streams li:has-text('{word}')")
            await self.redis.has_listeners(PREFIX + channel, 1)

    async def test_a_request_of_ones_own_is_sent_as_it_is_written(self):
        self.page.order("click", ".own summary")
        self.page.order("fill", "#request", '{"method":"SUBSCRIBE","params":["a.b"],"id":7}')
        self.page.order("click", "#send")
        await self.redis.has_listeners(PREFIX + "a.b", 1)

    async def test_it_asks_nobody_but_the_gateway_and_breaks_no_policy(self):
        await self.enter(STREAM)
        self.publish('{"n":1}')
        await self.sees(TEXTS + ".length", 1, "a message")
        seen = self.page.seen
        self.assertEqual([e for e in seen if e["event"] in ("console", "pageerror", "failed")], [])
        asked = {e["url"].split("/")[2] for e in seen if e["event"] == "request"}
        self.assertEqual(asked, {f"127.0.0.1:{self.gateway.port}"})
        status, headers, _ = await self.gateway.get("/console")
        self.assertEqual(status, 200)
        self.assertIn("default-src 'none'", headers["content-security-policy"])


if __name__ == "__main__":
    unittest.main()
