/* drift_stream.c - see drift_stream.h. */
#include "publisher/sources/drift_stream.h"

#include <stdio.h>
#include <string.h>

const char *const drift_channel_names[DRIFT_CHANNELS] = {"orderbook", "orderbook_indicative",
                                                         "trades", "priorityfees"};

/* What is left of a name. */
struct rest {
    const char *at;
    size_t len;
};

static bool skip(struct rest *r, const char *text)
{
    size_t len = strlen(text);

    if (r->len < len || memcmp(r->at, text, len) != 0)
        return false;
    r->at += len;
    r->len -= len;
    return true;
}

static bool read_number(struct rest *r, unsigned most, unsigned *number)
{
    size_t digits = 0;

    for (*number = 0; digits < r->len && r->at[digits] >= '0' && r->at[digits] <= '9'; digits++) {
        *number = *number * 10 + (unsigned)(r->at[digits] - '0');
        if (*number > most)
            return false;
    }
    r->at += digits;
    r->len -= digits;
    return digits > 0;
}

bool drift_grouping_valid(unsigned grouping)
{
    return grouping == 1 || grouping == 10 || grouping == 100 || grouping == 500 ||
           grouping == 1000;
}

/* "perp_0", and for order books the rest. */
static bool read_native(struct rest r, struct drift_stream *s)
{
    s->type = DRIFT_SPOT;
    if (!skip(&r, "spot_")) {
        s->type = DRIFT_PERP;
        if (!skip(&r, "perp_"))
            return false;
    }
    if (!read_number(&r, DRIFT_MARKET_INDEX_MAX, &s->index))
        return false;
    if (s->channel == DRIFT_ORDERBOOK) {
        s->grouping = 1;
        if (skip(&r, "_grouped_") &&
            (!read_number(&r, 1000, &s->grouping) || !drift_grouping_valid(s->grouping)))
            return false;
        if (skip(&r, "_indicative"))
            s->channel = DRIFT_INDICATIVE;
    }
    return r.len == 0;
}

static bool read_market(struct rest name, const struct drift_markets *markets,
                        struct drift_stream *s)
{
    for (int type = DRIFT_PERP; type <= DRIFT_SPOT; type++) {
        int index = drift_markets_index(markets, (enum drift_market_type)type, name.at, name.len);
        if (index < 0)
            continue;
        s->type = (enum drift_market_type)type;
        s->index = (unsigned)index;
        return true;
    }
    return false;
}

bool drift_stream_read(const char *name, size_t len, const struct drift_markets *markets,
                       struct drift_stream *s)
{
    static const struct {
        const char *start;
        enum drift_channel channel;
        bool market_data;
    } forms[] = {{"orderbook_", DRIFT_ORDERBOOK, false},
                 {"trades_", DRIFT_TRADES, false},
                 {"priorityFees_", DRIFT_FEES, false},
                 {"trade.drift.", DRIFT_TRADES, true},
                 {"book.drift.", DRIFT_ORDERBOOK, true}};
    struct rest r = {name, len};

    *s = (struct drift_stream){0};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (!skip(&r, forms[i].start))
            continue;
        s->channel = forms[i].channel;
        if (!forms[i].market_data)
            return read_native(r, s) && drift_markets_find(markets, s->type, s->index);
        s->grouping = s->channel == DRIFT_ORDERBOOK;
        return read_market(r, markets, s);
    }
    return false;
}

bool drift_stream_equal(const struct drift_stream *a, const struct drift_stream *b)
{
    return a->channel == b->channel && a->type == b->type && a->index == b->index &&
           a->grouping == b->grouping;
}

size_t drift_stream_request(const struct drift_stream *s, const char *type,
                            const struct drift_markets *markets, char buf[DRIFT_REQUEST_MAX])
{
    const struct drift_market *market = drift_markets_find(markets, s->type, s->index);
    char grouping[32] = "";

    if (s->grouping)
        snprintf(grouping, sizeof grouping, ",\"grouping\":%u", s->grouping);
    return (size_t)snprintf(buf, DRIFT_REQUEST_MAX,
                            "{\"type\":\"%s\",\"marketType\":\"%s\",\"channel\":\"%s\","
                            "\"market\":\"%s\"%s}",
                            type, s->type == DRIFT_PERP ? "perp" : "spot",
                            drift_channel_names[s->channel], market->name, grouping);
}
