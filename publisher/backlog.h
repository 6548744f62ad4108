/* backlog.h - what Redis has not acknowledged yet, in order, within a limit.
 *
 *   backlog_add() -> [ sent, not acknowledged | not sent ]
 *                      ^ backlog_ack()          ^ backlog_next(), backlog_sent()
 *
 * Entries are opaque bytes. When an entry does not fit, the oldest goes: with Redis away a reader
 * is better served by the newest. After a lost link backlog_rewind() makes everything unsent again.
 *
 * It is a queue of chunks, so that an entry costs no allocation of its own and a backlog that is
 * nearly empty takes next to no memory.
 *
 * Invariants
 *   I1  the sent entries are the oldest ones;
 *   I2  bytes <= limit, unless the limit is smaller than the one entry in it: then add refuses;
 *   I3  every entry is counted once: added = acked + dropped + n.
 */
#ifndef PUBLISHER_BACKLOG_H
#define PUBLISHER_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BACKLOG_CHUNK = 64 * 1024, /* entries over a quarter of this have a chunk of their own */
    BACKLOG_ENTRY_EXTRA = 8,   /* counted towards the limit for each entry, plus up to 7 bytes */
};

struct backlog_chunk;

struct backlog_place {
    struct backlog_chunk *chunk;
    size_t at;
};

struct backlog {
    struct backlog_chunk *first, *last, *spare;
    struct backlog_place oldest, unsent;
    size_t limit;
    size_t bytes, bytes_sent; /* of all entries, and of the sent ones; read freely */
    size_t n, n_sent;         /* their numbers; read freely */
    size_t ghosts;            /* dropped after they were sent: their answers are still to come */
    uint64_t added, acked, dropped;
};

void backlog_init(struct backlog *b, size_t limit);
void backlog_fini(struct backlog *b);

/* Room for one entry of len bytes, aligned to 8, to be filled at once; drops the oldest entries
 * until it fits. NULL when it can never fit or memory is out: it is counted as dropped. */
void *backlog_add(struct backlog *b, size_t len);

/* An entry that could not even be made: counted as added and dropped. */
void backlog_lose(struct backlog *b);

/* The oldest entry that is not sent; NULL: all are. */
const void *backlog_next(const struct backlog *b, size_t *len);
void backlog_sent(struct backlog *b); /* that one is now; there must be one */

/* The oldest sent entry is done with. False: nothing was sent that could be. */
bool backlog_ack(struct backlog *b);

/* The link is lost: nothing is sent, no answer will come. */
void backlog_rewind(struct backlog *b);

/* Answers that are still to come. */
size_t backlog_awaited(const struct backlog *b);

#endif
