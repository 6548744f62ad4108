/* backlog.h - what Redis has not acknowledged yet, in order, within a limit.
 *
 *   backlog_add() -> queue of a master: [ kept | sent, not acknowledged | not sent ]
 *                                         ^ backlog_ack()  ^ backlog_sent()
 *
 * One queue per Redis master, and one for entries whose master is not known yet. When an entry does
 * not fit, the oldest that was not sent goes, whichever queue it is in: with Redis away a reader is
 * better served by the newest. The entries of one block go together: a block is in here whole or
 * not at all, and the next block that is sent says which were missed.
 *
 * Kept are entries that Redis has acknowledged a short while ago: replication is asynchronous, so
 * a new master may not have them.
 *
 * Invariants
 *   I1  a queue's sent entries are older than those that were not sent;
 *   I2  bytes <= limit once backlog_add() has returned, unless what is sent alone is more;
 *       bytes_kept <= kept_limit;
 *   I3  every entry is counted once: added = acked + the dropped + n - n_again;
 *   I4  the entries of a block lie in one queue, from its first part to its end, and whoever sends
 *       the first of them sends all.
 */
#ifndef PUBLISHER_BACKLOG_H
#define PUBLISHER_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "publisher/entry.h"
#include "publisher/missed.h"
#include "publisher/publisher_counters.h"

enum {
    BACKLOG_KEPT_MS = 5000, /* and no more than a quarter of the limit */
};

/* One master's share; embedded in its owner. */
struct backlog_queue {
    struct list in_backlog;
    struct list kept, sent, unsent; /* struct entry */
    struct list sharing;            /* entries on their way to another queue */
    size_t n_sent, bytes_sent;      /* read freely */
    struct backlog *backlog;
};

struct backlog {
    struct list queues;
    struct backlog_queue loose; /* of entries whose master is not known */
    size_t limit, kept_limit;
    size_t n, bytes;              /* sent or not; read freely */
    size_t n_again, bytes_kept;   /* of n, those that were acknowledged once before */
    uint32_t term;                /* of what is added */
    struct backlog_queue *begun;  /* has the parts of the block that is being added; NULL: none */
    bool losing;                  /* that block does not fit: the rest of it goes too */
    enum publisher_drop drop_why; /* why what does not fit is dropped: full, or standby */
    struct missed missed;
    uint64_t last_order;
    uint64_t added, acked, dropped[PUBLISHER_DROPS], missed_blocks;
    /* An event is dropped that never had a number: it uses one up. Set once; may be NULL. */
    void (*on_drop)(void *ctx, const char *stream, size_t len, uint32_t term);
    void *ctx;
};

void backlog_init(struct backlog *b, size_t limit);
void backlog_fini(struct backlog *b); /* frees the entries; queues have no end of their own then */

void backlog_queue_init(struct backlog *b, struct backlog_queue *q);
void backlog_queue_fini(struct backlog_queue *q); /* it must be empty: see backlog_spread() */

/* Take the entry over. queue NULL: loose. */
void backlog_add(struct backlog *b, struct backlog_queue *q, struct entry *entry);

/* Is there room, once older ones are dropped? False: it is counted as dropped, as is the rest of
 * the block that it is of. Ask before the entry is made. */
bool backlog_fits(struct backlog *b, const struct event *event);

/* An entry that could not even be made: counted as added and dropped. */
void backlog_lose(struct backlog *b, const struct event *event, enum publisher_drop why);

/* The oldest entry that is not sent; NULL: all are. A block's end says from here on what was
 * missed. */
struct entry *backlog_next(struct backlog_queue *q);
void backlog_sent(struct backlog_queue *q); /* that one is now */

/* The oldest sent entry is done with, and kept for a while. False: nothing was sent that could be.
 * *again: it had been acknowledged before. */
bool backlog_ack(struct backlog_queue *q, uint64_t now_ms, bool *again);
const struct entry *backlog_awaited(const struct backlog_queue *q); /* that one; NULL: none */

/* Forget what was kept for too long: called while the master is there. */
void backlog_age(struct backlog_queue *q, uint64_t now_ms);

/* The link is lost: nothing is sent, no answer will come. kept: what was kept goes again too. */
void backlog_rewind(struct backlog_queue *q, bool kept);

/* The oldest entry of all that is not sent is done with, for some other reason; a block goes whole.
 * False: there is none. */
bool backlog_drop_oldest(struct backlog *b, enum publisher_drop why);

/* The oldest entry that is not sent; NULL: there is none. */
const struct entry *backlog_oldest(struct backlog *b);

/* Everything not sent that was had before then (Unix microseconds) goes. */
void backlog_drop_before(struct backlog *b, uint64_t time_us, enum publisher_drop why);

/* This entry, which is not sent, turned out to be in Redis already. */
void backlog_drop_repeat(struct backlog_queue *q, struct entry *entry);

/* A new epoch: no entry has a number any more, and none is kept. Nothing is sent. */
void backlog_unnumber(struct backlog *b);

/* Share all out anew, in order, what was kept too; nothing is sent. queue_of: NULL where the master
 * is not known. */
typedef struct backlog_queue *backlog_queue_of_fn(void *ctx, const struct entry *entry);
void backlog_spread(struct backlog *b, backlog_queue_of_fn *queue_of, void *ctx);

uint64_t backlog_dropped(const struct backlog *b); /* for whatever reason */

#endif
