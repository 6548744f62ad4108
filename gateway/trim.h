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

struct left_out; /* what drop has just left out, by stream */

/* How many messages of the stream with that serial number; what an earlier notice told, and is now
 * to be told anew, is among them. 0: none. */
uint32_t left_out_of(const struct left_out *left, uint64_t stream);

/* The notice that says so, for left_out_of() > 0; behind those that were told before. Takes a
 * reference of its own; without memory for it nothing is told. */
void left_out_tell(struct left_out *left, uint64_t stream, struct frame *notice);

/* Tell what was left out, as far as there are words for it. */
typedef void trim_tell_fn(void *ctx, struct left_out *left);

struct trim {
    const struct stream_classes *classes;
    struct counters *counters; /* counts what goes, by class */
    uint64_t max_bytes, max_messages;
    trim_tell_fn *tell; /* NULL: nothing can be told */
    void *ctx;
};

bool trim_over(const struct trim *trim, const struct queue *q); /* one frame always fits */

/* 0; -ENOMEM, and nothing has changed. */
int trim_queue(const struct trim *trim, struct queue *q);

#endif
