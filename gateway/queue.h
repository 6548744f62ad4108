/* queue.h - the frames a client is due, oldest first: references in a ring.
 *
 * It holds what it is given; the limits on it are slow_reader.h's, judged when the socket did not
 * take everything. Two places are part of the queue itself, so that a client that keeps up costs no
 * allocation.
 */
#ifndef GATEWAY_QUEUE_H
#define GATEWAY_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct frame;

enum { QUEUE_FEW = 2 };

/* What all queues of a process hold for clients that did not take it in time. */
struct queue_pool {
    size_t held;    /* memory: each waiting frame once, whatever the number of queues, and rings */
    size_t waiting; /* bytes that clients are due: a frame counts in every queue it is in */
};

/* Invariant: the oldest `settled` frames are counted in the pool, the others are not. A client that
 * keeps up gets and loses its frames within a turn, and is never settled. */
struct queue {
    uint32_t cap;     /* a power of two; QUEUE_FEW: the places are `few`, otherwise `many` */
    uint32_t head, n; /* index of the oldest; number of frames: read freely */
    uint32_t settled;
    size_t bytes; /* of all frames: read freely */
    struct queue_pool *pool;
    union {
        struct frame *few[QUEUE_FEW];
        struct frame **many; /* on the heap */
    };
};

void queue_init(struct queue *q, struct queue_pool *pool);
void queue_clear(struct queue *q); /* drops everything; as good as new */

/* Takes a reference of its own. 0; -ENOMEM and nothing has changed. */
int queue_push(struct queue *q, struct frame *frame);

/* The place of the i-th oldest. */
static inline struct frame **queue_place(struct queue *q, uint32_t i)
{
    return (q->cap == QUEUE_FEW ? q->few : q->many) + ((q->head + i) & (q->cap - 1));
}

/* The i-th oldest, i < n: borrowed. */
static inline struct frame *queue_at(const struct queue *q, uint32_t i)
{
    return *queue_place((struct queue *)q, i);
}

/* Drop the oldest count frames, count <= n. */
void queue_pop(struct queue *q, uint32_t count);

/* What is in it now waits: count it. */
void queue_settle(struct queue *q);

/* Before the oldest; it is settled, and so are all others then. Otherwise as queue_push(). */
int queue_push_front(struct queue *q, struct frame *frame);

/* Drop the i-th oldest where gone[i], for all i < n. */
void queue_remove(struct queue *q, const bool *gone);

#endif
