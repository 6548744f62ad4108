/* injective_upstream.c - a client of an Injective node's chain stream.
 *
 *   injective=ws://NODE:9998[/injstream-ws][,type=spot_trades ...]
 *
 * One subscription to everything of the types that are wanted (all, without a type). The node sends
 * a message for every block, even an empty one, so a node that sends none is dead, whatever pongs
 * it sends. Blocks are told by height: one that was had is passed over, one that was left out is a
 * gap, since the node keeps none. When the stream breaks on the node's side ("stream error") or the
 * subscription is refused, it is made again after a second.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/injective_types.h"
#include "publisher/sources/heights.h"
#include "publisher/sources/upstream.h"

enum { AGAIN_MS = 1000, STREAM_BROKE = 1 };

struct injective {
    struct upstream upstream;
    bool chosen[INJECTIVE_TYPES], any_chosen;
    struct heights heights;
    unsigned id;       /* of the newest subscription */
    uint64_t again_ms; /* subscribe again at this time of the loop; 0: no need */
};

static void subscribe(struct injective *in)
{
    struct text t = {0};
    const char *before = "";

    in->id++;
    in->again_ms = 0;
    text_add(&t,
             "{\"jsonrpc\":\"2.0\",\"id\":%u,\"method\":\"subscribe\",\"params\":{\"req\":"
             "{\"subscription_id\":\"sluice-%u\",\"filter\":{",
             in->id, in->id);
    for (size_t i = 0; i < INJECTIVE_TYPES; i++) {
        const struct injective_type *type = &injective_types[i];
        if (in->any_chosen && !in->chosen[i])
            continue;
        text_add(&t, "%s\"%s\":{", before, type->filter);
        for (unsigned k = 0; k < type->n_keys; k++)
            text_add(&t, "%s\"%s\":[\"*\"]", k ? "," : "", type->keys[k].param);
        text_add(&t, "}");
        before = ",";
    }
    text_add(&t, "}}}}");
    if (t.failed)
        upstream_drop(&in->upstream, "out of memory");
    else
        upstream_send(&in->upstream, t.at, t.len);
    text_free(&t);
}

static void begin(struct upstream *u)
{
    subscribe((struct injective *)u);
}

static void tick(struct upstream *u, uint64_t now_ms)
{
    struct injective *in = (struct injective *)u;

    if (in->again_ms && now_ms >= in->again_ms)
        subscribe(in);
}

/* ---- what the node sends --------------------------------------------------------------------- */

static void on_error(struct injective *in, struct json_value error)
{
    struct upstream *u = &in->upstream;
    int64_t code = 0;

    json_int64(json_member(error, "code", JSON_STRICT), &code);
    if (code != STREAM_BROKE)
        upstream_refused(u, "subscribe", error.at, error.len);
    if (u->data_ms > 0 && !u->missing) {
        u->missing = true;
        snprintf(u->missing_why, sizeof u->missing_why,
                 code == STREAM_BROKE ? "stream error" : "the subscription was refused");
    }
    in->again_ms = uv_now(u->source.host->loop) + AGAIN_MS;
}

static bool read_number(struct json_value value, uint64_t *number)
{
    const char *at;
    size_t len;

    return json_string_plain(value, &at, &len) && len > 0 &&
           json_uint64((struct json_value){at, len, JSON_NUMBER}, number) == 0;
}

/* What is no block the normaliser refuses. */
static bool take_block(struct injective *in, struct json_value block)
{
    struct upstream *u = &in->upstream;
    uint64_t newest = in->heights.last, height, time;

    if (!read_number(json_member(block, "block_height", JSON_STRICT), &height) ||
        !read_number(json_member(block, "block_time", JSON_STRICT), &time))
        return true;
    switch (heights_take(&in->heights, height, time)) {
    case HEIGHT_NEXT: return true;
    case HEIGHT_HOLE: upstream_gap(u, newest + 1, height - 1); return true;
    case HEIGHT_ANEW: u->source.host->again(u->source.host->ctx, &u->source); return true;
    case HEIGHT_REPEAT: u->source.status.repeats++; return false;
    }
    return true;
}

static bool take(struct upstream *u, struct json_value message)
{
    struct injective *in = (struct injective *)u;
    struct json_value result = json_member(message, "result", JSON_STRICT);
    struct json_value error = json_member(message, "error", JSON_STRICT);

    if (error.kind == JSON_OBJECT) {
        on_error(in, error);
        return false;
    }
    return result.kind == JSON_OBJECT ? take_block(in, result) : !json_string_is(result, "success");
}

/* ---- options --------------------------------------------------------------------------------- */

static int option(struct upstream *u, const char *name, const char *value,
                  char error[SOURCE_ERROR_MAX])
{
    struct injective *in = (struct injective *)u;
    int at = snprintf(error, SOURCE_ERROR_MAX, "type: one of");

    if (strcmp(name, "type") != 0)
        return -ENOENT;
    for (size_t i = 0; i < INJECTIVE_TYPES; i++) {
        at += snprintf(error + at, SOURCE_ERROR_MAX - (size_t)at, " %s", injective_types[i].event);
        if (value && strcmp(value, injective_types[i].event) == 0) {
            in->chosen[i] = in->any_chosen = true;
            return 0;
        }
    }
    return -EINVAL;
}

static const struct upstream_kind kind = {.name = "injective",
                                          .gap_stream = INJECTIVE_GAP_STREAM,
                                          .options = "type=NAME",
                                          .path = "/injstream-ws",
                                          .normaliser = &injective_normaliser,
                                          .size = sizeof(struct injective),
                                          .ping_ms = 10000,
                                          .silent_ms = 30000,
                                          .stale_ms = 30000,
                                          .numbered = true,
                                          .option = option,
                                          .begin = begin,
                                          .tick = tick,
                                          .take = take};

static int open_injective(const struct source_host *host, const char *argument, const char *options,
                          struct source **source, char error[SOURCE_ERROR_MAX])
{
    return upstream_open(&kind, host, argument, options, source, error);
}

const struct source_kind injective_source = {.name = "injective", .open = open_injective};
