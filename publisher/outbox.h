/* outbox.h - the link to Redis: sends the backlog in order until every entry is acknowledged.
 *
 *   backlog --outbox_turn()--> [PUBLISH or EVALSHA, pipelined] --> Redis
 *   backlog <--backlog_ack()-- [replies, in order]  <--
 *
 *   AWAY -> CONNECTING -> OPEN <-> ASKING, LOADING      and from each of them back to AWAY
 *
 * A lost link is made again with backoff, and everything that was not acknowledged is sent again
 * in order: ids make repeats harmless, since readers drop what is not newer. The script by which
 * entries with a last value are written is loaded on each connection before its first use; should
 * Redis forget it, the link counts as lost.
 *
 * Invariants
 *   I1  what is sent and not acknowledged is of one term, the one whose epoch we hold: before the
 *       first entry of another goes out, all of the former is acknowledged;
 *   I2  so while ASKING the next reply is the epoch, while LOADING it is the script's name, and
 *       while OPEN it is the answer to an entry.
 */
#ifndef PUBLISHER_OUTBOX_H
#define PUBLISHER_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "common/redis_url.h"
#include "publisher/backlog.h"

enum {
    OUTBOX_RETRY_FIRST_MS = 50, /* the first wait after a lost link, doubled up to the next */
    OUTBOX_RETRY_MOST_MS = 5000,
    OUTBOX_ANSWER_MS = 10000,         /* without an answer for so long the link is dropped */
    OUTBOX_WINDOW = 4 * 1024 * 1024,  /* bytes sent and not acknowledged; then it waits */
    OUTBOX_UNSENT_MOST = 1024 * 1024, /* bytes handed to the connection ahead of its socket */
};

struct outbox; /* opaque */

struct outbox_counts {
    uint64_t published; /* acknowledged by Redis */
    uint64_t refused;   /* answered with an error, and not sent again */
};

/* All are borrowed until outbox_free(). NULL: out of memory. */
struct outbox *outbox_new(uv_loop_t *loop, struct backlog *backlog, const struct redis_url *url,
                          const char *prefix);

/* The loop must run once more. NULL is fine. */
void outbox_free(struct outbox **outbox);

/* Begin to connect. */
void outbox_start(struct outbox *o);

/* Once per turn of the loop, before it waits: send what came in, in one write. */
void outbox_turn(struct outbox *o);

/* Does Redis take events now? */
bool outbox_is_open(const struct outbox *o);

struct outbox_counts outbox_counts(const struct outbox *o);

#endif
