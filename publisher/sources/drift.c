/* drift.c - the normaliser for Drift's order-book server.
 *
 *   {"channel":"trades_perp_0","data":"{\"ts\":…}"}   one event: the channel is the stream
 *   {"channel":"heartbeat"}                           no event
 *   {"message":"Subscribe received for …"}            the answer to a request of ours: no event
 *   {"error":"…"}, with or without a channel          bad
 *
 * The data is a text holding JSON; it is published as that JSON. Order books keep their last value
 * and no history: each is whole, and the newest is all that anybody needs. One with grouping 1 is
 * published without grouping too: that is the name older clients ask for, and the server that sends
 * it gives no other. A trade is tagged with its fillRecordId.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/stream_name.h"
#include "publisher/sources/normaliser.h"

static const char finest[] = "_grouped_1";

static bool begins(const struct event *event, const char *start)
{
    size_t len = strlen(start);

    return event->stream_len > len && memcmp(event->stream, start, len) == 0;
}

static bool ends(const struct event *event, const char *end)
{
    size_t len = strlen(end);

    return event->stream_len > len &&
           memcmp(event->stream + event->stream_len - len, end, len) == 0;
}

static void hand_over(struct event *event, struct json_value data, event_fn *emit, void *ctx)
{
    event->data = data.at;
    event->data_len = data.len;
    event->keep_last = begins(event, "orderbook_");
    normaliser_take_time(event, json_member(data, "ts", JSON_STRICT), event->keep_last ? 1000 : 1);
    event->history = event->keep_last ? EVENT_HISTORY_NONE : EVENT_HISTORY_STREAM;
    if (begins(event, "trades_"))
        normaliser_take_tag(event, json_member(data, "fillRecordId", JSON_STRICT));
    emit(ctx, event);
    if (!event->keep_last || !ends(event, finest))
        return;
    event->stream_len -= sizeof finest - 1;
    emit(ctx, event);
}

/* The JSON inside the text. */
static int unpack(struct json_value text, struct event *event, event_fn *emit, void *ctx,
                  const char **why)
{
    struct json_value data;
    char *buf = malloc(text.len);
    int len = buf ? json_decode(text, buf, text.len) : -ENOMEM;
    int err = len < 0 ? len : json_check(buf, (size_t)len, JSON_STRICT, &data, NULL);

    *why = len < 0 ? "message: out of memory" : "message: its data is no JSON";
    if (!err)
        hand_over(event, data, emit, ctx);
    free(buf);
    return err ? -EBADMSG : 0;
}

static int normalise(struct json_value message, event_fn *emit, void *ctx, const char **why)
{
    struct json_value channel = json_member(message, "channel", JSON_STRICT);
    struct json_value data = json_member(message, "data", JSON_STRICT);
    struct event event = {0};

    *why = "message: the server reports an error";
    if (json_member(message, "error", JSON_STRICT).kind != JSON_NONE)
        return -EBADMSG;
    if (json_string_is(channel, "heartbeat") ||
        json_member(message, "message", JSON_STRICT).kind == JSON_STRING)
        return 0;
    *why = "message: neither {\"channel\":...,\"data\":...} nor an answer or a heartbeat";
    if (channel.kind != JSON_STRING || data.kind == JSON_NONE)
        return -EBADMSG;
    *why = "message: no stream may have that name";
    if (!json_string_plain(channel, &event.stream, &event.stream_len) ||
        !stream_name_valid(event.stream, event.stream_len))
        return -EBADMSG;
    if (data.kind == JSON_STRING)
        return unpack(data, &event, emit, ctx, why);
    *why = "message: its data is neither a text nor an object";
    if (data.kind != JSON_OBJECT && data.kind != JSON_ARRAY)
        return -EBADMSG;
    hand_over(&event, data, emit, ctx);
    return 0;
}

const struct normaliser drift_normaliser = {.name = "drift", .normalise = normalise};
