/* backlog.c - see backlog.h for the picture and the invariants I1-I4. */
#include "publisher/backlog.h"

#include <assert.h>

#define first_of(l) list_first((l), struct entry, in_queue)

/* ---- queues ---------------------------------------------------------------------------------- */

static void join(struct backlog *b, struct backlog_queue *q)
{
    *q = (struct backlog_queue){.backlog = b};
    list_init(&q->kept);
    list_init(&q->sent);
    list_init(&q->unsent);
    list_init(&q->sharing);
    list_append(&b->queues, &q->in_backlog);
}

void backlog_init(struct backlog *b, size_t limit)
{
    *b = (struct backlog){.limit = limit, .kept_limit = limit / 4};
    list_init(&b->queues);
    join(b, &b->loose);
}

void backlog_queue_init(struct backlog *b, struct backlog_queue *q)
{
    join(b, q);
}

/* All of from goes to the front of to. */
static void splice_front(struct list *from, struct list *to)
{
    if (list_empty(from))
        return;
    from->prev->next = to->next;
    to->next->prev = from->prev;
    to->next = from->next;
    from->next->prev = to;
    list_init(from);
}

static void free_all(struct list *entries)
{
    while (!list_empty(entries)) {
        struct entry *entry = first_of(entries);
        list_remove(&entry->in_queue);
        entry_free(&entry);
    }
}

void backlog_queue_fini(struct backlog_queue *q)
{
    assert(list_empty(&q->kept) && list_empty(&q->sent) && list_empty(&q->unsent));
    list_remove(&q->in_backlog);
}

void backlog_fini(struct backlog *b)
{
    struct backlog_queue *q;

    list_each (q, &b->queues, in_backlog) {
        free_all(&q->kept);
        free_all(&q->sent);
        free_all(&q->unsent);
    }
    b->n = b->bytes = b->n_again = b->bytes_kept = 0;
}

/* ---- dropping -------------------------------------------------------------------------------- */

/* Out of the queue, unsent; the counting of why is the caller's. */
static void take_out(struct backlog *b, struct entry *entry)
{
    list_remove(&entry->in_queue);
    b->bytes -= entry_size(entry);
    b->n--;
    if (entry->again)
        b->n_again--;
}

static void note_missed(struct backlog *b, const struct entry *end)
{
    uint64_t height;

    b->missed_blocks++;
    if (entry_height(end, &height))
        missed_note(&b->missed, entry_stream(end), end->stream_len,
                    end->missed_from ? end->missed_from : height, height);
}

static void drop(struct backlog *b, struct entry *entry, enum publisher_drop why)
{
    take_out(b, entry);
    if (!entry->again)
        b->dropped[why]++;
    if (entry->block == EVENT_BLOCK_END && why != PUBLISHER_DROP_STANDBY)
        note_missed(b, entry);
    if (b->on_drop && entry->seq == 0 && why != PUBLISHER_DROP_STANDBY)
        b->on_drop(b->ctx, entry_stream(entry), entry->stream_len, entry->term);
    entry_free(&entry);
}

/* The queue's oldest, and the rest of its block with whatever lies between (I4). */
static void drop_unit(struct backlog_queue *q, enum publisher_drop why)
{
    struct backlog *b = q->backlog;
    bool open = first_of(&q->unsent)->block == EVENT_BLOCK_PART;

    do {
        struct entry *entry = first_of(&q->unsent);
        open = open && entry->block != EVENT_BLOCK_END;
        drop(b, entry, why);
    } while (open && !list_empty(&q->unsent));
    if (open)
        b->losing = b->begun == q; /* its end has not come yet */
}

static struct backlog_queue *oldest_queue(struct backlog *b)
{
    struct backlog_queue *q, *oldest = NULL;

    list_each (q, &b->queues, in_backlog) {
        if (!list_empty(&q->unsent) &&
            (!oldest || first_of(&q->unsent)->order < first_of(&oldest->unsent)->order))
            oldest = q;
    }
    return oldest;
}

const struct entry *backlog_oldest(struct backlog *b)
{
    struct backlog_queue *q = oldest_queue(b);

    return q ? first_of(&q->unsent) : NULL;
}

bool backlog_drop_oldest(struct backlog *b, enum publisher_drop why)
{
    struct backlog_queue *q = oldest_queue(b);

    if (q)
        drop_unit(q, why);
    return q != NULL;
}

void backlog_drop_before(struct backlog *b, uint64_t time_us, enum publisher_drop why)
{
    struct backlog_queue *q;

    while ((q = oldest_queue(b)) && first_of(&q->unsent)->time_us < time_us)
        drop_unit(q, why);
}

void backlog_drop_repeat(struct backlog_queue *q, struct entry *entry)
{
    struct backlog *b = q->backlog;

    take_out(b, entry);
    if (!entry->again)
        b->acked++;
    entry_free(&entry);
}

uint64_t backlog_dropped(const struct backlog *b)
{
    uint64_t sum = 0;

    for (int i = 0; i < PUBLISHER_DROPS; i++)
        sum += b->dropped[i];
    return sum;
}

/* ---- adding ---------------------------------------------------------------------------------- */

/* The parts so far of a block whose rest cannot be had. */
static void drop_begun(struct backlog *b, enum publisher_drop why)
{
    struct list *unsent = b->begun ? &b->begun->unsent : NULL, *at, *before;

    b->begun = NULL;
    if (!unsent)
        return;
    for (at = unsent->prev; at != unsent; at = before) {
        struct entry *entry = list_entry(at, struct entry, in_queue);
        before = at->prev;
        if (entry->block == EVENT_BLOCK_END)
            return;
        if (entry->block == EVENT_BLOCK_PART)
            drop(b, entry, why);
    }
}

void backlog_lose(struct backlog *b, const struct event *event, enum publisher_drop why)
{
    uint64_t height;

    if (event->block != EVENT_NO_BLOCK)
        drop_begun(b, why);
    b->added++;
    b->dropped[why]++;
    if (b->on_drop && why != PUBLISHER_DROP_STANDBY)
        b->on_drop(b->ctx, event->stream, event->stream_len, b->term);
    if (event->block == EVENT_BLOCK_PART)
        b->losing = true;
    if (event->block != EVENT_BLOCK_END)
        return;
    b->losing = false;
    if (why == PUBLISHER_DROP_STANDBY)
        return;
    b->missed_blocks++;
    if (entry_height_of(event->tag, event->tag_len, &height))
        missed_note(&b->missed, event->stream, event->stream_len, height, height);
}

/* False: all that there is is under way, or was the block itself. */
static bool make_room(struct backlog *b, size_t size, bool of_block)
{
    if (size > b->limit)
        return false;
    while (b->bytes + size > b->limit)
        if (!backlog_drop_oldest(b, b->drop_why))
            return false;
    return !(of_block && b->losing);
}

bool backlog_fits(struct backlog *b, const struct event *event)
{
    bool of_block = event->block != EVENT_NO_BLOCK;
    size_t size = entry_size_of(event);
    enum publisher_drop why = size > b->limit ? PUBLISHER_DROP_SIZE : b->drop_why;

    if (!(of_block && b->losing) && make_room(b, size, of_block))
        return true;
    backlog_lose(b, event, why);
    return false;
}

void backlog_add(struct backlog *b, struct backlog_queue *q, struct entry *entry)
{
    if (!q)
        q = &b->loose;
    if (entry->block != EVENT_NO_BLOCK)
        b->begun = entry->block == EVENT_BLOCK_PART ? q : NULL;
    entry->order = ++b->last_order;
    list_append(&q->unsent, &entry->in_queue);
    b->added++;
    b->n++;
    b->bytes += entry_size(entry);
}

/* ---- sending --------------------------------------------------------------------------------- */

/* The oldest, a block's end, put in place of itself with what was missed before it. */
static void say_missed(struct backlog *b, struct backlog_queue *q)
{
    struct entry *end = first_of(&q->unsent), *with;
    uint64_t from, to;

    if (!missed_before(&b->missed, end, &from, &to))
        return;
    with = entry_with_missed(end, from, to);
    if (!with)
        return;
    b->bytes += entry_size(with) - entry_size(end);
    with->in_queue = end->in_queue;
    with->in_queue.prev->next = with->in_queue.next->prev = &with->in_queue;
    entry_free(&end);
    missed_said(&b->missed, with);
}

struct entry *backlog_next(struct backlog_queue *q)
{
    if (list_empty(&q->unsent))
        return NULL;
    if (first_of(&q->unsent)->block == EVENT_BLOCK_END)
        say_missed(q->backlog, q);
    return first_of(&q->unsent);
}

void backlog_sent(struct backlog_queue *q)
{
    struct entry *entry = first_of(&q->unsent);

    list_remove(&entry->in_queue);
    list_append(&q->sent, &entry->in_queue);
    q->n_sent++;
    q->bytes_sent += entry_size(entry);
}

static void forget_oldest(struct backlog_queue *q)
{
    struct entry *entry = first_of(&q->kept);

    list_remove(&entry->in_queue);
    q->backlog->bytes_kept -= entry_size(entry);
    entry_free(&entry);
}

bool backlog_ack(struct backlog_queue *q, uint64_t now_ms, bool *again)
{
    struct backlog *b = q->backlog;

    if (list_empty(&q->sent))
        return false;
    struct entry *entry = first_of(&q->sent);
    size_t size = entry_size(entry);
    take_out(b, entry);
    q->n_sent--;
    q->bytes_sent -= size;
    *again = entry->again;
    if (!entry->again)
        b->acked++;
    entry->again = true;
    entry->acked_ms = now_ms;
    list_append(&q->kept, &entry->in_queue);
    b->bytes_kept += size;
    while (b->bytes_kept > b->kept_limit && !list_empty(&q->kept))
        forget_oldest(q);
    return true;
}

const struct entry *backlog_awaited(const struct backlog_queue *q)
{
    return list_empty(&q->sent) ? NULL : first_of(&q->sent);
}

void backlog_age(struct backlog_queue *q, uint64_t now_ms)
{
    while (!list_empty(&q->kept) && first_of(&q->kept)->acked_ms + BACKLOG_KEPT_MS < now_ms)
        forget_oldest(q);
}

static void count_again(struct backlog *b, struct list *kept)
{
    struct entry *entry;

    list_each (entry, kept, in_queue) {
        b->n++;
        b->n_again++;
        b->bytes += entry_size(entry);
        b->bytes_kept -= entry_size(entry);
    }
}

void backlog_rewind(struct backlog_queue *q, bool kept)
{
    splice_front(&q->sent, &q->unsent);
    q->n_sent = q->bytes_sent = 0;
    if (!kept)
        return;
    count_again(q->backlog, &q->kept);
    splice_front(&q->kept, &q->unsent);
}

void backlog_unnumber(struct backlog *b)
{
    struct backlog_queue *q;
    struct entry *entry;

    list_each (q, &b->queues, in_backlog) {
        assert(list_empty(&q->sent));
        list_each (entry, &q->unsent, in_queue) {
            entry->seq = 0;
        }
        while (!list_empty(&q->kept))
            forget_oldest(q);
    }
}

/* ---- sharing out anew ------------------------------------------------------------------------ */

/* The oldest of all that are being shared out; NULL: none is left. */
static struct entry *next_shared(struct backlog *b)
{
    struct entry *oldest = NULL;
    struct backlog_queue *q;

    list_each (q, &b->queues, in_backlog) {
        if (!list_empty(&q->sharing) && (!oldest || first_of(&q->sharing)->order < oldest->order))
            oldest = first_of(&q->sharing);
    }
    return oldest;
}

void backlog_spread(struct backlog *b, backlog_queue_of_fn *queue_of, void *ctx)
{
    struct backlog_queue *q;
    struct entry *entry;

    list_each (q, &b->queues, in_backlog) {
        backlog_rewind(q, true);
        splice_front(&q->unsent, &q->sharing);
    }
    while ((entry = next_shared(b))) {
        q = queue_of(ctx, entry);
        list_remove(&entry->in_queue);
        list_append(q ? &q->unsent : &b->loose.unsent, &entry->in_queue);
    }
}
