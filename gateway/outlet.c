/* outlet.c - see outlet.h. */
#include "gateway/outlet.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "gateway/counters.h"
#include "gateway/queue.h"

static int batch_init(struct outlet_batch *b)
{
    *b = (struct outlet_batch){.bytes = malloc(OUTLET_BATCH_BYTES),
                               .frames = calloc(OUTLET_BATCH_FRAMES, sizeof(struct frame *))};
    return b->bytes && b->frames ? 0 : -ENOMEM;
}

static void batch_forget(struct outlet_batch *b)
{
    for (uint32_t i = 0; i < b->n_frames; i++)
        frame_unref(&b->frames[i]);
    b->n_frames = 0;
    b->len = 0;
}

static void batch_fini(struct outlet_batch *b)
{
    batch_forget(b);
    free(b->bytes);
    free(b->frames);
    *b = (struct outlet_batch){0};
}

int outlet_init(struct outlet *o, struct counters *counters)
{
    *o = (struct outlet){.counters = counters};
    deflater_init(&o->deflater);
    if (batch_init(&o->batches[false]) == 0 && batch_init(&o->batches[true]) == 0)
        return 0;
    outlet_fini(o);
    return -ENOMEM;
}

void outlet_fini(struct outlet *o)
{
    batch_fini(&o->batches[false]);
    batch_fini(&o->batches[true]);
    frame_unref(&o->cut);
    deflater_fini(&o->deflater);
    *o = (struct outlet){0};
}

/* The i-th frame of the queue as the client gets it. */
static inline struct frame *due(struct outlet *o, const struct queue *q, bool deflate, uint32_t i)
{
    struct frame *frame = queue_at(q, i);

    return deflate ? deflater_twin(&o->deflater, frame) : frame;
}

/* Does the queue begin with exactly what the batch holds, and would a new batch hold no more? The
 * frames are references of ours, so an equal pointer is an equal frame. */
static bool batch_fits(struct outlet *o, const struct queue *q, bool deflate)
{
    const struct outlet_batch *b = &o->batches[deflate];

    if (b->n_frames == 0 || q->n < b->n_frames)
        return false;
    for (uint32_t i = 0; i < b->n_frames; i++)
        if (queue_at(q, i) != b->frames[i])
            return false;
    return q->n == b->n_frames || b->n_frames == OUTLET_BATCH_FRAMES ||
           b->len + due(o, q, deflate, b->n_frames)->len > OUTLET_BATCH_BYTES;
}

static void batch_fill(struct outlet *o, const struct queue *q, bool deflate)
{
    struct outlet_batch *b = &o->batches[deflate];

    batch_forget(b);
    while (b->n_frames < q->n && b->n_frames < OUTLET_BATCH_FRAMES) {
        const struct frame *frame = due(o, q, deflate, b->n_frames);
        if (b->len + frame->len > OUTLET_BATCH_BYTES)
            return;
        memcpy(b->bytes + b->len, frame->bytes, frame->len);
        b->len += frame->len;
        b->frames[b->n_frames] = frame_ref(queue_at(q, b->n_frames));
        b->n_frames++;
    }
}

/* What the next write should hold: a batch, or the one frame that is due or too long for one. */
static struct span next_bytes(struct outlet *o, const struct queue *q, bool deflate)
{
    const struct frame *first = due(o, q, deflate, 0);

    if (q->n > 1 && first->len + due(o, q, deflate, 1)->len <= OUTLET_BATCH_BYTES) {
        if (!batch_fits(o, q, deflate))
            batch_fill(o, q, deflate);
        return (struct span){(const char *)o->batches[deflate].bytes, o->batches[deflate].len};
    }
    return (struct span){(const char *)first->bytes, first->len};
}

/* Drop the frames that n written bytes cover; the rest of one that was cut goes to *rest. */
static bool drop_written(struct outlet *o, struct queue *q, bool deflate, size_t n,
                         struct span *rest)
{
    uint32_t whole = 0;

    while (whole < q->n && n >= due(o, q, deflate, whole)->len)
        n -= due(o, q, deflate, whole++)->len;
    bool cut = n > 0;
    if (cut) {
        frame_unref(&o->cut);
        o->cut = frame_ref(due(o, q, deflate, whole++));
        *rest = (struct span){(const char *)o->cut->bytes + n, o->cut->len - n};
    }
    queue_pop(q, whole);
    return cut;
}

static void count_twins(struct outlet *o)
{
    o->counters->deflated += o->deflater.made;
    o->deflater.made = 0;
}

static ssize_t send_bytes(int fd, const struct outlet_detour *detour, struct span bytes)
{
    if (detour)
        return detour->send(detour->ctx, bytes.at, bytes.len);
    return send(fd, bytes.at, bytes.len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

enum outlet_result outlet_write(struct outlet *o, int fd, const struct outlet_detour *detour,
                                struct queue *q, bool deflate, struct span *rest)
{
    while (q->n > 0) {
        struct span bytes = next_bytes(o, q, deflate);
        ssize_t n = send_bytes(fd, detour, bytes);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN || errno == EWOULDBLOCK ? OUTLET_FULL : OUTLET_FAILED;
        o->counters->writes++;
        if (deflate)
            count_twins(o);
        o->counters->sent_bytes += (uint64_t)n;
        if (drop_written(o, q, deflate, (size_t)n, rest))
            return OUTLET_CUT;
        if ((size_t)n < bytes.len)
            return OUTLET_FULL;
    }
    return OUTLET_EMPTIED;
}
