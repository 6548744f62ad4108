/* event.h - one thing that happened, on its way from a source to Redis. */
#ifndef PUBLISHER_EVENT_H
#define PUBLISHER_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What Redis keeps of a stream for readers that missed something: so many messages for so long,
 * as the settings say for each kind. */
enum event_history {
    EVENT_HISTORY_NONE,   /* telemetry, votes, work: nobody asks for what was */
    EVENT_HISTORY_STREAM, /* everything of a type, a market, a symbol */
    EVENT_HISTORY_ENTITY, /* one of very many: an account, a subaccount, an address */
};

/* The events of one block go out whole or not at all. Their tag is its height, in decimal. */
enum event_block {
    EVENT_NO_BLOCK,
    EVENT_BLOCK_PART, /* more of the same block follows in the same call of the source */
    EVENT_BLOCK_END,  /* the block's last: its end-of-block message */
};

/* All spans are borrowed for the call they are passed in. The data is JSON that somebody has
 * checked already; the stream's name and the tag are judged by publisher_event(). */
struct event {
    const char *stream;
    size_t stream_len;
    const char *tag; /* names the event itself, e.g. a trade id; NULL: none */
    size_t tag_len;
    const char *data;
    size_t data_len;
    int64_t time_ms; /* its own time, Unix milliseconds; 0: it has none */
    enum event_history history;
    enum event_block block;
    bool keep_last; /* Redis keeps the stream's newest message for readers who come late */
};

typedef void event_fn(void *ctx, const struct event *event);

#endif
