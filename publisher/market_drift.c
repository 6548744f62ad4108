/* market_drift.c - see market_drift.h. */
#include "publisher/market_drift.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PRICE_DECIMALS = 6, SECOND_MS = 1000 };

struct market {
    char name[MARKET_NAME_MAX + 1], id[32];
    int decimals; /* of a size; -1: nobody knows */
};

/* "perp_0" and the like, with nothing behind it. */
static bool find_market(const struct market_drift *d, const char *text, size_t len,
                        struct market *market)
{
    bool spot = len > 5 && memcmp(text, "spot_", 5) == 0;
    unsigned index = 0;

    if (len <= 5 || len > 10 || (!spot && memcmp(text, "perp_", 5) != 0))
        return false;
    for (size_t i = 5; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        index = index * 10 + (unsigned)(text[i] - '0');
    }
    snprintf(market->id, sizeof market->id, "%.*s", (int)len, text);
    const struct drift_market *known =
        drift_markets_find(&d->markets, spot ? DRIFT_SPOT : DRIFT_PERP, index);
    snprintf(market->name, sizeof market->name, "%s", known ? known->name : market->id);
    market->decimals = known ? (int)known->decimals : spot ? -1 : DRIFT_MARKET_DECIMALS;
    return true;
}

/* A number, in quotes or not. */
static bool read_decimal(struct json_value value, struct decimal *d)
{
    const char *at = value.at;
    size_t len = value.len;

    if (value.kind != JSON_NUMBER && !json_string_plain(value, &at, &len))
        return false;
    return decimal_read(at, len, d) == 0;
}

/* ---- trades ---------------------------------------------------------------------------------- */

/* The taker's; where the server names none, it is the other one than the maker's. */
static bool read_side(struct json_value fill, bool *buy)
{
    struct json_value taker = json_member(fill, "takerOrderDirection", JSON_STRICT);
    struct json_value maker = json_member(fill, "makerOrderDirection", JSON_STRICT);

    if (taker.kind == JSON_STRING) {
        *buy = json_string_is(taker, "long");
        return *buy || json_string_is(taker, "short");
    }
    *buy = json_string_is(maker, "short");
    return *buy || json_string_is(maker, "long");
}

static bool read_trade(struct json_value fill, const struct event *event,
                       struct market_place *place, struct market_trade *trade)
{
    struct decimal quote;

    if (json_uint64(json_member(fill, "ts", JSON_STRICT), &place->time_ms) < 0 ||
        json_uint64(json_member(fill, "slot", JSON_STRICT), &place->height) < 0 ||
        place->time_ms > UINT64_MAX / SECOND_MS || !read_side(fill, &trade->buy) ||
        !read_decimal(json_member(fill, "baseAssetAmountFilled", JSON_STRICT), &trade->quantity) ||
        !read_decimal(json_member(fill, "quoteAssetAmountFilled", JSON_STRICT), &quote))
        return false;
    place->time_ms *= SECOND_MS;
    trade->id = event->tag;
    trade->id_len = event->tag_len;
    return decimal_divide(&quote, &trade->quantity, PRICE_DECIMALS, &trade->price) == 0;
}

static void take_trade(const struct market *market, const struct event *event,
                       struct json_value fill, struct market_sink *sink)
{
    struct market_place place = {.venue = "drift", .market = market->name, .market_id = market->id};
    struct market_trade trade = {0};

    if (read_trade(fill, event, &place, &trade))
        market_sink_trade(sink, &place, &trade);
    else
        sink->counts.unreadable++;
}

/* ---- books ----------------------------------------------------------------------------------- */

/* An integer of fixed precision. */
static bool read_fixed(struct json_value value, int decimals, struct decimal *d)
{
    return read_decimal(value, d) && decimal_shift(d, (unsigned)decimals) == 0;
}

/* Up to depth levels in *n. The rest of a deep book is not even read. */
static bool read_levels(const struct market_drift *d, struct json_value from, int decimals,
                        struct market_level *levels, size_t *n)
{
    struct json_iter it = json_iter(from, JSON_STRICT);

    *n = 0;
    if (from.kind != JSON_ARRAY)
        return false;
    while (*n < d->depth && json_next(&it)) {
        struct market_level *level = &levels[*n];
        if (!read_fixed(json_member(it.value, "price", JSON_STRICT), PRICE_DECIMALS,
                        &level->price) ||
            !read_fixed(json_member(it.value, "size", JSON_STRICT), decimals, &level->quantity))
            return false;
        *n += !decimal_is_zero(&level->quantity);
    }
    return true;
}

static void take_book(const struct market_drift *d, const struct market *market,
                      struct json_value data, struct market_sink *sink)
{
    struct market_place place = {.venue = "drift", .market = market->name, .market_id = market->id};
    struct market_book_view book = {
        .bids = d->levels, .asks = d->levels + d->depth, .complete = true};

    if (market->decimals < 0 ||
        json_uint64(json_member(data, "ts", JSON_STRICT), &place.time_ms) < 0 ||
        json_uint64(json_member(data, "slot", JSON_STRICT), &place.height) < 0 ||
        !read_levels(d, json_member(data, "bids", JSON_STRICT), market->decimals, d->levels,
                     &book.n_bids) ||
        !read_levels(d, json_member(data, "asks", JSON_STRICT), market->decimals,
                     d->levels + d->depth, &book.n_asks))
        sink->counts.unreadable++;
    else
        market_sink_book(sink, &place, &book);
}

/* ---- which event is what --------------------------------------------------------------------- */

static bool begins(const struct event *event, const char *start, size_t len)
{
    return event->stream_len > len && memcmp(event->stream, start, len) == 0;
}

void market_drift_take(const struct market_drift *d, const struct event *event,
                       struct json_value data, struct market_sink *sink)
{
    static const char trades[] = "trades_", books[] = "orderbook_";
    size_t start = begins(event, trades, sizeof trades - 1) ? sizeof trades - 1
                   : begins(event, books, sizeof books - 1) ? sizeof books - 1
                                                            : 0;
    struct market market;

    if (start == 0 || !find_market(d, event->stream + start, event->stream_len - start, &market))
        return;
    if (start == sizeof trades - 1)
        take_trade(&market, event, data, sink);
    else
        take_book(d, &market, data, sink);
}
