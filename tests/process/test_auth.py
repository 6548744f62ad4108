"""Credentials: API keys and signed tokens, what they allow, and for how long."""
import hashlib
import json
import signal
import sys
import time
import unittest
from pathlib import Path

import jwt
from cryptography.hazmat.primitives import serialization

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.certificates import new_key, pem_of_key  # noqa: E402
from support.servers import ProcessTest, until  # noqa: E402
from support.wsclient import Refused  # noqa: E402

STREAM = "trade.SOL_USDC"
SECRET = "0123456789abcdef0123456789abcdef"


def public_pem(key):
    return key.public_key().public_bytes(serialization.Encoding.PEM,
                                         serialization.PublicFormat.SubjectPublicKeyInfo)


def bearer(token):
    return {"headers": [("Authorization", f"Bearer {token}")]}


class Auth(ProcessTest):
    async def refused(self, status=401, **how):
        with self.assertRaises(Refused) as caught:
            await self.stage.client(self.gateway, **how)
        self.assertEqual(caught.exception.status, status)
        if status == 401:
            self.assertIn("bearer", caught.exception.headers["www-authenticate"].lower())

    async def let_in(self, path="/", **how):
        return await self.stage.client(self.gateway, path, **how)

    async def denied(self):
        return await self.gateway.metric("sluice_denied_subscriptions_total")

    # ---- API keys ----------------------------------------------------------------------------

    def keys_file(self, **keys):
        lines = ["# name  sum"]
        for key, options in keys.items():
            lines.append(f"{key} {hashlib.sha256(key.encode()).hexdigest()} {options}")
        return self.stage.write("keys", "\n".join(lines) + "\n")

    async def begin_keys(self, *flags, **keys):
        self.redis, self.gateway = await self.pair("--auth", "keys", "--auth-keys",
                                                   self.keys_file(**keys), *flags)

    async def test_only_a_known_key_opens_and_it_may_come_in_three_ways(self):
        await self.begin_keys(k1="")
        await self.refused()
        await self.refused(**bearer("k2"))
        await self.let_in(**bearer("k1"))
        await self.let_in("/?token=k1")
        await self.let_in("/?profile=node&token=k1&x=y")
        client = await self.let_in(headers=[("Sec-WebSocket-Protocol", "bearer.k1")])
        self.assertEqual(client.headers["sec-websocket-protocol"], "bearer.k1")
        client = await self.let_in(headers=[("Sec-WebSocket-Protocol", "sluice, bearer.k1")])
        self.assertEqual(client.headers["sec-websocket-protocol"], "sluice")

    async def test_health_is_told_without_a_key(self):
        await self.begin_keys(k1="")
        self.assertEqual(await self.gateway.status("/healthz"), 200)

    async def test_a_key_may_be_limited_to_streams_and_connections(self):
        await self.begin_keys(k1="streams=trade.* connections=2")
        client = await self.let_in(**bearer("k1"))
        await self.let_in(**bearer("k1"))
        await self.refused(429, **bearer("k1"))
        await self.listen(self.redis, client, STREAM)
        await client.subscribe("book.SOL_USDC")
        await client.fence()
        self.assertEqual(self.redis.channels(), ["sluice:" + STREAM])
        self.assertEqual(await self.denied(), 1)
        await self.passes_through(self.redis, client, STREAM)

    async def test_keys_are_read_again_on_sighup_and_nobody_is_dropped(self):
        await self.begin_keys(k1="")
        before = await self.let_in(**bearer("k1"))
        self.keys_file(k2="")
        self.gateway.signal(signal.SIGHUP)
        await until(lambda: "settings reloaded" in self.gateway.stderr(), "it has reloaded")
        await self.refused(**bearer("k1"))
        await self.let_in(**bearer("k2"))
        await before.fence()

    async def test_guessing_becomes_slow(self):
        await self.begin_keys("--handshake-rate-per-address", "10", k1="")
        for _ in range(5):
            await self.refused(source="127.0.0.2", **bearer("wrong"))
        await self.refused(429, source="127.0.0.2", **bearer("k1"))
        await self.let_in(source="127.0.0.3", **bearer("k1"))

    async def test_no_token_reaches_the_log(self):
        await self.begin_keys("--log-level", "debug", topsecret="")
        await self.let_in("/?token=topsecret")
        await self.refused(**bearer("nearlysecret"))
        await self.refused(path="/?token=nearlysecret")
        self.assertNotIn("secret", self.gateway.stderr())

    # ---- signed tokens -----------------------------------------------------------------------

    async def begin_jwt(self, *flags, kind="jwt"):
        self.keys = {"rsa": new_key("rsa"), "ec": new_key("ec")}
        self.directory = self.stage.path("jwt")
        self.directory.mkdir()
        (self.directory / "shared.secret").write_text(SECRET + "\n")
        for name, key in self.keys.items():
            (self.directory / f"{name}.pem").write_bytes(public_pem(key))
        self.redis, self.gateway = await self.pair("--auth", kind, "--auth-jwt-keys",
                                                   self.directory, *flags)

    def token(self, algorithm="HS256", key=SECRET, kid="shared", lifetime=60, **claims):
        claims.setdefault("exp", int(time.time()) + lifetime)
        claims = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(claims, key, algorithm, headers={"kid": kid} if kid else None)

    async def test_tokens_of_three_kinds_open(self):
        await self.begin_jwt()
        await self.let_in(**bearer(self.token()))
        await self.let_in(**bearer(self.token("RS256", pem_of_key(self.keys["rsa"]), "rsa")))
        await self.let_in(**bearer(self.token("ES256", pem_of_key(self.keys["ec"]), "ec")))
        await self.let_in(f"/?token={self.token()}")

    async def test_forged_tokens_do_not(self):
        await self.begin_jwt()
        stranger = pem_of_key(new_key("ec"))
        good = self.token()
        header = {"kid": "rsa", "alg": "HS256", "typ": "JWT"}
        forged = [
            self.token(key="x" * 32),
            self.token("ES256", stranger, "ec"),
            self.token(kid="unknown"),
            self.token(kid=None),
            self.token(kid="../jwt/shared"),
            jwt.encode({"exp": int(time.time()) + 60}, None, "none", headers={"kid": "shared"}),
            self.hs256_over(header, public_pem(self.keys["rsa"])),
            good[:-2] + ("AA" if good[-2:] != "AA" else "BB"),
            good.rsplit(".", 1)[0] + ".",
            good + ".x", "..", "x", "a.b.c",
        ]
        for token in forged:
            await self.refused(source="127.0.0.%d" % (forged.index(token) + 2), **bearer(token))
        await self.let_in(source="127.0.0.99", **bearer(good))

    @staticmethod
    def hs256_over(header, key):
        import base64
        import hmac

        def part(value):
            return base64.urlsafe_b64encode(value).rstrip(b"=")
        body = b".".join(part(json.dumps(x).encode())
                         for x in (header, {"exp": int(time.time()) + 60}))
        return (body + b"." + part(hmac.new(key, body, hashlib.sha256).digest())).decode()

    async def test_claims_about_time_audience_and_issuer_must_fit(self):
        await self.begin_jwt("--auth-jwt-audience", "sluice", "--auth-jwt-issuer", "me",
                             "--handshake-rate-per-address", "0")
        right = {"aud": "sluice", "iss": "me"}
        await self.let_in(**bearer(self.token(**right)))
        await self.let_in(**bearer(self.token(aud=["other", "sluice"], iss="me")))
        for claims in ({"aud": "other", "iss": "me"}, {"aud": "sluice"}, {"iss": "me"},
                       right | {"exp": int(time.time()) - 5}, right | {"exp": None},
                       right | {"nbf": int(time.time()) + 300}, right | {"exp": "soon"}):
            await self.refused(**bearer(self.token(**claims)))

    async def test_an_expired_token_ends_the_connection_and_a_new_one_prolongs_it(self):
        await self.begin_jwt()
        ends = await self.let_in(**bearer(self.token(lifetime=2)))
        stays = await self.let_in(**bearer(self.token(lifetime=2)))
        await stays.send(json.dumps({"method": "AUTH", "params": [self.token()], "id": 1}))
        await stays.send(json.dumps({"method": "AUTH", "params": ["nonsense"], "id": 2}))
        closed = await ends.closed()
        self.assertEqual((closed.code, closed.reason), (1008, b"credentials expired"))
        await stays.fence()

    async def test_the_binance_form_answers_a_renewal(self):
        await self.begin_jwt()
        client = await self.let_in("/ws/x?token=" + self.token(streams=["x", "y"]))
        await client.send(json.dumps({"method": "AUTH", "params": [self.token(streams=["y"])],
                                      "id": 1}))
        self.assertEqual(await client.json(), {"result": None, "id": 1})
        await client.send('{"method":"LIST_SUBSCRIPTIONS","id":2}')
        self.assertEqual(await client.json(), {"result": [], "id": 2})
        await client.send('{"method":"AUTH","params":["nonsense"],"id":3}')
        self.assertEqual((await client.json())["id"], 3)

    async def test_every_dialect_refuses_a_stream_in_its_own_way(self):
        await self.begin_jwt()
        streams = ["trade.*", "nano.vote", "zilliqa.TxnLog.*", "injective.spot_trades*", "trades_*"]
        token = self.token(streams=streams)

        binance = await self.let_in("/stream?token=" + token)
        await binance.subscribe("book.X")
        self.assertIn("stream not permitted", (await binance.json())["error"]["msg"])
        await binance.subscribe("trade.X")
        self.assertEqual(await binance.json(), {"result": None, "id": 1})

        drift = await self.let_in("/drift?token=" + token)
        ask = {"type": "subscribe", "marketType": "perp", "market": "SOL-PERP"}
        await drift.send(json.dumps(ask | {"channel": "orderbook"}))
        self.assertIn("error", await drift.text())
        await drift.send(json.dumps(ask | {"channel": "trades"}))
        self.assertNotIn("error", await drift.text())

        nano = await self.let_in("/nano?token=" + token)
        await nano.send('{"action":"subscribe","topic":"confirmation","ack":true}')
        await nano.send('{"action":"subscribe","topic":"vote","ack":true,"id":"2"}')
        self.assertEqual((await nano.json())["id"], "2")

        zilliqa = await self.let_in("/zilliqa?token=" + token)
        address = "0x" + "a" * 40
        await zilliqa.send(json.dumps({"query": "EventLog", "addresses": [address]}))
        self.assertIn("not permitted", await zilliqa.text())
        await zilliqa.send('{"query":"NewBlock"}')
        self.assertIn("not permitted", await zilliqa.text())
        await zilliqa.send(json.dumps({"query": "TxnLog", "addresses": [address]}))
        self.assertEqual((await zilliqa.json())["query"], "TxnLog")

        injective = await self.let_in("/injstream-ws?token=" + token)
        for number, name in enumerate(("oracle_price_filter", "spot_trades_filter")):
            key = "symbol" if "oracle" in name else "market_ids"
            await injective.send(json.dumps(
                {"jsonrpc": "2.0", "id": number, "method": "subscribe", "params": {"req": {
                    "subscription_id": name, "filter": {name: {key: ["*"]}}}}}))
        self.assertIn("do not allow", await injective.text())
        self.assertIn("success", await injective.text())
        self.assertGreaterEqual(await self.denied(), 5)

    async def test_keys_and_tokens_may_both_open(self):
        keys = self.keys_file(k1="")
        await self.begin_jwt("--auth-keys", keys, kind="keys,jwt")
        await self.let_in(**bearer("k1"))
        await self.let_in(**bearer(self.token()))
        await self.refused(**bearer("k2"))

    # ---- starts that fail --------------------------------------------------------------------

    async def test_mistakes_end_the_start_with_one_clear_line(self):
        weak = self.stage.path("weak")
        weak.mkdir()
        (weak / "a.secret").write_text("short")
        redis = await self.stage.redis()
        for flags, words in (
                (["--auth", "keys"], "auth-keys: must be given"),
                (["--auth", "keys", "--auth-keys", self.stage.write("bad", "x y\n")], "line 1"),
                (["--auth", "jwt"], "auth-jwt-keys: must be given"),
                (["--auth", "jwt", "--auth-jwt-keys", weak], "shorter than 32 bytes"),
                (["--auth-keys", self.keys_file(k="")], "auth: must be keys")):
            gateway = await self.stage.gateway(redis, *flags, ready=False)
            gateway.expected_exit = 2
            self.assertEqual(await gateway.exited(), 2)
            self.assertIn(words, gateway.stderr())
            self.assertEqual(len(gateway.stderr().splitlines()), 1, gateway.stderr())


if __name__ == "__main__":
    unittest.main()
