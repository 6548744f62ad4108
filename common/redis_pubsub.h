/* redis_pubsub.h - the bytes of a Pub/Sub connection in, messages and notices out.
 *
 * hiredis' reader with reply functions of our own: it parses, and instead of building eight
 * objects a message we note where the three elements are. It touches no socket, so that tests
 * and the fuzzer feed it bytes in odd pieces.
 */
#ifndef COMMON_REDIS_PUBSUB_H
#define COMMON_REDIS_PUBSUB_H

#include <stddef.h>
#include <stdint.h>

/* What is not a message: {"subscribe" | "unsubscribe" | "pong" | ..., channel, count}; an error
 * reply has kind "error" and its text in channel, a status reply kind "status". Spans are valid
 * during the call. */
struct redis_notice {
    const char *kind, *channel;
    size_t kind_len, channel_len;
    int64_t count;
};

struct redis_pubsub_events {
    /* The payload is a span of the reader's buffer, the channel a copy; valid during the call. */
    void (*message)(void *ctx, const char *channel, size_t channel_len, const char *payload,
                    size_t len);
    void (*notice)(void *ctx, const struct redis_notice *notice);
};

struct redis_pubsub; /* opaque */

/* events is borrowed. NULL: out of memory. */
struct redis_pubsub *redis_pubsub_new(const struct redis_pubsub_events *events, void *ctx);
void redis_pubsub_free(struct redis_pubsub **p); /* not from within a callback */

/* 0; -EPROTO when the bytes are no RESP or a reply is not finished within max bytes: the
 * connection is of no more use. Callbacks happen during the call; after redis_pubsub_stop() from
 * within one the rest of the bytes is discarded. */
int redis_pubsub_feed(struct redis_pubsub *p, const char *bytes, size_t len, size_t max);
void redis_pubsub_stop(struct redis_pubsub *p);

#endif
