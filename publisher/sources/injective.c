/* injective.c - the normaliser for an Injective node's chain stream, subscribed to everything.
 *
 *   {"jsonrpc":"2.0","id":1,"result":{"block_height":"7",...}}   a block: see injective_types.h
 *   {"jsonrpc":"2.0","id":1,"result":"success"}                  the answer to a request: no event
 *   {"jsonrpc":"2.0","id":1,"error":{"code":1,...}}              the stream broke: injective.gap
 *
 * A block becomes one event for each stream that an event of it belongs to, and one for
 * injective.block, which comes last: whoever has that one has had the whole block. All are tagged
 * with the height. Events are passed on word for word.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/injective_types.h"
#include "common/text.h"
#include "publisher/sources/gap.h"
#include "publisher/sources/normaliser.h"

/* An event that belongs to a stream by one of its values. */
struct place {
    char stream[STREAM_NAME_MAX + 1];
    struct json_value event;
    size_t at; /* in the message: equal streams keep this order */
};

struct block {
    struct json_value result;
    struct json_value height, time, gas_price;
    struct json_value events[INJECTIVE_TYPES]; /* by type; absent and null are none */
    long counts[INJECTIVE_TYPES];
    const char *tag;
    size_t tag_len;
    struct text data;     /* reserved once for the largest there can be: never fails after that */
    char *decoded;        /* room for any string of the message without its escapes */
    struct place *sorted; /* room for the events of the type that has most */
    event_fn *emit;
    void *ctx;
};

/* Where an event goes, and what becomes of it there. */
struct target {
    const char *stream;
    size_t len;
    enum event_history history;
    enum event_block block;
};

/* ---- what a block must be -------------------------------------------------------------------- */

/* A number of a block, in text: digits between quotes, as the node writes 64-bit integers. */
static bool is_number(struct json_value value)
{
    const char *at;
    size_t len;

    if (!json_string_plain(value, &at, &len) || len == 0 || len > INJECTIVE_HEIGHT_MAX)
        return false;
    return strspn(at, "0123456789") == len;
}

/* Absent and null are empty lists. -1: not a list of objects. */
static long count_events(struct json_value events)
{
    struct json_iter it = json_iter(events, JSON_STRICT);
    long n = 0;

    if (events.kind == JSON_NONE || events.kind == JSON_NULL)
        return 0;
    if (events.kind != JSON_ARRAY)
        return -1;
    for (; json_next(&it); n++)
        if (it.value.kind != JSON_OBJECT)
            return -1;
    return n;
}

static int refuse(const char *reason, const char **why)
{
    *why = reason;
    return -EBADMSG;
}

static void read_members(struct block *b)
{
    struct json_field fields[INJECTIVE_TYPES + 3] = {
        {"block_height", &b->height}, {"block_time", &b->time}, {"gas_price", &b->gas_price}};

    for (size_t i = 0; i < INJECTIVE_TYPES; i++)
        fields[3 + i] = (struct json_field){injective_types[i].event, &b->events[i]};
    json_members(b->result, fields, INJECTIVE_TYPES + 3, JSON_STRICT);
}

/* *most: the events of the type that has most. */
static int check(struct block *b, size_t *most, const char **why)
{
    *most = 0;
    read_members(b);
    if (!is_number(b->height) || !is_number(b->time))
        return refuse("message: block_height and block_time are not both digits in quotes", why);
    if (b->gas_price.kind != JSON_STRING && b->gas_price.kind != JSON_NONE)
        return refuse("message: gas_price is no text", why);
    for (size_t i = 0; i < INJECTIVE_TYPES; i++) {
        b->counts[i] = count_events(b->events[i]);
        if (b->counts[i] < 0)
            return refuse("message: a member for events is no list of objects", why);
        if ((size_t)b->counts[i] > *most)
            *most = (size_t)b->counts[i];
    }
    return 0;
}

/* ---- its events ------------------------------------------------------------------------------ */

static void begin(struct block *b)
{
    b->data.len = 0;
    text_add_bytes(&b->data, "{\"block_height\":", 16);
    text_add_bytes(&b->data, b->height.at, b->height.len);
    text_add_bytes(&b->data, ",\"block_time\":", 14);
    text_add_bytes(&b->data, b->time.at, b->time.len);
}

static void begin_events(struct block *b, const struct injective_type *type)
{
    begin(b);
    text_add_bytes(&b->data, ",\"", 2);
    text_add_bytes(&b->data, type->event, strlen(type->event));
    text_add_bytes(&b->data, "\":", 2);
}

static void end(struct block *b, struct target to)
{
    struct event event = {.stream = to.stream,
                          .stream_len = to.len,
                          .tag = b->tag,
                          .tag_len = b->tag_len,
                          .history = to.history,
                          .block = to.block};

    text_add_bytes(&b->data, "}", 1);
    event.data = b->data.at;
    event.data_len = b->data.len;
    if (to.block == EVENT_BLOCK_END)
        normaliser_take_time(&event, b->time, 1000);
    b->emit(b->ctx, &event);
}

static void emit_all(struct block *b, const struct injective_type *type, struct json_value events)
{
    char name[STREAM_NAME_MAX + 1];
    size_t len = injective_stream(name, type, NULL, NULL, 0);

    begin_events(b, type);
    text_add_bytes(&b->data, events.at, events.len);
    end(b, (struct target){name, len, EVENT_HISTORY_STREAM, EVENT_BLOCK_PART});
}

static int by_stream(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    int order = strcmp(x->stream, y->stream);

    return order ? order : (x->at > y->at) - (x->at < y->at);
}

/* Events without the value belong to no stream of that kind: the node leaves empty texts out. */
static size_t sort_events(struct block *b, const struct injective_type *type,
                          const struct injective_key *key, struct json_value events)
{
    struct json_iter it = json_iter(events, JSON_STRICT);
    size_t n = 0;

    while (json_next(&it)) {
        struct json_value value = injective_value(it.value, key);
        int len = json_decode(value, b->decoded, value.len);
        if (len < 0)
            continue;
        struct place *place = &b->sorted[n];
        injective_stream(place->stream, type, key, b->decoded, (size_t)len);
        place->event = it.value;
        place->at = n++;
    }
    qsort(b->sorted, n, sizeof *b->sorted, by_stream);
    return n;
}

static enum event_history history_by(const struct injective_key *key)
{
    return strcmp(key->kind, "account") == 0 || strcmp(key->kind, "subaccount") == 0
               ? EVENT_HISTORY_ENTITY
               : EVENT_HISTORY_STREAM;
}

static void emit_by(struct block *b, const struct injective_type *type,
                    const struct injective_key *key, struct json_value events)
{
    size_t n = sort_events(b, type, key, events);

    for (size_t i = 0; i < n;) {
        const char *stream = b->sorted[i].stream;
        char before = '[';
        begin_events(b, type);
        for (; i < n && strcmp(b->sorted[i].stream, stream) == 0; i++) {
            text_add_bytes(&b->data, &before, 1);
            text_add_bytes(&b->data, b->sorted[i].event.at, b->sorted[i].event.len);
            before = ',';
        }
        text_add_bytes(&b->data, "]", 1);
        end(b, (struct target){stream, strlen(stream), history_by(key), EVENT_BLOCK_PART});
    }
}

static void emit_end(struct block *b)
{
    begin(b);
    if (b->gas_price.kind == JSON_STRING) {
        text_add_bytes(&b->data, ",\"gas_price\":", 13);
        text_add_bytes(&b->data, b->gas_price.at, b->gas_price.len);
    }
    end(b, (struct target){INJECTIVE_BLOCK_STREAM, strlen(INJECTIVE_BLOCK_STREAM),
                           EVENT_HISTORY_STREAM, EVENT_BLOCK_END});
}

static void emit_block(struct block *b)
{
    for (size_t i = 0; i < INJECTIVE_TYPES; i++) {
        const struct injective_type *type = &injective_types[i];
        if (b->counts[i] == 0)
            continue;
        emit_all(b, type, b->events[i]);
        for (unsigned k = 0; k < type->n_keys; k++)
            emit_by(b, type, &type->keys[k], b->events[i]);
    }
    emit_end(b);
}

static int reserve(struct block *b, size_t events)
{
    const struct injective_type *longest = &injective_types[INJECTIVE_TYPES - 1];
    size_t room = b->result.len + 100 + strlen(longest->event); /* and what stands around them */

    b->data.at = malloc(room);
    b->data.cap = room;
    b->decoded = malloc(b->result.len);
    b->sorted = malloc((events + 1) * sizeof *b->sorted);
    return b->data.at && b->decoded && b->sorted ? 0 : -ENOMEM;
}

static int normalise_block(struct json_value result, event_fn *emit, void *ctx, const char **why)
{
    struct block b = {.result = result, .emit = emit, .ctx = ctx};
    size_t most;
    int err = check(&b, &most, why);

    if (err)
        return err;
    json_string_plain(b.height, &b.tag, &b.tag_len);
    if (reserve(&b, most) == 0)
        emit_block(&b);
    else
        err = refuse("out of memory", why);
    text_free(&b.data);
    free(b.decoded);
    free(b.sorted);
    return err;
}

/* ---- everything else that a node sends ------------------------------------------------------- */

static int normalise_error(struct json_value error, event_fn *emit, void *ctx, const char **why)
{
    int64_t code;

    if (json_int64(json_member(error, "code", JSON_STRICT), &code) < 0 || code != 1)
        return refuse("message: the node refused a request", why);
    gap_emit(&(struct gap){.reason = "stream error", GAP_NO_BLOCKS}, INJECTIVE_GAP_STREAM, emit,
             ctx);
    return 0;
}

static int normalise(struct json_value message, event_fn *emit, void *ctx, const char **why)
{
    struct json_value result = json_member(message, "result", JSON_STRICT);

    if (json_string_is(result, "success"))
        return 0;
    if (result.kind == JSON_OBJECT)
        return normalise_block(result, emit, ctx, why);
    struct json_value error = json_member(message, "error", JSON_STRICT);
    if (error.kind == JSON_OBJECT)
        return normalise_error(error, emit, ctx, why);
    return refuse("message: neither a result nor an error", why);
}

const struct normaliser injective_normaliser = {.name = "injective", .normalise = normalise};
