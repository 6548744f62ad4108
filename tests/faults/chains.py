"""Clients of the other dialects, and what their servers would send: numbered, in real messages.

Each chain has a `line` that a publisher is told, a client's path and request, and `number`, which
finds the number again in what the client is given (None: it is something else).
"""
import json
from dataclasses import dataclass
from typing import Callable

from support.servers import ROOT
from traffic import Listener

SAMPLES = ROOT / "deploy" / "samples"
GAP = "gap"  # instead of a number: the protocol's own word for something missing


def sample(name, wanted):
    """The first recorded message of the chain that is as wanted."""
    for line in (SAMPLES / f"{name}.ndjson").read_text().splitlines():
        message = json.loads(line)["message"]
        if wanted(message):
            return message
    raise AssertionError(f"{name}.ndjson has no such message")


def line(name, message):
    return json.dumps({"source": name, "message": message}, separators=(",", ":")) + "\n"


# ---- nano: a confirmation's hash --------------------------------------------------------------------

NANO = sample("nano", lambda m: m.get("topic") == "confirmation")


def nano_line(n):
    return line("nano", NANO | {"message": NANO["message"] | {"hash": f"{n:064X}"}})


def nano_number(message):
    return int(message["message"]["hash"], 16) if message.get("topic") == "confirmation" else None


# ---- injective: a block's height -------------------------------------------------------------------

FIRST_HEIGHT = 1000


def injective_line(n):
    return line("injective", {"jsonrpc": "2.0", "id": 1, "result": {
        "block_height": str(FIRST_HEIGHT + n), "block_time": str(1790000040000 + 40 * n),
        "gas_price": "160000000.000000000000000000", "oracle_prices": [
            {"symbol": "INJ", "price": f"{n}.000000000000000000", "type": "pricefeed"},
            {"symbol": "SOL", "price": f"{n}.000000000000000000", "type": "pricefeed"}]}})


def injective_number(message):
    result = message.get("result")
    if isinstance(result, dict) and "block_height" in result:
        prices = {p["price"].split(".")[0] for p in result["oracle_prices"]}
        n = int(result["block_height"]) - FIRST_HEIGHT
        assert prices == {str(n)} and len(result["oracle_prices"]) == 2, f"not whole: {result}"
        return n
    return GAP if "stream error" in json.dumps(message.get("error", "")) else None


# ---- zilliqa: a block's number ---------------------------------------------------------------------

ZILLIQA = next(value["value"] for value in sample(
    "zilliqa", lambda m: any(v["query"] == "NewBlock" for v in m["values"]))["values"]
    if value["query"] == "NewBlock")


def zilliqa_line(n):
    block = json.loads(json.dumps(ZILLIQA))
    block["TxBlock"]["header"]["BlockNum"] = str(FIRST_HEIGHT + n)
    return line("zilliqa", {"type": "Notification",
                            "values": [{"query": "NewBlock", "value": block}]})


def zilliqa_number(message):
    for value in message.get("values", []):
        if value["query"] == "NewBlock":
            return int(value["value"]["TxBlock"]["header"]["BlockNum"]) - FIRST_HEIGHT
    return None


# ---- drift: a trade's record -----------------------------------------------------------------------

DRIFT = sample("drift", lambda m: m.get("channel") == "trades_perp_0")


def drift_line(n):
    return line("drift", DRIFT | {"data": json.dumps(json.loads(DRIFT["data"])
                                                     | {"fillRecordId": n})})


def drift_number(message):
    if message.get("channel") != "trades_perp_0" or "data" not in message:
        return None
    data = message["data"]
    return (json.loads(data) if isinstance(data, str) else data)["fillRecordId"]


# ---- all of them -----------------------------------------------------------------------------------

@dataclass(frozen=True)
class Chain:
    name: str
    line: Callable
    path: str
    request: dict
    number: Callable


CHAINS = (
    Chain("nano", nano_line, "/nano", {"action": "subscribe", "topic": "confirmation"},
          nano_number),
    Chain("injective", injective_line, "/injstream-ws",
          {"jsonrpc": "2.0", "id": 1, "method": "subscribe", "params": {"req": {
              "subscription_id": "faults", "filter": {"oracle_price_filter": {"symbol": ["*"]}}}}},
          injective_number),
    Chain("zilliqa", zilliqa_line, "/zilliqa", {"query": "NewBlock"}, zilliqa_number),
    Chain("drift", drift_line, "/drift", {"type": "subscribe", "marketType": "perp",
                                          "channel": "trades", "market": "SOL-PERP"},
          drift_number),
)


class ChainListener(Listener):
    """A client as its server has them: due what comes while its connection lives."""

    kind = "chains"

    def __init__(self, chain, ports):
        super().__init__(chain.name, chain.path, [chain.name], ports, resumes=False)
        self.chain = chain

    def _request(self):
        return json.dumps(self.chain.request)

    def _read(self, message):
        n = self.chain.number(message)
        if n is GAP:
            return {"stream": self.chain.name, "notice": {"gap": {"missed": None}}}
        return {} if n is None else {"stream": self.chain.name, "data": {"n": n}}
