/* injective_update.c - what members get of a whole block.
 *
 * The document: "Each response contains updates for a single block. Only fields matching your
 * subscription filters contain data." It shows every field and a gas price without a fraction, so
 * that is what `doc` gives. `node` leaves out a field that a filter was given for and nothing
 * matched, as the server does. In one case the server has an empty list there: two lists given,
 * each matched by some event, no event by both. Here the field is left out then, too: what the list
 * that is not listened to would match never gets here.
 *
 *   head  {"jsonrpc":"2.0","id":7,"result":     once for each id that members have
 *   body  {"block_height":...}                  once
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/client.h"
#include "gateway/dialects/injective_view.h"
#include "gateway/gateway_settings.h"

enum {
    RECENT_FRAMES = 16,      /* of different ids, while one block is told */
    KEEP_BYTES = 256 * 1024, /* of a body: one large block must not cost its memory for ever */
};

/* ---- the body -------------------------------------------------------------------------------- */

static void add_literal(struct text *body, const char *literal)
{
    text_add_bytes(body, literal, strlen(literal));
}

/* 64-bit integers are texts in this protocol, whatever a publisher made of them. */
static void add_number(struct text *body, struct json_value number)
{
    const char *quote = number.kind == JSON_NUMBER ? "\"" : "";

    add_literal(body, quote);
    text_add_bytes(body, number.at, number.len);
    add_literal(body, quote);
}

/* The server writes 18 decimals, the document none: there a fraction of nothing goes. */
static void add_gas_price(struct text *body, struct json_value price, enum profile profile)
{
    if (price.kind == JSON_NONE && profile == PROFILE_NODE)
        return;
    add_literal(body, ",\"gas_price\":");
    if (price.kind == JSON_NONE) {
        add_literal(body, "\"\"");
        return;
    }
    const char *dot = memchr(price.at, '.', price.len);
    size_t digits = dot ? (size_t)(price.at + price.len - 1 - dot) : 0; /* the dot among them */
    if (profile == PROFILE_DOC && dot && dot > price.at + 1 && strspn(dot + 1, "0") == digits - 1) {
        text_add_bytes(body, price.at, (size_t)(dot - price.at));
        add_literal(body, "\"");
    } else {
        text_add_bytes(body, price.at, price.len);
    }
}

/* Parts by place; those of one place in the order in which they came. */
static int by_number(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static int sort_parts(struct injective_view_state *s)
{
    struct injective_shared *shared = s->shared;
    size_t n = s->blocks.n_parts;

    if (n > shared->order_cap) {
        uint64_t *bigger = realloc(shared->order, n * sizeof *bigger);
        if (!bigger)
            return -ENOMEM;
        shared->order = bigger;
        shared->order_cap = n;
    }
    for (size_t i = 0; i < n; i++)
        shared->order[i] = (uint64_t)s->blocks.parts[i].kind << 32 | i;
    if (n > 0)
        qsort(shared->order, n, sizeof *shared->order, by_number);
    return 0;
}

/* The first of the sorted parts whose place is not less. */
static size_t first_part(const struct injective_view_state *s, uint32_t place)
{
    size_t low = 0, high = s->blocks.n_parts;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (s->shared->order[middle] >> 32 < place)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Append the events of places from <= place < to; *any is whether there are some so far. */
static void add_places(struct injective_view_state *s, uint32_t from, uint32_t to, bool *any)
{
    struct text *body = &s->shared->body;

    for (size_t i = first_part(s, from); i < s->blocks.n_parts; i++) {
        if (s->shared->order[i] >> 32 >= to)
            return;
        const struct blocks_part *part = &s->blocks.parts[(uint32_t)s->shared->order[i]];
        if (part->len == 0)
            continue;
        if (*any)
            add_literal(body, ",");
        text_add_bytes(body, s->blocks.bytes + part->at, part->len);
        *any = true;
    }
}

static void add_events(struct injective_view_state *s, size_t type)
{
    struct text *body = &s->shared->body;
    size_t before = body->len;
    uint32_t from = s->first_place[type], to = s->first_place[type + 1];
    bool any = false;

    add_literal(body, ",\"");
    add_literal(body, injective_types[type].event);
    add_literal(body, "\":[");
    if (s->first_told[type + 1] - s->first_told[type] == to - from)
        add_places(s, from, to, &any);
    else /* a value that is named twice is told twice, as by the server */
        for (uint32_t i = s->first_told[type]; i < s->first_told[type + 1]; i++)
            add_places(s, s->told[i], s->told[i] + 1, &any);
    add_literal(body, "]");
    bool shown =
        any || s->filter->profile == PROFILE_DOC || s->filter->types[type].match == FILTER_ABSENT;
    if (!shown && !body->failed)
        body->len = before;
}

static int build_body(struct injective_view_state *s)
{
    const struct injective_message *end = &s->shared->message;
    struct text *body = &s->shared->body;

    if (sort_parts(s) < 0)
        return -ENOMEM;
    if (body->cap > KEEP_BYTES || body->failed)
        text_free(body);
    body->len = 0;
    add_literal(body, "{\"block_height\":");
    add_number(body, end->height_text);
    add_literal(body, ",\"block_time\":");
    add_number(body, end->time);
    for (size_t i = 0; i < INJECTIVE_TYPES; i++) {
        if (i == INJECTIVE_GAS_PRICE_AT)
            add_gas_price(body, end->gas_price, s->filter->profile);
        add_events(s, i);
    }
    add_literal(body, "}}"); /* the result's, and the update's own */
    return body->failed ? -ENOMEM : 0;
}

/* ---- telling it ------------------------------------------------------------------------------ */

struct recent {
    int64_t id;
    struct frame *frame; /* NULL: none yet */
};

static struct frame *frame_for(struct recent recent[RECENT_FRAMES], int64_t id,
                               const struct text *body)
{
    struct recent *r = &recent[(uint64_t)id % RECENT_FRAMES];
    char head[64];

    if (r->frame && r->id == id)
        return r->frame;
    int len =
        snprintf(head, sizeof head, "{\"jsonrpc\":\"2.0\",\"id\":%" PRId64 ",\"result\":", id);
    const struct span parts[] = {{head, (size_t)len}, {body->at, body->len}};
    frame_unref(&r->frame);
    r->frame = frame_new(WS_TEXT, parts, 2);
    r->id = id;
    return r->frame;
}

/* What one block may be for one client in all its subscriptions: what may wait for it anyway, and
 * one block of the largest kind. Beyond that, ids of its choosing would be our memory. */
static void account(struct injective_view_state *s, struct client *c, size_t bytes)
{
    struct injective_client *ic = c->dialect_state;
    uint64_t height = s->shared->message.height;

    if (ic->block_height != height)
        ic->block_bytes = 0;
    ic->block_height = height;
    ic->block_bytes += bytes;
    if (ic->n_subscriptions > 1 &&
        ic->block_bytes > s->settings->queue_bytes + s->settings->injective_max_block)
        client_close(c, CLOSE_slow_reader);
}

static void tell(struct injective_view_state *s, const struct place_of_member *place,
                 struct recent recent[RECENT_FRAMES])
{
    const struct injective_subscription *sub = place->member->own;

    for (; sub; sub = sub->next) {
        struct frame *frame = frame_for(recent, sub->id, &s->shared->body);
        if (!frame) {
            client_close(place->client, CLOSE_no_memory);
            return;
        }
        client_deliver(place->client, frame);
        account(s, place->client, frame->len);
    }
}

int injective_update(struct injective_view_state *s)
{
    struct recent recent[RECENT_FRAMES] = {0};
    int err = build_body(s);

    for (uint32_t i = 0; !err && i < s->view->n_members; i++)
        tell(s, &s->view->members[i], recent);
    for (size_t i = 0; i < RECENT_FRAMES; i++)
        frame_unref(&recent[i].frame);
    return err;
}
