/* outlet.c - see outlet.h. */
#include "gateway/outlet.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "gateway/counters.h"
#include "gateway/queue.h"

int outlet_init(struct outlet *o, struct counters *counters)
{
    *o = (struct outlet){.counters = counters,
                         .batch = malloc(OUTLET_BATCH_BYTES),
                         .frames = calloc(OUTLET_BATCH_FRAMES, sizeof(struct frame *))};
    if (o->batch && o->frames)
        return 0;
    outlet_fini(o);
    return -ENOMEM;
}

static void forget_batch(struct outlet *o)
{
    for (uint32_t i = 0; i < o->n_frames; i++)
        frame_unref(&o->frames[i]);
    o->n_frames = 0;
    o->batch_len = 0;
}

void outlet_fini(struct outlet *o)
{
    if (o->frames)
        forget_batch(o);
    frame_unref(&o->cut);
    free(o->batch);
    free(o->frames);
    *o = (struct outlet){0};
}

/* Does the queue begin with exactly what the batch holds, and would a new batch hold no more? The
 * frames are references of ours, so an equal pointer is an equal frame. */
static bool batch_fits(const struct outlet *o, const struct queue *q)
{
    if (o->n_frames == 0 || q->n < o->n_frames)
        return false;
    for (uint32_t i = 0; i < o->n_frames; i++)
        if (queue_at(q, i) != o->frames[i])
            return false;
    return q->n == o->n_frames || o->n_frames == OUTLET_BATCH_FRAMES ||
           o->batch_len + queue_at(q, o->n_frames)->len > OUTLET_BATCH_BYTES;
}

static void fill_batch(struct outlet *o, const struct queue *q)
{
    forget_batch(o);
    while (o->n_frames < q->n && o->n_frames < OUTLET_BATCH_FRAMES) {
        struct frame *frame = queue_at(q, o->n_frames);
        if (o->batch_len + frame->len > OUTLET_BATCH_BYTES)
            return;
        memcpy(o->batch + o->batch_len, frame->bytes, frame->len);
        o->batch_len += frame->len;
        o->frames[o->n_frames++] = frame_ref(frame);
    }
}

/* What the next write should hold: a batch, or the one frame that is due or too long for one. */
static struct span next_bytes(struct outlet *o, const struct queue *q)
{
    struct frame *first = queue_at(q, 0);

    if (q->n > 1 && first->len + queue_at(q, 1)->len <= OUTLET_BATCH_BYTES) {
        if (!batch_fits(o, q))
            fill_batch(o, q);
        return (struct span){(const char *)o->batch, o->batch_len};
    }
    return (struct span){(const char *)first->bytes, first->len};
}

/* Drop the frames that n written bytes cover; the rest of one that was cut goes to *rest. */
static bool drop_written(struct outlet *o, struct queue *q, size_t n, struct span *rest)
{
    uint32_t whole = 0;

    while (whole < q->n && n >= queue_at(q, whole)->len)
        n -= queue_at(q, whole++)->len;
    bool cut = n > 0;
    if (cut) {
        frame_unref(&o->cut);
        o->cut = frame_ref(queue_at(q, whole++));
        *rest = (struct span){(const char *)o->cut->bytes + n, o->cut->len - n};
    }
    queue_pop(q, whole);
    return cut;
}

enum outlet_result outlet_write(struct outlet *o, int fd, struct queue *q, struct span *rest)
{
    while (q->n > 0) {
        struct span bytes = next_bytes(o, q);
        ssize_t n = send(fd, bytes.at, bytes.len, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN || errno == EWOULDBLOCK ? OUTLET_FULL : OUTLET_FAILED;
        o->counters->writes++;
        o->counters->sent_bytes += (uint64_t)n;
        if (drop_written(o, q, (size_t)n, rest))
            return OUTLET_CUT;
        if ((size_t)n < bytes.len)
            return OUTLET_FULL;
    }
    return OUTLET_EMPTIED;
}
