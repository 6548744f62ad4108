/* zilliqa.c - the normaliser for Zilliqa's WebSocket server.
 *
 *   {"type":"Notification","values":[…]}   one block: for each address what happened there, and
 *                                          then the block itself, which ends it
 *   {"query":…}, "invalid query field"     the answers to requests of ours: no event
 *
 *   zilliqa.EventLog.<address>   {"BlockNum":N,"address":A,"event_logs":[…]}
 *   zilliqa.TxnLog.<address>     {"BlockNum":N,"address":A,"log":[…]}
 *   zilliqa.NewBlock             {"TxBlock":…,"TxHashes":…}
 *
 * Addresses are 40 lower-case hexadecimal digits. One message per block and stream; the tag is the
 * BlockNum. The server tells a transaction to those who follow its receiver, and to those who
 * follow its sender only while nobody anywhere follows the receiver: here it goes to both.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/message.h"
#include "common/text.h"
#include "common/zilliqa_address.h"
#include "publisher/sources/normaliser.h"

/* One thing that happened at an address. */
struct item {
    struct zilliqa_address address;
    struct json_value what;
    struct json_value id; /* of a transaction */
    bool repeat;
};

struct items {
    struct item *list;
    size_t n, cap;
    bool failed;
};

/* A topic whose events are told by address. */
struct topic {
    const char *query, *member;
    void (*take)(struct items *items, const struct zilliqa_address *at, struct json_value what);
};

struct block {
    struct json_value value; /* of NewBlock */
    const char *number;      /* BlockNum: the tag */
    size_t number_len;
};

static struct json_value member(struct json_value object, const char *key)
{
    return json_member(object, key, JSON_STRICT);
}

/* ---- by address ----------------------------------------------------------------------------- */

static bool read_address(struct json_value value, struct zilliqa_address *out)
{
    const char *at;
    size_t len;

    if (!json_string_plain(value, &at, &len))
        return false;
    if (len > 2 && memcmp(at, "0x", 2) == 0) {
        at += 2;
        len -= 2;
    }
    return zilliqa_address_read(at, len, out);
}

static void add(struct items *items, const struct zilliqa_address *address, struct json_value what,
                struct json_value id)
{
    if (items->n == items->cap) {
        size_t cap = items->cap ? items->cap * 2 : 64;
        struct item *bigger = realloc(items->list, cap * sizeof *bigger);
        if (!bigger) {
            items->failed = true;
            return;
        }
        items->list = bigger;
        items->cap = cap;
    }
    items->list[items->n++] = (struct item){.address = *address, .what = what, .id = id};
}

/* What has no name or no parameters is no event of a contract. */
static void take_event(struct items *items, const struct zilliqa_address *at,
                       struct json_value what)
{
    if (member(what, "_eventname").kind == JSON_STRING && member(what, "params").kind == JSON_ARRAY)
        add(items, at, what, (struct json_value){0});
}

static bool same(const struct zilliqa_address *a, const struct zilliqa_address *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static void take_transaction(struct items *items, const struct zilliqa_address *at,
                             struct json_value what)
{
    struct zilliqa_address from, to;
    struct json_value id = member(what, "ID");
    bool has_from = read_address(member(what, "fromAddr"), &from);

    add(items, at, what, id);
    if (has_from && !same(&from, at))
        add(items, &from, what, id);
    if (read_address(member(what, "toAddr"), &to) && !same(&to, at) &&
        !(has_from && same(&to, &from)))
        add(items, &to, what, id);
}

enum { TOPICS = 2 };

static const struct topic topics[TOPICS] = {
    {"EventLog", "event_logs", take_event},
    {"TxnLog", "log", take_transaction},
};

static void take_value(struct items *items, const struct topic *topic, struct json_value value)
{
    struct json_iter elements = json_iter(value, JSON_STRICT);
    struct zilliqa_address address;

    while (json_next(&elements)) {
        if (!read_address(member(elements.value, "address"), &address))
            continue;
        struct json_iter it = json_iter(member(elements.value, topic->member), JSON_STRICT);
        while (json_next(&it))
            topic->take(items, &address, it.value);
    }
}

static int by_address(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    int order = memcmp(&x->address, &y->address, sizeof x->address);

    return order ? order : (x->what.at > y->what.at) - (x->what.at < y->what.at);
}

static int by_id(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    int order = memcmp(&x->address, &y->address, sizeof x->address);
    size_t len = x->id.len < y->id.len ? x->id.len : y->id.len;

    if (order == 0 && x->id.len != y->id.len)
        return x->id.len < y->id.len ? -1 : 1;
    if (order == 0 && len > 0)
        order = memcmp(x->id.at, y->id.at, len);
    return order ? order : by_address(a, b);
}

/* A transaction that the server tells to both of its sides comes twice. */
static void find_repeats(struct items *items)
{
    if (items->n > 1)
        qsort(items->list, items->n, sizeof *items->list, by_id);
    for (size_t i = 1; i < items->n; i++) {
        const struct item *x = &items->list[i - 1];
        struct item *y = &items->list[i];
        y->repeat = y->id.len > 0 && x->id.len == y->id.len && same(&x->address, &y->address) &&
                    memcmp(x->id.at, y->id.at, y->id.len) == 0;
    }
}

/* ---- events --------------------------------------------------------------------------------- */

/* The items from first on that are of one address become one event; returns their end. */
static size_t emit_address(const struct items *items, size_t first, const struct topic *topic,
                           const struct block *block, event_fn *emit, void *ctx)
{
    const struct zilliqa_address *address = &items->list[first].address;
    char hex[ZILLIQA_ADDRESS_HEX];
    struct text stream = {0}, data = {0};
    size_t i = first;

    zilliqa_address_write(address, hex);
    text_add(&stream, "zilliqa.%s.%.*s", topic->query, ZILLIQA_ADDRESS_HEX, hex);
    text_add(&data, "{\"BlockNum\":\"%.*s\",\"address\":\"%.*s\",\"%s\":", (int)block->number_len,
             block->number, ZILLIQA_ADDRESS_HEX, hex, topic->member);
    for (; i < items->n && same(&items->list[i].address, address); i++) {
        if (items->list[i].repeat)
            continue;
        text_add_bytes(&data, i == first ? "[" : ",", 1);
        text_add_bytes(&data, items->list[i].what.at, items->list[i].what.len);
    }
    text_add_bytes(&data, "]}", 2);
    if (!stream.failed && !data.failed)
        emit(ctx, &(struct event){.stream = stream.at,
                                  .stream_len = stream.len,
                                  .tag = block->number,
                                  .tag_len = block->number_len,
                                  .data = data.at,
                                  .data_len = data.len,
                                  .history = EVENT_HISTORY_ENTITY,
                                  .block = EVENT_BLOCK_PART});
    text_free(&stream);
    text_free(&data);
    return i;
}

static void emit_all(struct items *items, const struct block *block, event_fn *emit, void *ctx)
{
    for (size_t t = 0; t < TOPICS; t++) {
        find_repeats(&items[t]);
        if (items[t].n > 1)
            qsort(items[t].list, items[t].n, sizeof *items[t].list, by_address);
        for (size_t i = 0; i < items[t].n;)
            i = emit_address(&items[t], i, &topics[t], block, emit, ctx);
    }
    struct event end = {.stream = "zilliqa.NewBlock",
                        .stream_len = strlen("zilliqa.NewBlock"),
                        .tag = block->number,
                        .tag_len = block->number_len,
                        .data = block->value.at,
                        .data_len = block->value.len,
                        .history = EVENT_HISTORY_STREAM,
                        .block = EVENT_BLOCK_END};
    struct json_value header = member(member(block->value, "TxBlock"), "header");
    normaliser_take_time(&end, member(header, "Timestamp"), 1000000);
    emit(ctx, &end);
}

/* ---- a notification ------------------------------------------------------------------------- */

static bool read_block(struct json_value value, struct block *block)
{
    struct json_value header = member(member(value, "TxBlock"), "header");
    struct json_value number = member(header, "BlockNum");
    uint64_t height;

    block->value = value;
    return json_string_plain(number, &block->number, &block->number_len) && block->number_len > 0 &&
           block->number_len <= MESSAGE_TAG_MAX &&
           json_uint64((struct json_value){block->number, block->number_len, JSON_NUMBER},
                       &height) == 0;
}

static int bad(const char **why, const char *reason)
{
    *why = reason;
    return -EBADMSG;
}

static int read_values(struct json_value values, struct block *block, struct items *items,
                       const char **why)
{
    for (struct json_iter it = json_iter(values, JSON_STRICT); json_next(&it);) {
        struct json_value query = member(it.value, "query"), value = member(it.value, "value");
        if (json_string_is(query, "NewBlock") && !read_block(value, block))
            return bad(why, "message: NewBlock without TxBlock.header.BlockNum");
        for (size_t t = 0; t < TOPICS; t++)
            if (json_string_is(query, topics[t].query))
                take_value(&items[t], &topics[t], value);
    }
    if (items[0].failed || items[1].failed)
        return bad(why, "message: out of memory");
    if (!block->number && (items[0].n > 0 || items[1].n > 0))
        return bad(why, "message: a notification without NewBlock, so of no known block");
    return 0;
}

static int take_notification(struct json_value values, event_fn *emit, void *ctx, const char **why)
{
    struct items items[TOPICS] = {{0}};
    struct block block = {0};
    int err = read_values(values, &block, items, why);

    if (!err && block.number)
        emit_all(items, &block, emit, ctx);
    for (size_t t = 0; t < TOPICS; t++)
        free(items[t].list);
    return err;
}

static bool is_answer(struct json_value message)
{
    return message.kind == JSON_STRING || member(message, "query").kind == JSON_STRING ||
           json_string_is(member(message, "type"), "Error");
}

static int normalise(struct json_value message, event_fn *emit, void *ctx, const char **why)
{
    struct json_value type = member(message, "type"), values = member(message, "values");

    if (is_answer(message))
        return 0;
    if ((!json_string_is(type, "Notification") && !json_string_is(type, "notification")) ||
        values.kind != JSON_ARRAY)
        return bad(why, "message: neither {\"type\":\"Notification\",\"values\":[...]} nor the "
                        "answer to a request");
    return take_notification(values, emit, ctx, why);
}

const struct normaliser zilliqa_normaliser = {.name = "zilliqa", .normalise = normalise};
