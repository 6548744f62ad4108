/* queue.c - see queue.h. */
#include "gateway/queue.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "gateway/frame.h"

/* A ring on the heap is kept while it is small: a client that gets a block of twenty frames ten
 * times a second would otherwise allocate ten times a second. */
enum { KEEP_CAP = 64 };

void queue_init(struct queue *q, struct queue_pool *pool)
{
    *q = (struct queue){.cap = QUEUE_FEW, .pool = pool};
}

static size_t cost(const struct frame *frame)
{
    return sizeof *frame + frame->len;
}

static void settle(struct queue *q, struct frame *frame)
{
    q->pool->waiting += frame->len;
    if (frame->waits++ == 0)
        q->pool->held += cost(frame);
}

static void unsettle(struct queue *q, struct frame *frame)
{
    q->pool->waiting -= frame->len;
    if (--frame->waits == 0)
        q->pool->held -= cost(frame);
}

static void free_ring(struct queue *q)
{
    if (q->cap == QUEUE_FEW)
        return;
    q->pool->held -= q->cap * sizeof *q->many;
    free(q->many);
    q->cap = QUEUE_FEW;
    q->head = 0;
}

static int grow(struct queue *q)
{
    uint32_t cap = 2 * q->cap;
    struct frame **bigger = malloc(cap * sizeof *bigger);

    if (!bigger)
        return -ENOMEM;
    for (uint32_t i = 0; i < q->n; i++)
        bigger[i] = queue_at(q, i);
    free_ring(q);
    q->many = bigger;
    q->cap = cap;
    q->head = 0;
    q->pool->held += cap * sizeof *bigger;
    return 0;
}

int queue_push(struct queue *q, struct frame *frame)
{
    if (q->n == q->cap && grow(q) < 0)
        return -ENOMEM;
    *queue_place(q, q->n) = frame_ref(frame);
    q->n++;
    q->bytes += frame->len;
    return 0;
}

void queue_pop(struct queue *q, uint32_t count)
{
    assert(count <= q->n);
    uint32_t settled = count < q->settled ? count : q->settled;
    for (uint32_t i = 0; i < settled; i++)
        unsettle(q, queue_at(q, i));
    q->settled -= settled;
    for (uint32_t i = 0; i < count; i++) {
        struct frame *frame = queue_at(q, i);
        q->bytes -= frame->len;
        frame_unref(&frame);
    }
    q->head = (q->head + count) & (q->cap - 1);
    q->n -= count;
    if (q->n == 0 && q->cap > KEEP_CAP)
        free_ring(q);
}

void queue_clear(struct queue *q)
{
    queue_pop(q, q->n);
    free_ring(q);
}

/* ---- slow readers --------------------------------------------------------------------------- */

void queue_settle(struct queue *q)
{
    while (q->settled < q->n)
        settle(q, queue_at(q, q->settled++));
}

int queue_push_front(struct queue *q, struct frame *frame)
{
    if (q->n == q->cap && grow(q) < 0)
        return -ENOMEM;
    queue_settle(q);
    q->head = (q->head - 1) & (q->cap - 1);
    *queue_place(q, 0) = frame_ref(frame);
    q->n++;
    q->bytes += frame->len;
    settle(q, frame);
    q->settled++;
    return 0;
}

void queue_remove(struct queue *q, const bool *gone)
{
    uint32_t kept = 0, settled = q->settled;

    for (uint32_t i = 0; i < q->n; i++) {
        struct frame *frame = queue_at(q, i);
        if (!gone[i]) {
            *queue_place(q, kept++) = frame;
            continue;
        }
        if (i < settled) {
            unsettle(q, frame);
            q->settled--;
        }
        q->bytes -= frame->len;
        frame_unref(&frame);
    }
    q->n = kept;
}
