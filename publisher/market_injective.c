/* market_injective.c - see market_injective.h. */
#include "publisher/market_injective.h"

#include <string.h>

#include "common/message.h"

/* The block that an event of the node belongs to, and what is made of it. */
struct block {
    struct market_injective *m;
    struct market_sink *sink;
    uint64_t height, time_ms;
    bool snapshot, derivative;
};

/* A 64-bit integer, which the node writes in quotes. */
static bool read_integer(struct json_value value, uint64_t *n)
{
    if (value.kind != JSON_STRING || value.len <= 2)
        return false;
    struct json_value digits = {.at = value.at + 1, .len = value.len - 2, .kind = JSON_NUMBER};
    return json_uint64(digits, n) == 0;
}

static bool read_decimal(struct json_value value, struct decimal *d)
{
    const char *at;
    size_t len;

    return json_string_plain(value, &at, &len) && decimal_read(at, len, d) == 0;
}

static bool read_market(struct json_value owner, char id[MARKET_NAME_MAX + 1])
{
    int len = json_decode(json_member(owner, "market_id", JSON_STRICT), id, MARKET_NAME_MAX);

    if (len <= 0 || memchr(id, '\0', (size_t)len))
        return false;
    id[len] = '\0';
    return true;
}

static struct market_place place_of(const struct block *b, const char *id)
{
    return (struct market_place){.venue = "injective",
                                 .market = market_names_of(&b->m->names, id),
                                 .market_id = id,
                                 .time_ms = b->time_ms,
                                 .height = b->height};
}

/* ---- trades ---------------------------------------------------------------------------------- */

static bool is_takers(struct json_value trade)
{
    struct json_value how = json_member(trade, "executionType", JSON_STRICT);

    return json_string_is(how, "Market") || json_string_is(how, "LimitMatchNewOrder") ||
           json_string_is(how, "MarketLiquidation");
}

static void read_id(struct json_value id, struct market_trade *trade)
{
    if (json_string_plain(id, &trade->id, &trade->id_len) &&
        message_tag_valid(trade->id, trade->id_len))
        return;
    trade->id = NULL;
    trade->id_len = 0;
}

static bool read_trade(const struct block *b, struct json_value from, struct market_trade *trade)
{
    struct json_value amounts =
        b->derivative ? json_member(from, "position_delta", JSON_STRICT) : from;
    const char *price = b->derivative ? "execution_price" : "price";
    const char *quantity = b->derivative ? "execution_quantity" : "quantity";

    trade->buy = json_member(from, "is_buy", JSON_STRICT).kind == JSON_TRUE;
    read_id(json_member(from, "trade_id", JSON_STRICT), trade);
    return read_decimal(json_member(amounts, price, JSON_STRICT), &trade->price) &&
           read_decimal(json_member(amounts, quantity, JSON_STRICT), &trade->quantity);
}

static void take_trade(const struct block *b, struct json_value from)
{
    char id[MARKET_NAME_MAX + 1];
    struct market_trade trade;

    if (!is_takers(from))
        return;
    if (!read_market(from, id) || !read_trade(b, from, &trade)) {
        b->sink->counts.unreadable++;
        return;
    }
    struct market_place place = place_of(b, id);
    market_sink_trade(b->sink, &place, &trade);
}

/* ---- books ----------------------------------------------------------------------------------- */

/* False: a level is unreadable; those before it are set. Absent is none. */
static bool set_levels(struct market_book *book, bool bids, struct json_value levels)
{
    struct json_iter it = json_iter(levels, JSON_STRICT);
    struct market_level level;

    while (json_next(&it)) {
        if (!read_decimal(json_member(it.value, "p", JSON_STRICT), &level.price) ||
            !read_decimal(json_member(it.value, "q", JSON_STRICT), &level.quantity))
            return false;
        market_book_set(book, bids, &level);
    }
    return true;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void tell(const struct block *b, const struct market_place *place,
                 const struct market_book *book)
{
    struct market_book_view view = {.bids = book->bids.levels,
                                    .asks = book->asks.levels,
                                    .n_bids = least(book->bids.n, b->m->depth),
                                    .n_asks = least(book->asks.n, b->m->depth),
                                    .seq = book->seq,
                                    .complete = book->complete};

    market_sink_book(b->sink, place, &view);
}

/* What cannot be read is as good as missing. */
static void apply(const struct block *b, const struct market_place *place, struct market_book *book,
                  struct json_value levels)
{
    if (set_levels(book, true, json_member(levels, "buy_levels", JSON_STRICT)) &&
        set_levels(book, false, json_member(levels, "sell_levels", JSON_STRICT))) {
        tell(b, place, book);
        return;
    }
    b->sink->counts.unreadable++;
    market_book_spoil(book);
    market_sink_stale(b->sink, place, book->seq, book->seq);
}

static void take_update(const struct block *b, struct json_value update)
{
    struct json_value levels = json_member(update, "orderbook", JSON_STRICT);
    struct market_book *book = NULL;
    char id[MARKET_NAME_MAX + 1];
    uint64_t seq, expected;

    if (read_market(levels, id) && read_integer(json_member(update, "seq", JSON_STRICT), &seq))
        book = market_books_get(&b->m->books, id);
    if (!book) {
        b->sink->counts.unreadable++;
        return;
    }
    struct market_place place = place_of(b, id);
    switch (market_book_step(book, seq, b->snapshot, &expected)) {
    case MARKET_BOOK_APPLY: apply(b, &place, book, levels); break;
    case MARKET_BOOK_HOLE: market_sink_stale(b->sink, &place, seq, expected); break;
    case MARKET_BOOK_REPEAT:
    case MARKET_BOOK_WAIT: break;
    }
}

/* ---- which event is what --------------------------------------------------------------------- */

typedef void take_fn(const struct block *b, struct json_value element);

/* Every element of the list of that name. */
static void take_all(struct block *b, struct json_value data, const char *member, take_fn *take)
{
    struct json_iter it = json_iter(json_member(data, member, JSON_STRICT), JSON_STRICT);

    if (!read_integer(json_member(data, "block_height", JSON_STRICT), &b->height) ||
        !read_integer(json_member(data, "block_time", JSON_STRICT), &b->time_ms)) {
        b->sink->counts.unreadable++;
        return;
    }
    while (json_next(&it))
        take(b, it.value);
}

static const struct stream_kind {
    const char *stream, *member;
    take_fn *take;
    bool derivative, snapshot;
} kinds[] = {
    {"injective.spot_trades", "spot_trades", take_trade, false, false},
    {"injective.derivative_trades", "derivative_trades", take_trade, true, false},
    {"injective.spot_orderbook_updates", "spot_orderbook_updates", take_update, false, false},
    {"injective.derivative_orderbook_updates", "derivative_orderbook_updates", take_update, true,
     false},
    {"injective.spot_orderbook_snapshots", "spot_orderbook_updates", take_update, false, true},
    {"injective.derivative_orderbook_snapshots", "derivative_orderbook_updates", take_update, true,
     true},
};

void market_injective_take(struct market_injective *m, const struct event *event,
                           struct json_value data, struct market_sink *sink)
{
    static const char chain[] = "injective.";

    if (event->stream_len < sizeof chain || memcmp(event->stream, chain, sizeof chain - 1) != 0)
        return;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const struct stream_kind *kind = &kinds[i];
        if (strlen(kind->stream) != event->stream_len ||
            memcmp(kind->stream, event->stream, event->stream_len) != 0)
            continue;
        struct block b = {
            .m = m, .sink = sink, .snapshot = kind->snapshot, .derivative = kind->derivative};
        take_all(&b, data, kind->member, kind->take);
    }
}
