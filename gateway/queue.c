/* queue.c - see queue.h. */
#include "gateway/queue.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "gateway/frame.h"

/* A ring on the heap is kept while it is small: a client that gets a block of twenty frames ten
 * times a second would otherwise allocate ten times a second. */
enum { KEEP_CAP = 64 };

void queue_init(struct queue *q)
{
    *q = (struct queue){.cap = QUEUE_FEW};
    q->ring = q->few;
}

static int grow(struct queue *q)
{
    struct frame **bigger = malloc(2 * (size_t)q->cap * sizeof *bigger);

    if (!bigger)
        return -ENOMEM;
    for (uint32_t i = 0; i < q->n; i++)
        bigger[i] = queue_at(q, i);
    if (q->ring != q->few)
        free(q->ring);
    q->ring = bigger;
    q->cap *= 2;
    q->head = 0;
    return 0;
}

int queue_push(struct queue *q, struct frame *frame)
{
    if (q->n == q->cap && grow(q) < 0)
        return -ENOMEM;
    q->ring[(q->head + q->n) & (q->cap - 1)] = frame_ref(frame);
    q->n++;
    q->bytes += frame->len;
    return 0;
}

void queue_pop(struct queue *q, uint32_t count)
{
    assert(count <= q->n);
    for (uint32_t i = 0; i < count; i++) {
        struct frame *frame = queue_at(q, i);
        q->bytes -= frame->len;
        frame_unref(&frame);
    }
    q->head = (q->head + count) & (q->cap - 1);
    q->n -= count;
    if (q->n == 0 && q->cap > KEEP_CAP) {
        free(q->ring);
        queue_init(q);
    }
}

void queue_clear(struct queue *q)
{
    queue_pop(q, q->n);
    if (q->ring != q->few)
        free(q->ring);
    queue_init(q);
}
