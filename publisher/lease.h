/* lease.h - how a term begins in Redis: two small scripts.
 *
 *   without a name   epoch = max(Redis' clock in ms, last epoch + 1), kept in <prefix>_epoch
 *   with a name      the same, given only to whoever holds the lease <prefix>_lead.<name>: a hash
 * of its owner, the time until which it is his, and the last epoch
 *
 * Only Redis' clock counts, so that two publishers on two machines never get the same epoch, and a
 * clock that was set back never gives out an older one. Each script touches one key.
 */
#ifndef PUBLISHER_LEASE_H
#define PUBLISHER_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/redis_asker.h"
#include "common/redis_name.h"

enum {
    LEASE_NAME_MAX = 64,
    LEASE_OWNER_MAX = 128,
    LEASE_MS = 4000, /* from the last renewal, by Redis' clock */
};

/* May a lease be called that? 1 to LEASE_NAME_MAX of [A-Za-z0-9._+-]. */
bool lease_name_valid(const char *name);

enum lease_wish {
    LEASE_TAKE,    /* when it is nobody's, or ours: a new term */
    LEASE_INHERIT, /* the same, but not when Redis has forgotten it: who leads may still keep it */
    LEASE_KEEP,    /* while it is ours under that epoch, or Redis has forgotten it */
    LEASE_FREE,    /* if it is ours */
};

struct lease {
    const char *prefix, *name; /* borrowed; name NULL: no lease, and every wish is to take */
    char owner[LEASE_OWNER_MAX];
};

/* Host, process and a random number: nobody else's. */
void lease_init(struct lease *l, const char *prefix, const char *name);

/* 0; or what redis_asker_ask() says: nothing was asked. epoch: of LEASE_KEEP. */
int lease_ask(const struct lease *l, struct redis_asker *asker, enum lease_wish wish,
              uint64_t epoch, redis_answer_fn *fn, void *ctx);

/* What an answer holds: the epoch under which it is ours, 0: it is not, and then owner (borrowed
 * from the answer) has it; empty: Redis has forgotten whose it is. 0; -EBADMSG: it is no such
 * answer, perhaps an error reply. */
int lease_read(const struct redisReply *answer, uint64_t *epoch, const char **owner);

#endif
