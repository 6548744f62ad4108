/* lane.h - the link to one Redis master: sends its queue in order until all is acknowledged.
 *
 *   queue --lane_turn()----> [PUBLISH or EVALSHA, pipelined] --> master
 *   queue <--backlog_ack()-- [replies, in order]  <--
 *
 *   AWAY -> CONNECTING -> GREETING -> OPEN      and from each of them back to AWAY
 *
 * A lost link is made again with backoff, and everything that was not acknowledged is sent again
 * in order: ids make repeats harmless. An answer that says "not now" or "not here" counts as a lost
 * link too. What it took nevertheless of what came behind is final: an event that a later one of
 * its stream has overtaken so is refused, since it would be out of order. A server that is another
 * one than before gets what was acknowledged in the last seconds again: it may not have been
 * replicated.
 *
 * A block is sent whole: the window is looked at between blocks only.
 *
 * Invariants
 *   I1  what is sent and not acknowledged is of the host's term, under its epoch;
 *   I2  while GREETING two answers are awaited: who the server is, and the script's name; while
 *       OPEN one for each entry that is sent.
 */
#ifndef PUBLISHER_LANE_H
#define PUBLISHER_LANE_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "common/log.h"
#include "common/redis_name.h"
#include "common/redis_url.h"
#include "publisher/backlog.h"
#include "publisher/streams.h"

enum {
    LANE_RETRY_FIRST_MS = 50, /* the first wait after a lost link, doubled up to the next */
    LANE_RETRY_MOST_MS = 5000,
    LANE_ANSWER_MS = 10000,         /* without an answer for so long the link is dropped */
    LANE_WINDOW = 4 * 1024 * 1024,  /* bytes sent and not acknowledged; then it waits. And never
                                       more than half of the backlog over all lanes */
    LANE_UNSENT_MOST = 1024 * 1024, /* bytes handed to the connection ahead of its socket */
    LANE_WHY_MAX = 256,
};

struct lane; /* opaque */

struct lane_counts {
    uint64_t published; /* acknowledged by Redis */
    uint64_t repeated;  /* acknowledged once more */
    uint64_t refused;   /* answered with an error, and not sent again */
};

/* What all lanes share; it outlives them. */
struct lane_host {
    uv_loop_t *loop;
    struct backlog *backlog;
    const struct redis_naming *naming;
    const struct redis_login *login;
    struct streams *streams; /* numbers of this epoch */
    uint32_t term;           /* what may be sent... */
    uint64_t epoch;          /* ...and under which epoch; 0: nothing */
    bool full;               /* set when a number can only be had in a new term */
    bool paused;             /* nothing new is sent for now */
    size_t window;           /* bytes sent and not acknowledged, of one lane */
    struct lane_counts counts;
    struct log_limit failures, refusals;
    void *ctx;
    bool (*may_send)(void *ctx); /* asked right before bytes go to a socket */
    void (*wrong)(void *ctx);    /* the master may be another: look again */
    /* Somebody else writes this entry's stream, under that epoch. */
    void (*superseded)(void *ctx, const struct entry *entry, const char *epoch);
};

/* NULL: out of memory. */
struct lane *lane_new(struct lane_host *host, const struct redis_address *address);
void lane_free(
    struct lane **lane); /* its queue is empty; the loop must run once more; NULL is fine */

void lane_start(struct lane *lane); /* begin to connect */

/* Once per turn of the loop, before it waits: send what came in, in one write. */
void lane_turn(struct lane *lane);

/* Drop the connection with whatever is in it, and begin anew at once. kept: what was acknowledged
 * a short while ago is not sent again any more than the rest: it is unsent too. */
void lane_reset(struct lane *lane, bool kept);

struct backlog_queue *lane_queue(struct lane *lane);
const struct redis_address *lane_address(const struct lane *lane);
bool lane_is_open(const struct lane *lane);

#endif
