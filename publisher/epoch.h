/* epoch.h - how a term gets its epoch: by one small script that Redis runs.
 *
 *   epoch = max(Redis' clock in ms, last epoch + 1), kept in <prefix>_epoch
 *
 * Only Redis' clock counts, so that two publishers on two machines never give out the same one,
 * and a clock that was set back never gives out an older one.
 */
#ifndef PUBLISHER_EPOCH_H
#define PUBLISHER_EPOCH_H

#include <stdint.h>

#include "common/redis_conn.h"

/* Queue the command. 0; -ENOTCONN; -ENOMEM. */
int epoch_ask(struct redis_conn *conn, const char *prefix);

/* The epoch that a reply holds. 0; -EBADMSG: it holds none, and is perhaps an error reply. */
int epoch_read(const struct redisReply *reply, uint64_t *epoch);

#endif
