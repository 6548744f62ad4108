/* drift.c - the dialect of Drift's order-book server: order books, trades, priority fees.
 *
 *   > {"type":"subscribe","marketType":"perp","channel":"trades","market":"SOL-PERP"}
 *   < {"message":"Subscribe received for channel: trades, market: SOL-PERP, marketType: perp"}
 *   < {"channel":"trades_perp_0","data":"{\"ts\":…}"}
 *   < {"channel":"heartbeat"}                                             every 5 s
 *
 * Its document: "Unsubscribe requests to channels not previously subscribed to will have no
 * impact." "Heartbeat messages are sent every 5 seconds". "No ping messages are sent from the
 * websocket server. Unsolicited ping messages are allowed and will receive pongs back."
 *
 * Profiles: see drift_request.c for names, and takes() and beat() for slow readers.
 */
#include "gateway/dialects/drift.h"

#include <errno.h>
#include <stdlib.h>

#include "common/log.h"
#include "common/text.h"
#include "gateway/client.h"
#include "gateway/dialects/dialect.h"
#include "gateway/dialects/drift_request.h"
#include "gateway/dialects/drift_view.h"
#include "gateway/gateway_settings.h"

enum {
    BEAT_MS = 5000,
    BEATS_PER_CHECK = 2,        /* node: is too much buffered? */
    PAUSE_MESSAGES = 50,        /* doc: more unsent ones, and sending stops until none is */
    SKIP_BYTES = 300000,        /* node: live messages are skipped while so many are unsent */
    QUEUE_MESSAGES_MAX = 16384, /* of a client that lets answers and heartbeats pile up; */
    QUEUE_BYTES_MAX = 1 << 30,  /* books are shared, and the two rules above come first */
};

struct state {
    bool paused;
    unsigned beats;
};

/* ---- answers -------------------------------------------------------------------------------- */

/* The words are names of the protocol and of markets: nothing in them needs an escape. */
static void acknowledge(struct client *c, const struct drift_request *r)
{
    const struct span parts[] = {SPAN("{\"message\":\"Subscribe received for channel: "),
                                 {r->channel_word.at, r->channel_word.len},
                                 SPAN(", market: "),
                                 {r->market.at, r->market.len},
                                 SPAN(", marketType: "),
                                 {r->market_type.at, r->market_type.len},
                                 SPAN("\"}")};

    client_reply(c, parts, 7);
}

/* The text decoded and written again, since the original's writer has its own way with escapes. */
static void add_channel(struct text *t, struct json_value channel)
{
    char *decoded = malloc(channel.len);
    int len = decoded ? json_decode(channel, decoded, channel.len) : -ENOMEM;

    if (len < 0)
        t->failed = true;
    else
        text_add_json(t, decoded, (size_t)len);
    free(decoded);
}

static void reply_error(struct client *c, const struct drift_request *r)
{
    struct text t = {0};

    text_add(&t, "{\"channel\":");
    add_channel(&t, r->channel);
    text_add(&t, ",\"error\":\"Error %s channel\"}",
             r->subscribe ? "subscribing to" : "unsubscribing from");
    if (t.failed)
        client_close(c, CLOSE_no_memory);
    else
        client_reply(c, &(struct span){t.at, t.len}, 1);
    text_free(&t);
}

/* Without a channel to name in the answer the server closes. It dies of a channel that is no text;
 * that is met like a missing one. */
static void refuse(struct client *c, const struct drift_request *r)
{
    client_bad_request(c);
    if (r->channel.kind == JSON_STRING && r->channel.len > 2)
        reply_error(c, r);
    else
        client_close_saying(c, CLOSE_no_channel, 1003,
                            r->subscribe ? "{\"error\":\"Error subscribing to channel\"}"
                                         : "{\"error\":\"Error unsubscribing from channel\"}");
}

/* ---- requests ------------------------------------------------------------------------------- */

/* A second subscription is acknowledged like the first, and given the last order book again; what
 * follows comes once. Over max-subscriptions, and where
 * credentials do not allow it: as for a market that there is not. */
static void subscribe(struct client *c, struct drift *drift, const struct drift_request *r)
{
    int err = drift_view_join(c, drift, r);

    if (err == -ENOMEM) {
        client_close(c, CLOSE_no_memory);
    } else if (err == -ENOSPC || err == -EACCES) {
        reply_error(c, r);
    } else {
        acknowledge(c, r);
        drift_view_greet(c, r);
    }
}

static void message(struct client *c, const char *text, size_t len, bool binary)
{
    struct drift *drift = c->host->shared[SHARED_DRIFT];
    struct drift_request r;

    (void)binary; /* the server takes both */
    switch (drift_request_read(text, len, &drift->markets, (enum profile)c->profile, &r)) {
    case DRIFT_NO_REQUEST: client_bad_request(c); break;
    case DRIFT_WRONG: refuse(c, &r); break;
    case DRIFT_RIGHT:
        if (r.subscribe)
            subscribe(c, drift, &r);
        else
            (void)drift_view_leave(c, &r);
        break;
    }
}

/* ---- slow readers --------------------------------------------------------------------------- */

/* "drift websockets stop sending messages to clients that have more than 50 messages unproccessed
 * in their buffer, until the buffer is cleared". The server does it by bytes. What is queued while
 * the socket still takes everything is only this turn's. */
static bool takes(struct client *c)
{
    struct state *state = c->dialect_state;

    if (!c->blocked) {
        state->paused = false;
        return true;
    }
    if (c->profile == PROFILE_NODE)
        return c->queue.bytes < SKIP_BYTES;
    if (c->queue.n > PAUSE_MESSAGES)
        state->paused = true;
    return !state->paused;
}

static void beat(struct client *c)
{
    struct state *state = c->dialect_state;

    if (c->profile == PROFILE_NODE && ++state->beats % BEATS_PER_CHECK == 0 && c->blocked &&
        c->queue.bytes > SKIP_BYTES)
        client_close_after_queue(c, CLOSE_slow_reader, 1008, "Buffer overflow");
    else
        client_reply(c, &SPAN("{\"channel\":\"heartbeat\"}"), 1);
}

/* ---- life ----------------------------------------------------------------------------------- */

static int open_client(struct client *c, const char *path, const char *query)
{
    (void)path;
    (void)query;
    c->dialect_state = calloc(1, sizeof(struct state));
    return c->dialect_state ? 0 : -ENOMEM;
}

static void closed(struct client *c)
{
    free(c->dialect_state);
    c->dialect_state = NULL;
}

static int start(struct client_host *host)
{
    struct drift *drift = calloc(1, sizeof *drift);
    char error[DRIFT_MARKETS_ERROR_MAX] = "out of memory";
    int err =
        drift ? drift_markets_load(&drift->markets, host->settings->drift_markets, error) : -ENOMEM;

    if (err) {
        log_error("the drift dialect could not be started", LOG_TEXT("why", error));
        free(drift);
        return err;
    }
    drift->host = host;
    drift->last_values =
        (struct last_value_source){.asker = host->asker, .settings = host->settings};
    list_init(&drift->unasked);
    host->shared[SHARED_DRIFT] = drift;
    return 0;
}

static void stop(struct client_host *host)
{
    struct drift *drift = host->shared[SHARED_DRIFT];

    host->shared[SHARED_DRIFT] = NULL;
    if (!drift)
        return;
    drift_markets_fini(&drift->markets);
    free(drift->quoted);
    free(drift);
}

static void tick(struct client_host *host)
{
    struct drift *drift = host->shared[SHARED_DRIFT];

    if (drift)
        drift_view_tick(drift);
}

const struct dialect dialect_drift = {
    .name = "drift",
    .deflate = true,
    .node_path = "/ws",
    .node_alias = "/drift",
    .node_status = 400,
    .share = SHARED_DRIFT,
    .start = start,
    .stop = stop,
    .tick = tick,
    .open = open_client,
    .message = message,
    .closed = closed,
    .takes = takes,
    .beat = beat,
    .beat_interval_ms = BEAT_MS,
    .ping_ms = DIALECT_NEVER,
    .pong_ms = DIALECT_NEVER,
    .queue_messages = QUEUE_MESSAGES_MAX,
    .queue_bytes = QUEUE_BYTES_MAX,
};
