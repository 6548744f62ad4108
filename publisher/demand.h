/* demand.h - which streams have listeners, asked of Redis every second.
 *
 *   watcher <--appeared(), left()-- demand --PUBSUB CHANNELS or SHARDCHANNELS--> Redis
 *
 * For upstream servers that have to be asked for each address or market: what nobody listens to is
 * not asked for. A stream that lost its last listener stays for a while (the setting
 * demand-linger), in case somebody comes back. While Redis is away nothing changes.
 *
 * It has connections of its own, one to every master, made when the first watch begins. Watchers
 * may also put what they found out into Redis by it.
 */
#ifndef PUBLISHER_DEMAND_H
#define PUBLISHER_DEMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "common/list.h"
#include "common/redis_name.h"
#include "common/redis_url.h"
#include "common/table.h"

enum {
    DEMAND_POLL_MS = 1000,
    DEMAND_STREAMS_MAX = 100000, /* of one watch; more are not told of */
};

struct demand;

/* Both: a stream's name, valid during the call. */
typedef void demand_fn(void *ctx, const char *stream, size_t len);

/* Owned by the watcher; the rest is filled in by demand_watch(). */
struct demand_watch {
    const char *start; /* of the streams' names, e.g. "trades_" */
    demand_fn *appeared, *left;
    void *ctx;

    struct demand *demand;
    struct list in_demand;
    struct table streams;
    unsigned awaited; /* answers of the masters */
    bool partial;     /* one of them did not answer */
    uint64_t asked_ms;
};

/* url and naming are borrowed. NULL: out of memory. */
struct demand *demand_new(uv_loop_t *loop, const struct redis_url *url,
                          const struct redis_naming *naming, uint64_t linger_ms);
void demand_free(
    struct demand **d); /* no watch is left; the loop must run once more; NULL is fine */

int demand_watch(struct demand *d, struct demand_watch *watch); /* 0; -ENOMEM */
void demand_unwatch(struct demand_watch *watch);                /* calls nothing; may be repeated */

/* Put something into Redis: a command whose first argument is a key, written without the prefix.
 * What cannot be sent now is lost. */
void demand_tell(struct demand *d, int argc, const char *const *argv);

#endif
