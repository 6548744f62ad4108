/* chain_order.h - the messages of one block chain's streams, put back into the order of its blocks.
 *
 * A chain's streams travel one ordered path: the parts of a block, then its end. When some of them
 * must be read from their histories, each comes at its own time. So while any of a chain's streams
 * is behind, the messages of all of them are collected here, and go out sorted by epoch and height
 * (the message's tag), a block's end after its parts.
 */
#ifndef GATEWAY_CHAIN_ORDER_H
#define GATEWAY_CHAIN_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/continuity.h"

struct ordered;
struct stream;

enum {
    CHAIN_ORDERED_MAX = 262144,         /* messages collected */
    CHAIN_ORDERED_BYTES_MAX = 64 << 20, /* their bytes */
};

struct chain_order {
    const char *name;     /* of the chain, followed by '.' in its streams' names */
    const char *end;      /* the stream with the ends of blocks */
    unsigned behind;      /* streams that are; kept by reader.c */
    bool holding;         /* messages are collected here; kept by reader.c */
    bool doubtful;        /* nobody can say whether the blocks at hand are whole; likewise */
    struct ordered *list; /* in the order in which they came */
    size_t n, cap, bytes;
};

/* Which of the n chains the stream is of; NULL: none of them. */
struct chain_order *chain_order_of(struct chain_order *chains, size_t n, const char *stream,
                                   size_t len);
bool chain_order_is_end(const struct chain_order *chain, const struct stream *stream);

/* Collect one, copied. gap: before it; NULL: none. 0; -ENOSPC; -ENOMEM. */
int chain_order_add(struct chain_order *chain, struct stream *stream, const struct message *m,
                    const struct gap *gap, bool late);

/* The stream goes: so does what it had. */
void chain_order_forget(struct chain_order *chain, const struct stream *stream);

typedef void chain_order_fn(void *ctx, struct stream *stream, const struct message *m,
                            const struct gap *gap, bool late);

/* Hand out everything collected, in order. fn must not come back here. */
void chain_order_release(struct chain_order *chain, chain_order_fn *fn, void *ctx);

void chain_order_clear(struct chain_order *chain);

#endif
