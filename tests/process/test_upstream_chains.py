"""The clients of real servers: what each asks for, what it passes over, and how a gap is said."""
import asyncio
import json
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.servers import PREFIX, ROOT, until  # noqa: E402
from support.upstreams import UpstreamTest  # noqa: E402

LINGER = ("--demand-linger", "100ms")


def recorded(kind):
    lines = (ROOT / "deploy" / "samples" / f"{kind}.ndjson").read_text().splitlines()
    return [json.loads(line)["message"] for line in lines]


class Injective(UpstreamTest):
    def block(self, height, seconds=None):
        return {"jsonrpc": "2.0", "id": 1,
                "result": {"block_height": str(height),
                           "block_time": str((seconds or height) * 1000), "gas_price": "1"}}

    async def begin(self, options=""):
        self.node = await self.server()
        await self.publisher(f"injective={self.node.url}{options}")
        return await self.node.accepted()

    async def heights(self, count):
        return [int(b["block_height"]) for b in await self.data("injective.block", count)]

    async def test_one_subscription_to_everything(self):
        peer = await self.begin()
        request = await peer.request()
        self.assertEqual(peer.path, "/injstream-ws")
        self.assertEqual((request["jsonrpc"], request["id"], request["method"]),
                         ("2.0", 1, "subscribe"))
        filters = request["params"]["req"]["filter"]
        self.assertEqual(len(filters), 12)
        self.assertEqual(filters["spot_trades_filter"],
                         {"market_ids": ["*"], "subaccount_ids": ["*"]})
        self.assertEqual(filters["oracle_price_filter"], {"symbol": ["*"]})

    async def test_the_types_that_are_wanted_alone(self):
        peer = await self.begin(",type=oracle_prices,type=spot_trades")
        request = await peer.request()
        self.assertEqual(set(request["params"]["req"]["filter"]),
                         {"oracle_price_filter", "spot_trades_filter"})

    async def test_a_block_that_was_had_is_passed_over(self):
        peer = await self.begin()
        await peer.send(self.block(7), self.block(8), self.block(8), self.block(7), self.block(9))
        self.assertEqual(await self.heights(3), [7, 8, 9])
        self.assertEqual(self.published.have("injective.gap"), [])

    async def test_blocks_that_were_left_out_are_a_gap(self):
        peer = await self.begin()
        await peer.send(self.block(7), self.block(11))
        gap, = await self.data("injective.gap")
        self.assertEqual(gap["blocks"], ["8", "10"])
        self.assertEqual(await self.heights(2), [7, 11])

    async def test_a_lost_connection_is_a_gap_only_where_blocks_are_missing(self):
        peer = await self.begin()
        await peer.send(self.block(7), self.block(8))
        await self.heights(2)
        await peer.cut()
        peer = await self.node.accepted()
        await peer.send(self.block(8), self.block(9))
        self.assertEqual(await self.heights(3), [7, 8, 9])
        await peer.cut(within_a_message=True)
        peer = await self.node.accepted()
        await peer.send(self.block(11))
        gap, = await self.data("injective.gap")
        self.assertEqual((gap["blocks"], gap["reason"]), (["10", "10"], "the connection ended"))

    async def test_a_stream_that_broke_is_subscribed_again(self):
        peer = await self.begin()
        first = await peer.request()
        await peer.send({"jsonrpc": "2.0", "id": 1, "result": "success"}, self.block(7),
                        {"jsonrpc": "2.0", "id": 1, "error": {"code": 1, "message": "stream error"}})
        second = await peer.request()
        self.assertNotEqual(first["params"]["req"]["subscription_id"],
                            second["params"]["req"]["subscription_id"])
        await peer.send(self.block(10))
        gap, = await self.data("injective.gap")
        self.assertEqual((gap["blocks"], gap["reason"]), (["8", "9"], "stream error"))

    async def test_a_subscription_that_is_refused_is_tried_again_and_told(self):
        peer = await self.begin()
        await peer.request()
        await peer.send({"jsonrpc": "2.0", "id": 1, "error": {"code": -32603, "message": "Internal"}})
        await peer.request()
        await until(lambda: "refused a request" in self.stage.servers[-1].stderr(), "it is told")

    async def test_another_chain_of_the_name_is_told_from_the_start(self):
        peer = await self.begin()
        await peer.send(self.block(1000), self.block(1, seconds=2000), self.block(2, seconds=2001))
        self.assertEqual(await self.heights(3), [1000, 1, 2])
        self.assertEqual(self.published.have("injective.gap"), [])


class Nano(UpstreamTest):
    async def begin(self, options=""):
        self.node = await self.server()
        self.publisher_ = await self.publisher(f"nano={self.node.url}{options}")
        return await self.node.accepted()

    async def test_every_topic_is_asked_for_with_an_acknowledgement(self):
        peer = await self.begin()
        requests = {r["topic"]: r for r in await peer.requests_until(9)}
        self.assertEqual(len(requests), 9)
        self.assertTrue(all(r["action"] == "subscribe" and r["ack"] is True
                            for r in requests.values()))
        self.assertEqual(requests["confirmation"]["options"],
                         {"confirmation_type": "all", "include_block": True,
                          "include_election_info": True, "include_election_info_with_votes": True,
                          "include_sideband_info": True})
        self.assertNotIn("options", requests["vote"])

    async def test_the_options_of_confirmations(self):
        account = "nano_1tgkjkq9r96zd3pkr7edj8e4qbu3wr3ps6ettzse8hmoa37nurua7faupjhc"
        peer = await self.begin(f",topic=confirmation,account={account},votes=off,"
                                "confirmations=active_quorum")
        options = (await peer.request())["options"]
        self.assertEqual(options["accounts"], [account])
        self.assertEqual(options["confirmation_type"], "active_quorum")
        self.assertIs(options["include_election_info_with_votes"], False)

    async def test_what_a_node_does_not_know_stops_nothing(self):
        peer = await self.begin()
        for _ in range(8):
            await peer.request()  # and no answer
        for message in recorded("nano")[:50]:
            await peer.send(json.dumps(message, indent=4).replace("/", "\\/"))
        await until(lambda: len(self.published.messages) >= 50, "events come through")


class Exchange(UpstreamTest):
    async def begin(self, options):
        self.engine = await self.server()
        await self.publisher(f"exchange={self.engine.url},{options}")
        return await self.engine.accepted()

    async def test_many_streams_in_few_requests(self):
        names = [f"s{n}@trade" for n in range(250)]
        peer = await self.begin(",".join(f"stream={name}" for name in names))
        requests = await peer.requests_until(3)
        self.assertEqual(peer.path, "/stream")
        self.assertEqual([name for r in requests for name in r["params"]], names)
        self.assertEqual([r["id"] for r in requests], [1, 2, 3])
        await peer.send({"result": None, "id": 1},
                        {"stream": "s1@trade", "data": {"e": "trade", "t": 5}})
        self.assertEqual(await self.data("s1@trade"), [{"e": "trade", "t": 5}])

    async def test_an_engine_is_asked_for_one_stream_at_a_time_and_answers_nothing(self):
        peer = await self.begin("form=engine,stream=trade.SOL_USDC,stream=depth.SOL_USDC")
        requests = await peer.requests_until(2)
        self.assertEqual(peer.path, "/")
        self.assertEqual([r["params"] for r in requests], [["trade.SOL_USDC"], ["depth.SOL_USDC"]])
        await peer.send({"stream": "depth.SOL_USDC", "data": {"e": "depth"}})
        self.assertEqual(await self.data("depth.SOL_USDC"), [{"e": "depth"}])

    async def test_a_server_about_to_end_is_left_and_the_gap_said(self):
        peer = await self.begin("stream=a@trade")
        await peer.send({"stream": "a@trade", "data": {"e": "trade", "t": 1}})
        await self.data("a@trade")
        await peer.send({"stream": "!serverShutdown", "data": {"e": "serverShutdown", "E": 1}})
        again = await self.engine.accepted()
        await again.send({"stream": "a@trade", "data": {"e": "trade", "t": 2}})
        gap, = await self.data("exchange.gap")
        self.assertEqual(gap["reason"], "the server is about to shut down")

    async def test_a_refusal_is_told(self):
        peer = await self.begin("stream=a@trade")
        await peer.request()
        await peer.send({"code": 2, "msg": "Invalid request: invalid stream"})
        await until(lambda: "invalid stream" in self.stage.servers[-1].stderr(), "it is told")


class Drift(UpstreamTest):
    async def begin(self, options="", *flags):
        self.dlob = await self.server()
        await self.publisher(f"drift={self.dlob.url}{options}", flags=flags)
        return await self.dlob.accepted()

    def book(self, slot, stream="orderbook_perp_0_grouped_1"):
        return {"channel": stream, "data": json.dumps({"bids": [], "asks": [], "slot": slot,
                                                       "ts": 1, "marketName": "SOL-PERP"})}

    async def test_the_channels_of_the_markets_named(self):
        peer = await self.begin(",market=SOL-PERP,market=btc-perp,channel=orderbook,"
                                "channel=trades,grouping=10")
        requests = await peer.requests_until(4)
        self.assertEqual(peer.path, "/ws")
        self.assertEqual(requests[0], {"type": "subscribe", "marketType": "perp",
                                       "channel": "orderbook", "market": "SOL-PERP",
                                       "grouping": 10})
        self.assertEqual([(r["market"], r["channel"]) for r in requests],
                         [("SOL-PERP", "orderbook"), ("SOL-PERP", "trades"),
                          ("BTC-PERP", "orderbook"), ("BTC-PERP", "trades")])

    async def test_what_has_listeners_is_asked_for_until_nobody_listens(self):
        peer = await self.begin("", *LINGER)
        listener = self.listen("orderbook_perp_2_grouped_100")
        request = await peer.request()
        self.assertEqual((request["type"], request["market"], request["grouping"]),
                         ("subscribe", "ETH-PERP", 100))
        listener.close()
        request = await peer.request()
        self.assertEqual((request["type"], request["market"], request["grouping"]),
                         ("unsubscribe", "ETH-PERP", 100))

    async def test_market_data_is_made_of_the_channels_it_needs(self):
        peer = await self.begin("", *LINGER)
        both = self.listen("trade.drift.SOL-PERP"), self.listen("trades_perp_0")
        request = await peer.request()
        self.assertEqual((request["channel"], request["market"]), ("trades", "SOL-PERP"))
        both[0].close()
        book = self.listen("book.drift.SOL-PERP")
        request = await peer.request()
        self.assertEqual((request["type"], request["channel"], request["market"]),
                         ("subscribe", "orderbook", "SOL-PERP"), "the trades are wanted still")
        both[1].close()
        request = await peer.request()
        self.assertEqual((request["type"], request["channel"]), ("unsubscribe", "trades"))
        book.close()

    async def test_an_order_book_that_comes_late_is_passed_over(self):
        peer = await self.begin(",market=SOL-PERP")
        await peer.send({"channel": "heartbeat"},
                        {"message": "Subscribe received for channel: orderbook"},
                        self.book(300), self.book(299), self.book(300), self.book(301))
        books = await self.data("orderbook_perp_0", 3)
        self.assertEqual([b["slot"] for b in books], [300, 300, 301])

    async def test_without_heartbeats_the_server_is_dead(self):
        await self.begin(",market=SOL-PERP,silent=1")
        peer = await self.dlob.accepted()
        for _ in range(5):
            await peer.send({"channel": "heartbeat"})
            await asyncio.sleep(0.3)
        self.assertFalse(peer.ended.is_set(), "heartbeats are signs of life")

    async def test_a_refused_market_stops_nothing(self):
        peer = await self.begin(",market=SOL-PERP")
        await peer.send({"channel": "orderbook", "error": "Error subscribing to channel"},
                        self.book(5))
        await self.data("orderbook_perp_0")
        self.assertIn("Error subscribing", self.stage.servers[-1].stderr())


class Zilliqa(UpstreamTest):
    CONTRACT, OTHER, WALLET = "11" * 20, "22" * 20, "33" * 20

    def block(self, number, **values):
        new = {"TxBlock": {"body": {}, "header": {"BlockNum": str(number),
                                                  "Timestamp": str(number * 1000000)}},
               "TxHashes": []}
        return {"type": "Notification", "values": [{"query": "NewBlock", "value": new}] +
                [{"query": name, "value": value} for name, value in values.items()]}

    async def begin(self, options="", *flags):
        self.node = await self.server()
        await self.publisher(f"zilliqa={self.node.url}{options}", flags=flags)
        peer = await self.node.accepted()
        self.assertEqual(await peer.echo(), {"query": "NewBlock"})
        return peer

    def addresses(self, request):
        return [address[2:] for address in request["addresses"]]

    async def test_blocks_are_told_by_number(self):
        peer = await self.begin()
        await peer.send(self.block(5), self.block(5), self.block(6), self.block(9))
        numbers = [b["TxBlock"]["header"]["BlockNum"]
                   for b in await self.data("zilliqa.NewBlock", 3)]
        self.assertEqual(numbers, ["5", "6", "9"])
        gap, = await self.data("zilliqa.gap")
        self.assertEqual(gap["blocks"], ["7", "8"])

    async def test_what_has_listeners_is_asked_about_alone_at_first(self):
        peer = await self.begin()
        listeners = [self.listen(f"zilliqa.EventLog.{a}") for a in (self.CONTRACT, self.OTHER)]
        for _ in range(2):
            text = await peer.text()
            address, = self.addresses(json.loads(text))
            await peer.send(text if address == self.CONTRACT else "no contract found in list")
        redis = self.redis
        await until(lambda: redis.command_now("SMEMBERS", PREFIX + "zilliqa.contract") ==
                    [self.CONTRACT.encode()], "the contract is known")
        await until(lambda: redis.command_now("ZRANGE", PREFIX + "zilliqa.noncontract", 0, -1) ==
                    [self.OTHER.encode()], "what is none is known")
        until_ms = float(redis.command_now("ZSCORE", PREFIX + "zilliqa.noncontract", self.OTHER))
        self.assertAlmostEqual(until_ms / 1000, time.time() + 3600, delta=60)
        event = {"_eventname": "E", "params": []}
        await peer.send(self.block(5, EventLog=[{"address": self.CONTRACT, "event_logs": [event]}]))
        got, = await self.data(f"zilliqa.EventLog.{self.CONTRACT}")
        self.assertEqual(got["event_logs"], [event])
        for listener in listeners:
            listener.close()

    async def test_a_new_connection_asks_for_known_contracts_together(self):
        named = [f"{n:040x}" for n in range(100)]
        peer = await self.begin("".join(f",address=0x{a}" for a in named))
        for _ in named:
            self.assertEqual(len(self.addresses(await peer.echo())), 1)
        await peer.send(self.block(5))
        await self.data("zilliqa.NewBlock")
        await peer.cut()
        peer = await self.node.accepted()
        texts = [await peer.text() for _ in range(4)]
        self.assertTrue(all(len(text) <= 2048 for text in texts))
        asked = [a for text in texts[1:] for a in self.addresses(json.loads(text))]
        self.assertEqual(sorted(asked), named)

    async def test_wallets_are_asked_for_by_their_transactions(self):
        peer = await self.begin(f",wallet={self.WALLET}")
        self.assertEqual(await peer.echo(),
                         {"query": "TxnLog", "addresses": ["0x" + self.WALLET]})

    async def test_what_nobody_listens_to_goes_with_the_next_connection(self):
        peer = await self.begin(",renew=0", *LINGER)
        listener = self.listen(f"zilliqa.EventLog.{self.CONTRACT}")
        self.assertEqual(self.addresses(await peer.echo()), [self.CONTRACT])
        await peer.send(self.block(5))
        await self.data("zilliqa.NewBlock")
        self.assertFalse(peer.ended.is_set(), "somebody listens")
        listener.close()
        peer = await self.node.accepted()
        self.assertEqual(await peer.echo(), {"query": "NewBlock"})
        await peer.send(self.block(6))
        await self.data("zilliqa.NewBlock", 2)
        self.assertTrue(peer.requests.empty(), "the address is asked for no more")
        self.assertEqual(self.published.have("zilliqa.gap"), [])

    async def test_errors_wrapped_in_json_are_understood(self):
        peer = await self.begin(f",address={self.OTHER}")
        await peer.request()
        await peer.send({"type": "Error", "error": "no contract found in list"}, self.block(5))
        await self.data("zilliqa.NewBlock")


if __name__ == "__main__":
    unittest.main()
