/* trim.h - what a queue over its limits gives up, by the policies of its streams' classes.
 *
 *   conflate   of each stream only the newest message stays, in its place;
 *   drop       the oldest go until the queue is down to half its limits, so that a reader that
 *              stays slow is not trimmed at every message. What was left out of a stream is told
 *              once, by one notice before everything else: a later one takes in an earlier one.
 *
 * Frames of classes to be closed, and frames that belong to no stream, stay. So the queue may still
 * be over its limits afterwards.
 */
#ifndef GATEWAY_TRIM_H
#define GATEWAY_TRIM_H

#include <stdbool.h>
#include <stdint.h>

struct counters;
struct frame;
struct queue;
struct stream_classes;

/* A frame (the caller's) which says that n messages were left out of the stream that the last of
 * them, `last`, belongs to; `last` may be such a notice itself. NULL: it cannot be told. */
typedef struct frame *trim_notice_fn(void *ctx, const struct frame *last, uint32_t n);

struct trim {
    const struct stream_classes *classes;
    struct counters *counters; /* counts what goes, by class */
    uint64_t max_bytes, max_messages;
    trim_notice_fn *notice; /* NULL: nothing can be told */
    void *ctx;
};

bool trim_over(const struct trim *trim, const struct queue *q); /* one frame always fits */

/* 0; -ENOMEM, and nothing has changed. */
int trim_queue(const struct trim *trim, struct queue *q);

#endif
