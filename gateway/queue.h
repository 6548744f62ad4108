/* queue.h - the frames a client is due, oldest first: references in a ring.
 *
 * It holds what it is given; the limits on it are client.h's, judged when the socket did not take
 * everything. Two places are part of the queue itself, so that a client that keeps up costs no
 * allocation.
 */
#ifndef GATEWAY_QUEUE_H
#define GATEWAY_QUEUE_H

#include <stddef.h>
#include <stdint.h>

struct frame;

enum { QUEUE_FEW = 2 };

struct queue {
    struct frame **ring; /* few, or cap places on the heap */
    uint32_t cap;        /* a power of two */
    uint32_t head, n;    /* index of the oldest; number of frames: read freely */
    size_t bytes;        /* of all frames: read freely */
    struct frame *few[QUEUE_FEW];
};

void queue_init(struct queue *q);
void queue_clear(struct queue *q); /* drops everything; as good as new */

/* Takes a reference of its own. 0; -ENOMEM and nothing has changed. */
int queue_push(struct queue *q, struct frame *frame);

/* The i-th oldest, i < n: borrowed. */
static inline struct frame *queue_at(const struct queue *q, uint32_t i)
{
    return q->ring[(q->head + i) & (q->cap - 1)];
}

/* Drop the oldest count frames, count <= n. */
void queue_pop(struct queue *q, uint32_t count);

#endif
