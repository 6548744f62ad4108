"""The Injective form, worked out a second time: what a subscription is told of a block."""
import json

from support.servers import ROOT

SAMPLE = ROOT / "deploy" / "samples" / "injective.ndjson"

MARKETS, SUBACCOUNTS, ACCOUNTS = "market_ids", "subaccount_ids", "accounts"
TYPES = {  # event: (filter, its lists)
    "bank_balances": ("bank_balances_filter", [ACCOUNTS]),
    "subaccount_deposits": ("subaccount_deposits_filter", [SUBACCOUNTS]),
    "spot_trades": ("spot_trades_filter", [MARKETS, SUBACCOUNTS]),
    "derivative_trades": ("derivative_trades_filter", [MARKETS, SUBACCOUNTS]),
    "spot_orders": ("spot_orders_filter", [MARKETS, SUBACCOUNTS]),
    "derivative_orders": ("derivative_orders_filter", [MARKETS, SUBACCOUNTS]),
    "spot_orderbook_updates": ("spot_orderbooks_filter", [MARKETS]),
    "derivative_orderbook_updates": ("derivative_orderbooks_filter", [MARKETS]),
    "positions": ("positions_filter", [MARKETS, SUBACCOUNTS]),
    "oracle_prices": ("oracle_price_filter", ["symbol"]),
    "order_failures": ("order_failures_filter", [ACCOUNTS]),
    "conditional_order_trigger_failures":
        ("conditional_order_trigger_failures_filter", [MARKETS, SUBACCOUNTS]),
}
EVERYTHING = {name: {part: ["*"] for part in lists} for name, lists in TYPES.values()}


def blocks():
    """The blocks of the sample, in order."""
    lines = SAMPLE.read_text().splitlines()
    messages = (json.loads(line)["message"] for line in lines)
    return [m["result"] for m in messages if isinstance(m.get("result"), dict)]


def value(event, part):
    """What an event is filtered by; it stands at different depths."""
    order = event.get("order", {})
    if part == MARKETS:
        return event.get("market_id") or order.get("market_id") or \
            event.get("orderbook", {}).get("market_id")
    if part == SUBACCOUNTS:
        return event.get("subaccount_id") or \
            order.get("order", {}).get("order_info", {}).get("subaccount_id")
    return event.get("account" if part == ACCOUNTS else "symbol")


def matches(event, wanted, parts):
    given = [(part, wanted.get(part)) for part in parts if wanted.get(part)]
    return bool(given) and all(values[0] == "*" or value(event, part) in values
                               for part, values in given)


def update(block, filters, node=False):
    """The result that a subscription gets; events of a type may come in another order."""
    price = block["gas_price"]
    result = {"block_height": block["block_height"], "block_time": block["block_time"],
              "gas_price": price if node else price.removesuffix("." + "0" * 18)}
    for event_type, (name, parts) in TYPES.items():
        wanted = filters.get(name)
        found = [e for e in block.get(event_type, []) if wanted and matches(e, wanted, parts)]
        if found or wanted is None or not node:
            result[event_type] = found
    return result


def sorted_events(result):
    """The same with the events of each type in an order that does not depend on theirs."""
    return {key: sorted(map(json.dumps, part)) if isinstance(part, list) else part
            for key, part in result.items()}


def subscribe(number, name, filters):
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": "subscribe",
                       "params": {"req": {"subscription_id": name, "filter": filters}}})
