/* recovery.h - a new leader's look at the histories: which of the events that it has held were sent
 * by the leader before?
 *
 *   backlog --> [streams with a history] --XREVRANGE--> Redis
 *   backlog <--backlog_drop_repeat()----- what is in there
 *
 * An event is known by its tag; one without by its text. A block is known by its height: those up
 * to the last end of a block in the history are done, all others are sent whole. Of a stream that
 * keeps its last value, and has neither tags nor a history, only the newest event is sent. All
 * others without a history are sent: readers know repeats by their tags.
 *
 * Limit: RECOVERY_STREAMS_MAX streams are looked up, those of the oldest events first; events of
 * others count as not sent.
 */
#ifndef PUBLISHER_RECOVERY_H
#define PUBLISHER_RECOVERY_H

#include <stdbool.h>

#include "common/redis_asker.h"
#include "common/redis_name.h"
#include "publisher/backlog.h"

enum {
    RECOVERY_STREAMS_MAX = 100000,
    RECOVERY_ASKED_MOST = 64, /* histories at a time */
    RECOVERY_SPARE = 32,      /* entries read of a history beyond the number of events held */
};

struct recovery; /* opaque */

/* All are borrowed. done: nothing in the backlog was sent by another any more; never called from
 * within recovery_start(). NULL: out of memory. */
struct recovery *recovery_new(struct backlog *backlog, struct redis_asker *asker,
                              const struct redis_naming *naming, void (*done)(void *ctx),
                              void *ctx);
void recovery_free(struct recovery **recovery); /* after the asker; NULL is fine */

/* Begin, or begin anew. Nothing may be sent until done(). */
void recovery_start(struct recovery *r);
void recovery_stop(struct recovery *r);

/* Part of the loop's turn: ask on. */
void recovery_turn(struct recovery *r);

uint64_t recovery_repeats(const struct recovery *r); /* events found to be in Redis already */

#endif
