/* injective_types.c - see injective_types.h. */
#include "common/injective_types.h"

#include <stdio.h>

#define ACCOUNT                                                                                    \
    {                                                                                              \
        "accounts", "account",                                                                     \
        {                                                                                          \
            "account"                                                                              \
        }                                                                                          \
    }
#define SYMBOL                                                                                     \
    {                                                                                              \
        "symbol", "symbol",                                                                        \
        {                                                                                          \
            "symbol"                                                                               \
        }                                                                                          \
    }
#define MARKET                                                                                     \
    {                                                                                              \
        "market_ids", "market",                                                                    \
        {                                                                                          \
            "market_id"                                                                            \
        }                                                                                          \
    }
#define SUBACCOUNT                                                                                 \
    {                                                                                              \
        "subaccount_ids", "subaccount",                                                            \
        {                                                                                          \
            "subaccount_id"                                                                        \
        }                                                                                          \
    }
#define BOOK_MARKET                                                                                \
    {                                                                                              \
        "market_ids", "market",                                                                    \
        {                                                                                          \
            "orderbook", "market_id"                                                               \
        }                                                                                          \
    }
#define ORDER_MARKET                                                                               \
    {                                                                                              \
        "market_ids", "market",                                                                    \
        {                                                                                          \
            "order", "market_id"                                                                   \
        }                                                                                          \
    }
#define ORDER_SUBACCOUNT                                                                           \
    {                                                                                              \
        "subaccount_ids", "subaccount",                                                            \
        {                                                                                          \
            "order", "order", "order_info", "subaccount_id"                                        \
        }                                                                                          \
    }

const struct injective_type injective_types[INJECTIVE_TYPES] = {
    {"bank_balances", "bank_balances_filter", 1, {ACCOUNT}},
    {"subaccount_deposits", "subaccount_deposits_filter", 1, {SUBACCOUNT}},
    {"spot_trades", "spot_trades_filter", 2, {MARKET, SUBACCOUNT}},
    {"derivative_trades", "derivative_trades_filter", 2, {MARKET, SUBACCOUNT}},
    {"spot_orders", "spot_orders_filter", 2, {ORDER_MARKET, ORDER_SUBACCOUNT}},
    {"derivative_orders", "derivative_orders_filter", 2, {ORDER_MARKET, ORDER_SUBACCOUNT}},
    {"spot_orderbook_updates", "spot_orderbooks_filter", 1, {BOOK_MARKET}},
    {"derivative_orderbook_updates", "derivative_orderbooks_filter", 1, {BOOK_MARKET}},
    {"positions", "positions_filter", 2, {MARKET, SUBACCOUNT}},
    {"oracle_prices", "oracle_price_filter", 1, {SYMBOL}},
    {"order_failures", "order_failures_filter", 1, {ACCOUNT}},
    {"conditional_order_trigger_failures",
     "conditional_order_trigger_failures_filter",
     2,
     {MARKET, SUBACCOUNT}},
};

struct json_value injective_value(struct json_value event, const struct injective_key *key)
{
    struct json_value at = event;

    for (const char *const *step = key->path; *step; step++)
        at = json_member(at, *step, JSON_STRICT);
    return at;
}

size_t injective_stream(char name[STREAM_NAME_MAX + 1], const struct injective_type *type,
                        const struct injective_key *key, const char *value, size_t len)
{
    char encoded[STREAM_VALUE_MAX + 1];
    int n;

    if (!key) {
        n = snprintf(name, STREAM_NAME_MAX + 1, "injective.%s", type->event);
    } else {
        stream_name_encode(value, len, encoded);
        n = snprintf(name, STREAM_NAME_MAX + 1, "injective.%s.%s.%s", type->event, key->kind,
                     encoded);
    }
    return (size_t)n; /* the longest takes 177 bytes */
}
