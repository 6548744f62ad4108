/* recovery.c - see recovery.h.
 *
 * What a history holds is remembered by 64-bit hashes under a random key: a table of the streams,
 * and one of (stream, tag or text). An answer carries the run it belongs to, since one may still
 * come after recovery_stop().
 */
#include "publisher/recovery.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/message.h"
#include "common/table.h"

struct known {
    struct table_node node;
};

/* A stream to be looked up. Freed when it has been, and no answer is awaited. */
struct looked {
    struct table_node node;
    struct list in_order;
    struct recovery *recovery; /* NULL: nobody waits for the answer any more */
    size_t held;               /* events of it in the backlog */
    bool block;                /* of ends of blocks */
    bool has_height;
    uint64_t height; /* of the last end */
    size_t len;
    char name[];
};

enum recovery_state { RECOVERY_IDLE, RECOVERY_ASKING };

struct recovery {
    struct backlog *backlog;
    struct redis_asker *asker;
    const struct redis_naming *naming;
    void (*done)(void *ctx);
    void *ctx;
    enum recovery_state state;
    struct table streams, known;         /* struct looked; struct known */
    struct list to_ask, asked, answered; /* struct looked */
    size_t n_asked;
    bool again; /* an answer was lost */
    uint64_t repeats;
};

/* ---- tables ---------------------------------------------------------------------------------- */

static struct looked *find(struct recovery *r, const struct entry *entry, uint64_t *hash)
{
    *hash = table_hash(&r->streams, entry_stream(entry), entry->stream_len);
    table_each_match(node, &r->streams, *hash)
    {
        struct looked *looked = table_entry(node, struct looked, node);
        if (looked->len == entry->stream_len &&
            memcmp(looked->name, entry_stream(entry), looked->len) == 0)
            return looked;
    }
    return NULL;
}

static struct looked *add(struct recovery *r, const struct entry *entry, uint64_t hash)
{
    struct looked *looked =
        r->streams.n < RECOVERY_STREAMS_MAX ? calloc(1, sizeof *looked + entry->stream_len) : NULL;

    if (!looked)
        return NULL;
    looked->recovery = r;
    looked->block = entry->block == EVENT_BLOCK_END;
    looked->len = entry->stream_len;
    memcpy(looked->name, entry_stream(entry), looked->len);
    table_insert(&r->streams, &looked->node, hash);
    list_append(&r->to_ask, &looked->in_order);
    return looked;
}

static void forget(struct recovery *r, struct list *looked)
{
    while (!list_empty(looked)) {
        struct looked *l = list_first(looked, struct looked, in_order);
        list_remove(&l->in_order);
        table_remove(&r->streams, &l->node);
        l->recovery = NULL;
        if (looked != &r->asked)
            free(l); /* its answer is not awaited */
    }
}

static void clear(struct recovery *r)
{
    struct table_node *node = table_next(&r->known, NULL), *next;

    for (; node; node = next) {
        next = table_next(&r->known, node);
        table_remove(&r->known, node);
        free(table_entry(node, struct known, node));
    }
    forget(r, &r->to_ask);
    forget(r, &r->asked);
    forget(r, &r->answered);
    r->n_asked = 0;
    r->again = false;
}

/* The stream's own hash and its tag's, or its text's. */
static uint64_t mark(const struct recovery *r, const struct looked *looked, const char *tag,
                     size_t tag_len, const char *data, size_t data_len)
{
    uint64_t parts[3] = {looked->node.hash, tag_len > 0,
                         tag_len > 0 ? table_hash(&r->known, tag, tag_len)
                                     : table_hash(&r->known, data, data_len)};

    return table_hash(&r->known, parts, sizeof parts);
}

static bool is_known(const struct recovery *r, uint64_t hash)
{
    table_each_match(node, &r->known, hash)
    {
        return true;
    }
    return false;
}

static void know(struct recovery *r, uint64_t hash)
{
    struct known *known = is_known(r, hash) ? NULL : malloc(sizeof *known);

    if (known)
        table_insert(&r->known, &known->node, hash);
}

/* ---- what is looked up ----------------------------------------------------------------------- */

static bool is_looked_up(const struct entry *entry)
{
    return entry->history.entries > 0 && entry->block != EVENT_BLOCK_PART;
}

static void collect(struct recovery *r)
{
    struct backlog_queue *q;
    struct entry *entry;
    uint64_t hash;

    list_each (q, &r->backlog->queues, in_backlog) {
        list_each (entry, &q->unsent, in_queue) {
            struct looked *looked = is_looked_up(entry) ? find(r, entry, &hash) : NULL;
            if (!looked && is_looked_up(entry))
                looked = add(r, entry, hash);
            if (looked)
                looked->held++;
        }
    }
}

/* ---- the answers ----------------------------------------------------------------------------- */

/* [id, ["m", message]] */
static void take_message(struct recovery *r, struct looked *looked, const redisReply *row)
{
    const redisReply *fields = row->elements == 2 ? row->element[1] : NULL;
    struct message m;
    uint64_t height;

    if (!fields || fields->elements < 2 || fields->element[1]->type != REDIS_REPLY_STRING ||
        message_read(fields->element[1]->str, fields->element[1]->len, &m) < 0)
        return;
    if (!looked->block) {
        know(r, mark(r, looked, m.tag, m.tag_len, m.data, m.data_len));
    } else if (m.tag && entry_height_of(m.tag, m.tag_len, &height)) {
        looked->height = looked->has_height && looked->height > height ? looked->height : height;
        looked->has_height = true;
    }
}

static void on_answer(void *ctx, const redisReply *answer)
{
    struct looked *looked = ctx;
    struct recovery *r = looked->recovery;

    if (!r) {
        free(looked);
        return;
    }
    list_remove(&looked->in_order);
    list_append(&r->answered, &looked->in_order);
    r->n_asked--;
    r->again = r->again || !answer;
    if (answer && answer->type == REDIS_REPLY_ARRAY) /* an error: as if there were no history */
        for (size_t i = 0; i < answer->elements; i++)
            if (answer->element[i]->type == REDIS_REPLY_ARRAY)
                take_message(r, looked, answer->element[i]);
}

static bool ask(struct recovery *r, struct looked *looked)
{
    char key[REDIS_NAME_MAX + 1], count[24];
    size_t len = redis_name(r->naming, REDIS_HISTORY, looked->name, looked->len, key);
    const char *words[] = {"XREVRANGE", key, "+", "-", "COUNT", count};

    snprintf(count, sizeof count, "%zu", looked->block ? 1 : looked->held + RECOVERY_SPARE);
    if (redis_asker_ask(r->asker, redis_slot(key, len), 6, words, NULL, on_answer, looked) < 0)
        return false;
    list_remove(&looked->in_order);
    list_append(&r->asked, &looked->in_order);
    r->n_asked++;
    return true;
}

/* ---- what follows ---------------------------------------------------------------------------- */

static bool was_sent(struct recovery *r, const struct entry *entry)
{
    uint64_t hash;
    const struct looked *looked = is_looked_up(entry) ? find(r, entry, &hash) : NULL;

    return looked && is_known(r, mark(r, looked, entry_tag(entry), entry->tag_len,
                                      entry_data(entry), entry->data_len));
}

static void drop_repeat(struct recovery *r, struct backlog_queue *q, struct entry *entry)
{
    r->repeats += !entry->again;
    backlog_drop_repeat(q, entry);
}

/* The end of the block that begins with this entry: NULL where it is not there. */
static const struct entry *end_of(const struct backlog_queue *q, const struct entry *entry)
{
    while (entry->block != EVENT_BLOCK_END) {
        if (entry->in_queue.next == &q->unsent)
            return NULL;
        entry = list_entry(entry->in_queue.next, struct entry, in_queue);
    }
    return entry;
}

static bool block_was_sent(struct recovery *r, const struct entry *end)
{
    uint64_t hash, height;
    const struct looked *looked = end ? find(r, end, &hash) : NULL;

    return looked && looked->has_height && entry_height(end, &height) && height <= looked->height;
}

static void drop_repeats(struct recovery *r, struct backlog_queue *q)
{
    struct entry *entry, *following;
    bool in_block = false, sent = false; /* that block */

    list_each_safe (entry, following, &q->unsent, in_queue) {
        bool part = entry->block != EVENT_NO_BLOCK;
        if (part && !in_block)
            sent = block_was_sent(r, end_of(q, entry));
        in_block = part ? entry->block == EVENT_BLOCK_PART : in_block;
        if (part ? sent : was_sent(r, entry))
            drop_repeat(r, q, entry);
    }
}

/* Backwards, so that the first that is met of a stream is its newest. */
static void drop_old_snapshots(struct recovery *r, struct backlog_queue *q)
{
    struct list *at, *before;

    for (at = q->unsent.prev; at != &q->unsent; at = before) {
        struct entry *entry = list_entry(at, struct entry, in_queue);
        uint64_t hash = table_hash(&r->known, entry_stream(entry), entry->stream_len);
        before = at->prev;
        if (!entry->keep_last || entry->history.entries > 0 || entry->tag_len > 0)
            continue;
        if (is_known(r, hash))
            drop_repeat(r, q, entry);
        else
            know(r, hash);
    }
}

static void finish(struct recovery *r)
{
    struct backlog_queue *q;

    list_each (q, &r->backlog->queues, in_backlog) {
        drop_repeats(r, q);
        drop_old_snapshots(r, q);
    }
    recovery_stop(r);
    r->done(r->ctx);
}

/* ---- life ------------------------------------------------------------------------------------ */

void recovery_turn(struct recovery *r)
{
    if (r->state == RECOVERY_IDLE || !redis_asker_is_up(r->asker, NULL))
        return;
    if (r->again)
        recovery_start(r);
    while (!list_empty(&r->to_ask) && r->n_asked < RECOVERY_ASKED_MOST)
        if (!ask(r, list_first(&r->to_ask, struct looked, in_order)))
            return;
    if (r->n_asked == 0)
        finish(r);
}

void recovery_start(struct recovery *r)
{
    clear(r);
    collect(r);
    r->state = RECOVERY_ASKING;
}

void recovery_stop(struct recovery *r)
{
    clear(r);
    r->state = RECOVERY_IDLE;
}

struct recovery *recovery_new(struct backlog *backlog, struct redis_asker *asker,
                              const struct redis_naming *naming, void (*done)(void *ctx), void *ctx)
{
    struct recovery *r = calloc(1, sizeof *r);

    if (!r)
        return NULL;
    *r = (struct recovery){
        .backlog = backlog, .asker = asker, .naming = naming, .done = done, .ctx = ctx};
    list_init(&r->to_ask);
    list_init(&r->asked);
    list_init(&r->answered);
    if (table_init(&r->streams) < 0 || table_init(&r->known) < 0)
        recovery_free(&r);
    return r;
}

void recovery_free(struct recovery **rp)
{
    struct recovery *r = *rp;

    *rp = NULL;
    if (!r)
        return;
    if (r->streams.slots && r->known.slots)
        clear(r);
    if (r->streams.slots)
        table_fini(&r->streams);
    if (r->known.slots)
        table_fini(&r->known);
    free(r);
}

uint64_t recovery_repeats(const struct recovery *r)
{
    return r->repeats;
}
