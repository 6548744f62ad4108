/* chain_order.c - see chain_order.h. */
#include "gateway/chain_order.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/hub.h"

struct ordered {
    struct stream *stream; /* NULL: forgotten */
    struct message m;      /* borrows from bytes */
    char *bytes;
    uint64_t height;
    size_t arrival;
    struct gap gap;
    bool has_gap, late, is_end;
};

struct chain_order *chain_order_of(struct chain_order *chains, size_t n, const char *stream,
                                   size_t len)
{
    for (size_t i = 0; i < n; i++) {
        size_t own = strlen(chains[i].name);
        if (len > own && stream[own] == '.' && memcmp(stream, chains[i].name, own) == 0)
            return &chains[i];
    }
    return NULL;
}

bool chain_order_is_end(const struct chain_order *chain, const struct stream *stream)
{
    return strcmp(stream->name, chain->end) == 0;
}

/* The tag of a chain's message is its block's height. 0: it has none. */
static uint64_t height_of(const struct message *m)
{
    uint64_t height = 0;

    for (size_t i = 0; i < m->tag_len; i++) {
        if (m->tag[i] < '0' || m->tag[i] > '9' || height > UINT64_MAX / 10 - 1)
            return 0;
        height = height * 10 + (uint64_t)(m->tag[i] - '0');
    }
    return height;
}

static bool copy(struct ordered *o, const struct message *m)
{
    o->bytes = malloc(m->tag_len + m->data_len);
    if (!o->bytes)
        return false;
    memcpy(o->bytes, m->data, m->data_len);
    o->m = *m;
    o->m.data = o->bytes;
    if (m->tag) {
        memcpy(o->bytes + m->data_len, m->tag, m->tag_len);
        o->m.tag = o->bytes + m->data_len;
    }
    return true;
}

static int reserve(struct chain_order *chain)
{
    if (chain->n < chain->cap)
        return 0;
    size_t cap = chain->cap ? chain->cap * 2 : 64;
    struct ordered *bigger = realloc(chain->list, cap * sizeof *bigger);
    if (!bigger)
        return -ENOMEM;
    chain->list = bigger;
    chain->cap = cap;
    return 0;
}

int chain_order_add(struct chain_order *chain, struct stream *stream, const struct message *m,
                    const struct gap *gap, bool late)
{
    if (chain->n >= CHAIN_ORDERED_MAX || chain->bytes + m->data_len > CHAIN_ORDERED_BYTES_MAX)
        return -ENOSPC;
    if (reserve(chain) < 0)
        return -ENOMEM;
    struct ordered *o = &chain->list[chain->n];
    *o = (struct ordered){.stream = stream,
                          .height = height_of(m),
                          .arrival = chain->n,
                          .has_gap = gap != NULL,
                          .late = late,
                          .is_end = chain_order_is_end(chain, stream)};
    if (gap)
        o->gap = *gap;
    if (!copy(o, m))
        return -ENOMEM;
    chain->n++;
    chain->bytes += m->data_len;
    return 0;
}

void chain_order_forget(struct chain_order *chain, const struct stream *stream)
{
    for (size_t i = 0; i < chain->n; i++)
        if (chain->list[i].stream == stream)
            chain->list[i].stream = NULL;
}

static int compare(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int in_order(const void *a, const void *b)
{
    const struct ordered *x = a, *y = b;
    int order = compare(x->m.epoch, y->m.epoch);

    order = order ? order : compare(x->height, y->height);
    order = order ? order : x->is_end - y->is_end;
    return order ? order : compare(x->arrival, y->arrival);
}

void chain_order_release(struct chain_order *chain, chain_order_fn *fn, void *ctx)
{
    if (chain->n > 1)
        qsort(chain->list, chain->n, sizeof *chain->list, in_order);
    for (size_t i = 0; i < chain->n; i++) {
        const struct ordered *o = &chain->list[i];
        if (o->stream)
            fn(ctx, o->stream, &o->m, o->has_gap ? &o->gap : NULL, o->late);
    }
    chain_order_clear(chain);
}

void chain_order_clear(struct chain_order *chain)
{
    for (size_t i = 0; i < chain->n; i++)
        free(chain->list[i].bytes);
    free(chain->list);
    chain->list = NULL;
    chain->n = chain->cap = chain->bytes = 0;
}
