/* trim.c - see trim.h. */
#include "gateway/trim.h"

#include <errno.h>
#include <stdlib.h>

#include "gateway/counters.h"
#include "gateway/frame.h"
#include "gateway/queue.h"
#include "gateway/stream_class.h"

/* A stream that occurs in the queue. */
struct occurrence {
    uint64_t stream; /* 0: a free place */
    uint32_t dropped;
    uint8_t class_id;
};

struct left_out {
    const struct trim *trim;
    struct queue *q;
    bool *gone;                /* by index in the queue */
    struct occurrence *places; /* a hash table by stream, never more than half full */
    uint64_t mask;
    uint64_t messages, bytes; /* that stay */
    struct queue notices;
};

bool trim_over(const struct trim *trim, const struct queue *q)
{
    return q->n > 1 && (q->bytes > trim->max_bytes || q->n > trim->max_messages);
}

static int work_init(struct left_out *w, const struct trim *trim, struct queue *q)
{
    uint64_t cap = 4;

    while (cap < 2 * (uint64_t)q->n)
        cap *= 2;
    *w = (struct left_out){.trim = trim,
                           .q = q,
                           .gone = calloc(q->n, sizeof *w->gone),
                           .places = calloc(cap, sizeof *w->places),
                           .mask = cap - 1,
                           .messages = q->n,
                           .bytes = q->bytes};
    queue_init(&w->notices, q->pool);
    return w->gone && w->places ? 0 : -ENOMEM;
}

static void work_fini(struct left_out *w)
{
    free(w->gone);
    free(w->places);
    queue_clear(&w->notices);
}

/* Its place, or the free one where it belongs. Serial numbers need no better hash. */
static struct occurrence *place_of(const struct left_out *w, uint64_t stream)
{
    uint64_t i = stream & w->mask;

    while (w->places[i].stream && w->places[i].stream != stream)
        i = (i + 1) & w->mask;
    return &w->places[i];
}

static enum slow_policy policy_of(const struct left_out *w, const struct frame *frame)
{
    const struct stream_classes *classes = w->trim->classes;

    return frame->class_id < classes->n ? classes->classes[frame->class_id].policy : POLICY_CLOSE;
}

static void give_up(struct left_out *w, uint32_t i)
{
    w->gone[i] = true;
    w->messages--;
    w->bytes -= queue_at(w->q, i)->len;
}

/* From the newest to the oldest: what has been met already is older. */
static void conflate(struct left_out *w)
{
    for (uint32_t i = w->q->n; i-- > 0;) {
        const struct frame *frame = queue_at(w->q, i);
        if (!frame->stream || policy_of(w, frame) != POLICY_CONFLATE)
            continue;
        struct occurrence *place = place_of(w, frame->stream);
        if (place->stream) {
            give_up(w, i);
            w->trim->counters->of_class[frame->class_id].frames_conflated++;
        }
        place->stream = frame->stream;
    }
}

static void note(struct left_out *w, const struct frame *frame, uint32_t n)
{
    if (!frame->stream)
        return;
    struct occurrence *place = place_of(w, frame->stream);
    place->stream = frame->stream;
    place->dropped += n;
    place->class_id = frame->class_id;
}

static bool half_empty(const struct left_out *w)
{
    return w->messages <= w->trim->max_messages / 2 && w->bytes <= w->trim->max_bytes / 2;
}

static void drop_oldest(struct left_out *w)
{
    for (uint32_t i = 0; i < w->q->n && !half_empty(w); i++) {
        const struct frame *frame = queue_at(w->q, i);
        if (frame->dropped || policy_of(w, frame) != POLICY_DROP)
            continue;
        note(w, frame, 1);
        give_up(w, i);
        w->trim->counters->of_class[frame->class_id].frames_dropped++;
    }
}

/* What an earlier notice told is told by the new one. */
static void take_in_notices(struct left_out *w)
{
    for (uint32_t i = 0; i < w->q->n; i++) {
        const struct frame *frame = queue_at(w->q, i);
        if (frame->dropped && place_of(w, frame->stream)->dropped > 0) {
            note(w, frame, frame->dropped);
            give_up(w, i);
        }
    }
}

uint32_t left_out_of(const struct left_out *left, uint64_t stream)
{
    return place_of(left, stream)->dropped;
}

void left_out_tell(struct left_out *left, uint64_t stream, struct frame *notice)
{
    const struct occurrence *place = place_of(left, stream);

    frame_of_stream(notice, place->class_id, stream);
    notice->dropped = place->dropped;
    (void)queue_push(&left->notices, notice); /* without memory it is not told, but counted */
}

int trim_queue(const struct trim *trim, struct queue *q)
{
    struct left_out w;
    int err = work_init(&w, trim, q);

    if (!err) {
        conflate(&w);
        if (w.messages > trim->max_messages || w.bytes > trim->max_bytes) {
            drop_oldest(&w);
            take_in_notices(&w);
            if (trim->tell)
                trim->tell(trim->ctx, &w);
        }
        queue_remove(q, w.gone);
        for (uint32_t i = w.notices.n; i-- > 0;)
            (void)queue_push_front(q, queue_at(&w.notices, i));
    }
    work_fini(&w);
    return err;
}
