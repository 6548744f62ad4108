/* zilliqa_upstream.c - a client of Zilliqa's WebSocket server.
 *
 *   zilliqa=ws://NODE:4401[,address=0x... ...][,wallet=0x... ...][,renew=S]
 *
 * Asks for every block, for the events at the contracts named (address) and the transactions of the
 * addresses named (wallet), and for those that have listeners: see zilliqa_wishes.h. Answers come
 * in the order of the requests and carry no id: success is the request itself, an error a bare
 * text.
 *
 * Blocks are told by BlockNum: one that was had is passed over, one that was left out is a gap,
 * since this server keeps none.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "publisher/sources/heights.h"
#include "publisher/sources/upstream.h"
#include "publisher/sources/zilliqa_wishes.h"

enum { RENEW_MS = 60000 };

struct zilliqa {
    struct upstream upstream;
    struct zilliqa_wishes wishes;
    struct heights heights;
    bool had_block; /* on this connection */
    uint64_t up_ms, renew_ms;
};

static void on_request(void *ctx, const char *text, size_t len)
{
    upstream_send(ctx, text, len);
}

static void begin(struct upstream *u)
{
    struct zilliqa *z = (struct zilliqa *)u;

    z->up_ms = uv_now(u->source.host->loop);
    z->had_block = false;
    zilliqa_wishes_begin(&z->wishes, z->up_ms);
}

static void lost(struct upstream *u)
{
    zilliqa_wishes_lost(&((struct zilliqa *)u)->wishes);
}

/* The server has no way to take back an address but the end of the connection; right after a block
 * nothing is lost by that. */
static void tick(struct upstream *u, uint64_t now_ms)
{
    struct zilliqa *z = (struct zilliqa *)u;

    zilliqa_wishes_tick(&z->wishes, now_ms);
    if (z->had_block && now_ms - z->up_ms >= z->renew_ms && zilliqa_wishes_outgrown(&z->wishes))
        upstream_drop(u, "connecting anew, to ask for fewer addresses");
}

/* ---- what the server sends ------------------------------------------------------------------- */

static bool read_number(struct json_value value, uint64_t *number)
{
    const char *at;
    size_t len;

    return json_string_plain(value, &at, &len) && len > 0 &&
           json_uint64((struct json_value){at, len, JSON_NUMBER}, number) == 0;
}

static bool take_block(struct zilliqa *z, struct json_value new_block)
{
    struct upstream *u = &z->upstream;
    struct json_value block = json_member(new_block, "TxBlock", JSON_STRICT);
    struct json_value header = json_member(block, "header", JSON_STRICT);
    uint64_t newest = z->heights.last, height, time;

    if (!read_number(json_member(header, "BlockNum", JSON_STRICT), &height) ||
        !read_number(json_member(header, "Timestamp", JSON_STRICT), &time))
        return true; /* the normaliser judges */
    z->had_block = true;
    switch (heights_take(&z->heights, height, time)) {
    case HEIGHT_NEXT: return true;
    case HEIGHT_HOLE: upstream_gap(u, newest + 1, height - 1); return true;
    case HEIGHT_ANEW: u->source.host->again(u->source.host->ctx, &u->source); return true;
    case HEIGHT_REPEAT: u->source.status.repeats++; return false;
    }
    return true;
}

static bool take_notification(struct zilliqa *z, struct json_value values)
{
    for (struct json_iter it = json_iter(values, JSON_STRICT); json_next(&it);)
        if (json_string_is(json_member(it.value, "query", JSON_STRICT), "NewBlock"))
            return take_block(z, json_member(it.value, "value", JSON_STRICT));
    return true;
}

static void on_error(struct zilliqa *z, const char *text, size_t len)
{
    const char *request =
        zilliqa_wishes_answer(&z->wishes, text, len, uv_now(z->upstream.source.host->loop));

    if (request)
        upstream_refused(&z->upstream, request, text, len);
}

/* Some servers wrap their errors in JSON. */
static bool take(struct upstream *u, struct json_value message)
{
    struct zilliqa *z = (struct zilliqa *)u;
    struct json_value error = json_member(message, "error", JSON_STRICT), values;
    const char *text;
    size_t len;

    if (json_member(message, "query", JSON_STRICT).kind == JSON_STRING) {
        zilliqa_wishes_answer(&z->wishes, NULL, 0, uv_now(u->source.host->loop));
        return false;
    }
    if (json_string_is(json_member(message, "type", JSON_STRICT), "Error") &&
        json_string_plain(error, &text, &len)) {
        on_error(z, text, len);
        return false;
    }
    values = json_member(message, "values", JSON_STRICT);
    return values.kind != JSON_ARRAY || take_notification(z, values);
}

static bool plain(struct upstream *u, const char *text, size_t len)
{
    on_error((struct zilliqa *)u, text, len);
    return true;
}

/* ---- options --------------------------------------------------------------------------------- */

static int option(struct upstream *u, const char *name, const char *value,
                  char error[SOURCE_ERROR_MAX])
{
    struct zilliqa *z = (struct zilliqa *)u;
    bool events = strcmp(name, "address") == 0;
    struct zilliqa_address address;
    const char *hex = value && strncmp(value, "0x", 2) == 0 ? value + 2 : value;

    if (strcmp(name, "renew") == 0)
        return upstream_seconds(name, value, &z->renew_ms, error);
    if (!events && strcmp(name, "wallet") != 0)
        return -ENOENT;
    if (!hex || !zilliqa_address_read(hex, strlen(hex), &address)) {
        snprintf(error, SOURCE_ERROR_MAX, "%s '%.60s': 0x and 40 hexadecimal digits", name,
                 value ? value : "");
        return -EINVAL;
    }
    return zilliqa_wishes_add(&z->wishes, events ? ZILLIQA_EVENTS : ZILLIQA_TRANSACTIONS, &address);
}

static int make(struct upstream *u, char error[SOURCE_ERROR_MAX])
{
    struct zilliqa *z = (struct zilliqa *)u;

    (void)error;
    z->renew_ms = RENEW_MS;
    return zilliqa_wishes_init(&z->wishes, u->source.host->demand, on_request, u);
}

static void start(struct upstream *u)
{
    zilliqa_wishes_start(&((struct zilliqa *)u)->wishes);
}

static void fini(struct upstream *u)
{
    zilliqa_wishes_fini(&((struct zilliqa *)u)->wishes);
}

static const struct upstream_kind kind = {.name = "zilliqa",
                                          .gap_stream = "zilliqa.gap",
                                          .options = "address=0x..., wallet=0x..., renew=S",
                                          .path = "/",
                                          .normaliser = &zilliqa_normaliser,
                                          .size = sizeof(struct zilliqa),
                                          .ping_ms = 20000,
                                          .silent_ms = 60000,
                                          .stale_ms = 300000,
                                          .numbered = true,
                                          .make = make,
                                          .option = option,
                                          .start = start,
                                          .begin = begin,
                                          .tick = tick,
                                          .lost = lost,
                                          .take = take,
                                          .plain = plain,
                                          .fini = fini};

static int open_zilliqa(const struct source_host *host, const char *argument, const char *options,
                        struct source **source, char error[SOURCE_ERROR_MAX])
{
    return upstream_open(&kind, host, argument, options, source, error);
}

const struct source_kind zilliqa_source = {.name = "zilliqa", .open = open_zilliqa};
