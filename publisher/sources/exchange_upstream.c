/* exchange_upstream.c - a client of an exchange's stream server, in one of two forms.
 *
 *   exchange=wss://HOST:9443,stream=btcusdt@trade[,stream=...]        the Binance form, at /stream
 *   exchange=ws://HOST:4000,form=engine,stream=trade.SOL_USDC         one stream a request, at /
 *
 * The Binance form takes many streams in a request and five requests a second, acknowledges them,
 * says serverShutdown before it ends, and ends every connection after 24 hours: then, and before
 * that, the connection is made anew. An engine acknowledges nothing and reports nothing. Both
 * answer pings. A server of this kind stalls or ends clients that do not read, so this source never
 * waits.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/stream_name.h"
#include "publisher/sources/upstream.h"

enum {
    STREAMS_MAX = 1024, /* what the Binance form allows a connection */
    BATCH = 100,        /* streams in a request */
    AGE_MAX_MS = (23 * 60 + 50) * 60 * 1000,
    ANSWER_MS = 10000,
};

struct exchange {
    struct upstream upstream;
    bool engine;
    char **streams;
    size_t n, asked; /* asked: of them, on this connection */
    unsigned requests, answers;
    uint64_t up_ms, asked_ms;
};

/* ---- what we ask ----------------------------------------------------------------------------- */

static void ask(struct exchange *x)
{
    size_t most = x->engine ? 1 : BATCH, n = x->n - x->asked < most ? x->n - x->asked : most;
    struct text t = {0};

    text_add(&t, "{\"method\":\"SUBSCRIBE\",\"params\":[");
    for (size_t i = 0; i < n; i++)
        text_add(&t, "%s\"%s\"", i ? "," : "", x->streams[x->asked + i]);
    text_add(&t, "],\"id\":%u}", ++x->requests);
    x->asked += n;
    x->asked_ms = uv_now(x->upstream.source.host->loop);
    if (t.failed)
        upstream_drop(&x->upstream, "out of memory");
    else
        upstream_send(&x->upstream, t.at, t.len);
    text_free(&t);
}

static void begin(struct upstream *u)
{
    struct exchange *x = (struct exchange *)u;

    x->asked = 0;
    x->requests = x->answers = 0;
    x->up_ms = uv_now(u->source.host->loop);
    do
        ask(x);
    while (x->engine && x->asked < x->n);
}

/* Four times a second, so that the limit of five requests is kept. */
static void tick(struct upstream *u, uint64_t now_ms)
{
    struct exchange *x = (struct exchange *)u;

    if (x->asked < x->n)
        ask(x);
    if (x->engine)
        return;
    if (now_ms - x->up_ms >= AGE_MAX_MS) {
        upstream_drop(u, "the connection is a day old");
    } else if (x->answers < x->requests && now_ms - x->asked_ms >= ANSWER_MS) {
        x->answers = x->requests;
        log_warn("the server did not acknowledge a subscription", LOG_TEXT("source", u->label));
    }
}

/* ---- what it answers ------------------------------------------------------------------------- */

static bool is_refusal(struct json_value message)
{
    return json_member(message, "error", JSON_STRICT).kind == JSON_OBJECT ||
           (json_member(message, "code", JSON_STRICT).kind == JSON_NUMBER &&
            json_member(message, "msg", JSON_STRICT).kind == JSON_STRING);
}

static bool take(struct upstream *u, struct json_value message)
{
    struct exchange *x = (struct exchange *)u;
    struct json_value data = json_member(message, "data", JSON_STRICT);

    if (json_string_is(json_member(data, "e", JSON_STRICT), "serverShutdown")) {
        upstream_drop(u, "the server is about to shut down");
        return false;
    }
    if (json_member(message, "stream", JSON_STRICT).kind != JSON_NONE)
        return true;
    if (is_refusal(message)) {
        x->answers++;
        upstream_refused(u, "SUBSCRIBE", message.at, message.len);
        return false;
    }
    if (json_member(message, "result", JSON_STRICT).kind == JSON_NONE)
        return true;
    x->answers++;
    return false;
}

/* ---- options --------------------------------------------------------------------------------- */

static int add_stream(struct exchange *x, const char *value, char error[SOURCE_ERROR_MAX])
{
    if (!value || !stream_name_valid(value, strlen(value))) {
        snprintf(error, SOURCE_ERROR_MAX, "stream '%.100s': no stream may have that name",
                 value ? value : "");
        return -EINVAL;
    }
    if (x->n == STREAMS_MAX) {
        snprintf(error, SOURCE_ERROR_MAX,
                 "stream: more than %d for one connection; give the "
                 "source twice",
                 STREAMS_MAX);
        return -EINVAL;
    }
    if (!x->streams && !(x->streams = calloc(STREAMS_MAX, sizeof *x->streams)))
        return -ENOMEM;
    x->streams[x->n] = strdup(value);
    return x->streams[x->n++] ? 0 : -ENOMEM;
}

static int option(struct upstream *u, const char *name, const char *value,
                  char error[SOURCE_ERROR_MAX])
{
    struct exchange *x = (struct exchange *)u;

    if (strcmp(name, "stream") == 0)
        return add_stream(x, value, error);
    if (strcmp(name, "form") != 0)
        return -ENOENT;
    x->engine = value && strcmp(value, "engine") == 0;
    if (x->engine || (value && strcmp(value, "binance") == 0))
        return 0;
    snprintf(error, SOURCE_ERROR_MAX, "form: binance or engine");
    return -EINVAL;
}

static int ready(struct upstream *u, char error[SOURCE_ERROR_MAX])
{
    struct exchange *x = (struct exchange *)u;

    if (x->engine && strcmp(u->config.url.path, u->kind->path) == 0)
        strcpy(u->config.url.path, "/");
    if (x->n > 0)
        return 0;
    snprintf(error, SOURCE_ERROR_MAX, "exchange needs streams: stream=NAME, once or more");
    return -EINVAL;
}

static void fini(struct upstream *u)
{
    struct exchange *x = (struct exchange *)u;

    for (size_t i = 0; i < x->n; i++)
        free(x->streams[i]);
    free(x->streams);
}

static const struct upstream_kind kind = {.name = "exchange",
                                          .gap_stream = "exchange.gap",
                                          .options = "stream=NAME, form=binance|engine",
                                          .path = "/stream",
                                          .normaliser = &exchange_normaliser,
                                          .size = sizeof(struct exchange),
                                          .ping_ms = 20000,
                                          .silent_ms = 60000,
                                          .pressing = true,
                                          .option = option,
                                          .ready = ready,
                                          .begin = begin,
                                          .tick = tick,
                                          .take = take,
                                          .fini = fini};

static int open_exchange(const struct source_host *host, const char *argument, const char *options,
                         struct source **source, char error[SOURCE_ERROR_MAX])
{
    return upstream_open(&kind, host, argument, options, source, error);
}

const struct source_kind exchange_source = {.name = "exchange", .open = open_exchange};
