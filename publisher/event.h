/* event.h - one thing that happened, on its way from a source to Redis. */
#ifndef PUBLISHER_EVENT_H
#define PUBLISHER_EVENT_H

#include <stdbool.h>
#include <stddef.h>

/* All spans are borrowed for the call they are passed in. The data is JSON that somebody has
 * checked already; the stream's name and the tag are judged by publisher_event(). */
struct event {
    const char *stream;
    size_t stream_len;
    const char *tag; /* names the event itself, e.g. a trade id; NULL: none */
    size_t tag_len;
    const char *data;
    size_t data_len;
    bool keep_last; /* Redis keeps the stream's newest message for readers who come late */
};

typedef void event_fn(void *ctx, const struct event *event);

#endif
