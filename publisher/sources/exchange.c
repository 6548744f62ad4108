/* exchange.c - the normaliser for an exchange's combined stream.
 *
 *   {"stream":S,"data":D}   one event: stream S, data D word for word
 *   {"result":R,"id":N}     the answer to a request of ours: no event
 *
 * A trade is tagged with its id, so that a repeat is known for one: member t of "trade", member a
 * of "aggTrade". Nothing else has a tag.
 */
#include <errno.h>
#include <string.h>

#include "publisher/sources/normaliser.h"

static void tag_trade(struct json_value data, struct event *event)
{
    struct json_value type = json_member(data, "e", JSON_STRICT);

    if (json_string_is(type, "trade"))
        normaliser_take_tag(event, json_member(data, "t", JSON_STRICT));
    else if (json_string_is(type, "aggTrade"))
        normaliser_take_tag(event, json_member(data, "a", JSON_STRICT));
}

/* Milliseconds as Binance writes them; exchanges that write microseconds have 16 digits. */
static void take_time(struct json_value data, struct event *event)
{
    struct json_value time = json_member(data, "E", JSON_STRICT);

    normaliser_take_time(event, time, time.len < 16 ? 1000 : 1000000);
}

static int normalise(struct json_value message, event_fn *emit, void *ctx, const char **why)
{
    struct json_value stream = json_member(message, "stream", JSON_STRICT);
    struct json_value data = json_member(message, "data", JSON_STRICT);
    struct event event = {.data = data.at, .data_len = data.len, .history = EVENT_HISTORY_STREAM};

    if (stream.kind == JSON_NONE && json_member(message, "result", JSON_STRICT).kind != JSON_NONE &&
        json_member(message, "id", JSON_STRICT).kind != JSON_NONE)
        return 0;
    *why = "message: neither {\"stream\":...,\"data\":...} nor {\"result\":...,\"id\":...}";
    if (stream.kind != JSON_STRING || data.kind == JSON_NONE)
        return -EBADMSG;
    *why = "message: no stream may have that name";
    if (!json_string_plain(stream, &event.stream, &event.stream_len))
        return -EBADMSG; /* no valid name needs an escape */
    tag_trade(data, &event);
    take_time(data, &event);
    emit(ctx, &event);
    return 0;
}

const struct normaliser exchange_normaliser = {.name = "exchange", .normalise = normalise};
