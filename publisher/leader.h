/* leader.h - may this process publish, and under which epoch?
 *
 *   outbox --leader_want()-----------------> leader --lease_ask()--> Redis
 *   outbox <--began(), ended(), follows()--- leader <--------------
 *
 *   IDLE -> SEEKING -> LEADING      and back, when the lease has run out or is another's
 *
 * Without a name there is no lease: an epoch is asked for when one is wanted, and holds for good.
 * With one, the lease is sought at once and again and again, and renewed four times in its life.
 *
 * When Redis has forgotten the lease (FLUSHALL), whoever stands by leaves it to the leader for
 * LEASE_MS: renewing it makes it anew.
 *
 * The lease is ours until LEASE_MS - LEADER_SPARE_MS after the last renewal was sent, by a clock
 * that goes on while the machine sleeps or the process is stopped. Redis gives it to another only
 * LEASE_MS after it got that renewal, which is later.
 */
#ifndef PUBLISHER_LEADER_H
#define PUBLISHER_LEADER_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "publisher/lease.h"

enum {
    LEADER_SPARE_MS = 1000,
    LEADER_RENEW_MS = 1000,
    LEADER_POLL_MS = 250,      /* how often who stands by asks for the lease */
    LEADER_PATIENCE_MS = 3000, /* for an answer; then the connection is of no use */
    LEADER_REST_MS = 5000,     /* who gave up the lease does not ask for it meanwhile */
    LEADER_GOODBYE_MS = 1000,  /* for the answer to giving it up for good */
};

struct leader; /* opaque */

struct leader_events {
    /* A term, ours until ended(). anew: it was not ours right before. */
    void (*began)(void *ctx, uint64_t epoch, bool anew);
    void (*ended)(void *ctx, const char *why); /* nothing may go out any more */
    void (*follows)(void *ctx);                /* another leads, as of now; again and again */
};

struct leader_counts {
    uint64_t terms, losses;
};

/* asker, prefix, name and events are borrowed; name NULL: no lease. NULL: out of memory. */
struct leader *leader_new(uv_loop_t *loop, struct redis_asker *asker, const char *prefix,
                          const char *name, const struct leader_events *events, void *ctx);
void leader_free(struct leader **leader); /* the loop must run once more; NULL is fine */

void leader_start(struct leader *l);

/* A new term is wanted: began() follows, unless the lease is another's. May be said again. */
void leader_want(struct leader *l);

/* May something go out at this moment? When the lease has just run out: ended() comes from within
 * the call. */
bool leader_holds(struct leader *l);

/* Give the lease up, and rest for LEADER_REST_MS. ended() does not follow. */
void leader_yield(struct leader *l);

/* Give the lease up for good; leader_gone() when Redis knows, or cannot be told. */
void leader_leave(struct leader *l);
bool leader_gone(const struct leader *l);

struct leader_counts leader_counts(const struct leader *l);

#endif
