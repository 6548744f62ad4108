/* drift_upstream.c - a client of Drift's order-book server.
 *
 *   drift=wss://HOST/ws[,market=SOL-PERP ...][,channel=trades ...][,grouping=G][,demand=off]
 *
 * Asks for the channels of the markets named, and for whatever has listeners: their streams, and
 * market data made of them, name a market and a channel. What is asked for is a want: for good, or
 * with demand, while there is any.
 *
 * The server sends a heartbeat every 5 s, and drops what a client does not read, so this source
 * never waits. An order book is whole each time: one with a lower slot than the last comes late,
 * and is passed over. Trades that happened while the connection was lost are a gap, by time.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "publisher/demand.h"
#include "publisher/sources/drift_stream.h"
#include "publisher/sources/upstream.h"

enum {
    WANTS_MAX = 4096,
    NAMED_MAX = 512, /* market= */
    LATE_MS = 10000, /* a slot lower than the last counts as late for so long */
    WATCHES = 5,
};

static const char *const watched[WATCHES] = {"orderbook_", "trades_", "priorityFees_",
                                             "trade.drift.", "book.drift."};

struct want {
    struct list at;
    struct drift_stream stream;
    bool fixed;       /* by an option */
    unsigned demands; /* streams with listeners that are made of it */
    uint64_t slot, slot_ms;
};

struct drift {
    struct upstream upstream;
    struct drift_markets markets;
    struct list wants;
    unsigned n_wants;
    bool without_demand, live;
    struct drift_stream named[NAMED_MAX]; /* type and index */
    unsigned n_named, grouping;
    bool chosen[DRIFT_CHANNELS], any_chosen;
    struct demand_watch watches[WATCHES];
};

/* ---- what is asked for ----------------------------------------------------------------------- */

static void request(struct drift *d, const struct want *want, const char *type)
{
    char text[DRIFT_REQUEST_MAX];

    if (d->live)
        upstream_send(&d->upstream, text,
                      drift_stream_request(&want->stream, type, &d->markets, text));
}

static struct want *find(const struct drift *d, const struct drift_stream *stream)
{
    struct want *want;

    list_each (want, &d->wants, at)
        if (drift_stream_equal(&want->stream, stream))
            return want;
    return NULL;
}

/* NULL: there are too many. */
static struct want *want_add(struct drift *d, const struct drift_stream *stream)
{
    struct want *want = find(d, stream);

    if (want || d->n_wants == WANTS_MAX || !(want = calloc(1, sizeof *want)))
        return want;
    want->stream = *stream;
    list_append(&d->wants, &want->at);
    d->n_wants++;
    request(d, want, "subscribe");
    return want;
}

static void want_end(struct drift *d, struct want *want)
{
    list_remove(&want->at);
    d->n_wants--;
    free(want);
}

static void on_appeared(void *ctx, const char *name, size_t len)
{
    struct drift *d = ctx;
    struct drift_stream stream;
    struct want *want =
        drift_stream_read(name, len, &d->markets, &stream) ? want_add(d, &stream) : NULL;

    if (want)
        want->demands++;
}

static void on_left(void *ctx, const char *name, size_t len)
{
    struct drift *d = ctx;
    struct drift_stream stream;
    struct want *want =
        drift_stream_read(name, len, &d->markets, &stream) ? find(d, &stream) : NULL;

    if (!want || want->demands == 0 || --want->demands > 0 || want->fixed)
        return;
    request(d, want, "unsubscribe"); /* it is not acknowledged */
    want_end(d, want);
}

static void begin(struct upstream *u)
{
    struct drift *d = (struct drift *)u;
    struct want *want;

    d->live = true;
    list_each (want, &d->wants, at)
        request(d, want, "subscribe");
}

static void lost(struct upstream *u)
{
    ((struct drift *)u)->live = false;
}

static void start(struct upstream *u)
{
    struct drift *d = (struct drift *)u;

    for (int i = 0; i < WATCHES && u->source.host->demand && !d->without_demand; i++) {
        d->watches[i] = (struct demand_watch){
            .start = watched[i], .appeared = on_appeared, .left = on_left, .ctx = d};
        demand_watch(u->source.host->demand, &d->watches[i]);
    }
}

/* ---- what the server sends ------------------------------------------------------------------- */

/* Requests are acknowledged by texts for people; one that was refused has an error. */
static bool take(struct upstream *u, struct json_value message)
{
    if (json_member(message, "error", JSON_STRICT).kind != JSON_NONE) {
        upstream_refused(u, "subscribe", message.at, message.len);
        return false;
    }
    return json_member(message, "data", JSON_STRICT).kind != JSON_NONE ||
           (json_member(message, "message", JSON_STRICT).kind != JSON_STRING &&
            !json_string_is(json_member(message, "channel", JSON_STRICT), "heartbeat"));
}

static bool pass(struct upstream *u, const struct event *event)
{
    struct drift *d = (struct drift *)u;
    struct drift_stream stream;
    struct want *want = event->keep_last && drift_stream_read(event->stream, event->stream_len,
                                                              &d->markets, &stream)
                            ? find(d, &stream)
                            : NULL;
    struct json_value data = {event->data, event->data_len, JSON_OBJECT};
    uint64_t slot, now = uv_now(u->source.host->loop);

    if (!want || json_uint64(json_member(data, "slot", JSON_STRICT), &slot) < 0)
        return true;
    if (slot < want->slot && now - want->slot_ms < LATE_MS) {
        u->source.status.repeats++;
        return false;
    }
    want->slot = slot;
    want->slot_ms = now;
    return true;
}

/* ---- options --------------------------------------------------------------------------------- */

static int add_market(struct drift *d, const char *value, char error[SOURCE_ERROR_MAX])
{
    for (int type = DRIFT_PERP; value && type <= DRIFT_SPOT; type++) {
        int index =
            drift_markets_index(&d->markets, (enum drift_market_type)type, value, strlen(value));
        if (index < 0 || d->n_named == NAMED_MAX)
            continue;
        d->named[d->n_named++] =
            (struct drift_stream){.type = (enum drift_market_type)type, .index = (unsigned)index};
        return 0;
    }
    snprintf(error, SOURCE_ERROR_MAX,
             "market '%.70s': not in the table of markets (share/sluice/drift-markets.csv)",
             value ? value : "");
    return -EINVAL;
}

static int choose_channel(struct drift *d, const char *value, char error[SOURCE_ERROR_MAX])
{
    int at = snprintf(error, SOURCE_ERROR_MAX, "channel: one of");

    for (size_t i = 0; i < DRIFT_CHANNELS; i++) {
        at += snprintf(error + at, SOURCE_ERROR_MAX - (size_t)at, " %s", drift_channel_names[i]);
        if (value && strcmp(value, drift_channel_names[i]) == 0) {
            d->chosen[i] = d->any_chosen = true;
            return 0;
        }
    }
    return -EINVAL;
}

static int choose_grouping(struct drift *d, const char *value, char error[SOURCE_ERROR_MAX])
{
    d->grouping = value ? (unsigned)strtoul(value, NULL, 10) : 0;
    if (drift_grouping_valid(d->grouping))
        return 0;
    snprintf(error, SOURCE_ERROR_MAX, "grouping: one of 1 10 100 500 1000");
    return -EINVAL;
}

static int option(struct upstream *u, const char *name, const char *value,
                  char error[SOURCE_ERROR_MAX])
{
    struct drift *d = (struct drift *)u;

    if (strcmp(name, "market") == 0)
        return add_market(d, value, error);
    if (strcmp(name, "channel") == 0)
        return choose_channel(d, value, error);
    if (strcmp(name, "grouping") == 0)
        return choose_grouping(d, value, error);
    if (strcmp(name, "demand") != 0)
        return -ENOENT;
    d->without_demand = value && strcmp(value, "off") == 0;
    if (d->without_demand || (value && strcmp(value, "on") == 0))
        return 0;
    snprintf(error, SOURCE_ERROR_MAX, "demand: on or off");
    return -EINVAL;
}

static int add_channels(struct drift *d, struct drift_stream stream)
{
    for (int c = 0; c < DRIFT_CHANNELS; c++) {
        if (d->any_chosen ? !d->chosen[c] : c == DRIFT_INDICATIVE)
            continue;
        stream.channel = (enum drift_channel)c;
        stream.grouping =
            c == DRIFT_ORDERBOOK || c == DRIFT_INDICATIVE ? (d->grouping ? d->grouping : 1) : 0;
        struct want *want = want_add(d, &stream);
        if (!want)
            return -ENOMEM;
        want->fixed = true;
    }
    return 0;
}

static int make(struct upstream *u, char error[SOURCE_ERROR_MAX])
{
    struct drift *d = (struct drift *)u;
    const char *path = u->source.host->drift_markets;

    list_init(&d->wants);
    return drift_markets_load(&d->markets, path ? path : "", error);
}

static int ready(struct upstream *u, char error[SOURCE_ERROR_MAX])
{
    struct drift *d = (struct drift *)u;
    int err = 0;

    for (unsigned i = 0; i < d->n_named && !err; i++)
        err = add_channels(d, d->named[i]);
    if (err || d->n_wants > 0 || !d->without_demand)
        return err;
    snprintf(error, SOURCE_ERROR_MAX, "drift needs markets (market=SOL-PERP) where demand is off");
    return -EINVAL;
}

static void fini(struct upstream *u)
{
    struct drift *d = (struct drift *)u;

    for (int i = 0; i < WATCHES; i++)
        demand_unwatch(&d->watches[i]);
    while (!list_empty(&d->wants))
        want_end(d, list_first(&d->wants, struct want, at));
    drift_markets_fini(&d->markets);
}

static const struct upstream_kind kind = {.name = "drift",
                                          .gap_stream = "drift.gap",
                                          .options = "market=NAME, channel=NAME, grouping=G, "
                                                     "demand=off",
                                          .path = "/ws",
                                          .normaliser = &drift_normaliser,
                                          .size = sizeof(struct drift),
                                          .silent_ms = 11000,
                                          .pressing = true,
                                          .make = make,
                                          .option = option,
                                          .ready = ready,
                                          .start = start,
                                          .begin = begin,
                                          .lost = lost,
                                          .take = take,
                                          .pass = pass,
                                          .fini = fini};

static int open_drift(const struct source_host *host, const char *argument, const char *options,
                      struct source **source, char error[SOURCE_ERROR_MAX])
{
    return upstream_open(&kind, host, argument, options, source, error);
}

const struct source_kind drift_source = {.name = "drift", .open = open_drift};
