/* outbox.h - from the backlog to Redis: one lane per master, and the right to publish at all.
 *
 *   backlog --> lane --> master        leader --began(), ended()--> outbox
 *               lane --> master        recovery <-> histories
 *
 *   WAITING -> RECOVERING -> SENDING      and back to WAITING when the lease is lost
 *
 * Events go out under an epoch that the leader got from Redis. With a lease, a process that gets it
 * anew first finds out what the leader before has sent (recovery.h). Until then it stands by: the
 * backlog holds the last seconds of events, and older ones go while another leads.
 *
 * A new term, whose numbers begin anew, begins when nothing of the former is awaited any more.
 */
#ifndef PUBLISHER_OUTBOX_H
#define PUBLISHER_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "common/redis_name.h"
#include "common/redis_url.h"
#include "publisher/backlog.h"
#include "publisher/publisher_counters.h"

enum {
    OUTBOX_HELD_MS = 15000, /* what who stands by holds */
    OUTBOX_SETTLE_MS = 200, /* after a handover: what the leader before had sent comes here too */
    OUTBOX_ERROR_MAX = 400,
};

struct outbox; /* opaque */
struct redis_asker;

/* All are borrowed until outbox_free(). lead: the lease's name; NULL: none. NULL: out of memory. */
struct outbox *outbox_new(uv_loop_t *loop, struct backlog *backlog, const struct redis_url *url,
                          const struct redis_naming *naming, const char *lead);

/* The loop must run once more. NULL is fine. */
void outbox_free(struct outbox **outbox);

/* Begin to connect. */
void outbox_start(struct outbox *o);

/* Once per turn of the loop, before it waits: send what came in, in one write. */
void outbox_turn(struct outbox *o);

/* The queue for events of that stream; NULL: its master is not known yet. */
struct backlog_queue *outbox_queue(struct outbox *o, const char *stream, size_t len);

/* For questions to the same Redis; it lives as long as the outbox. */
struct redis_asker *outbox_asker(const struct outbox *o);

/* Does Redis take events now? */
bool outbox_is_open(const struct outbox *o);

/* Another publisher leads: nothing that is dropped here is lost. */
bool outbox_stands_by(const struct outbox *o);

/* Give the lease back, for good: what still waits stays here. True once Redis knows. */
bool outbox_leave(struct outbox *o);

/* Why it publishes no more and never will; NULL: it may. */
const char *outbox_failure(const struct outbox *o);

/* How many streams one term may number, fewer in tests. */
void outbox_streams_most(struct outbox *o, size_t most);

/* Fill what is known here: published, repeated, refused, role, epoch, terms, lease_losses, links,
 * links_open. */
void outbox_count(const struct outbox *o, struct publisher_counters *into);

#endif
