/* redis_topology.h - where the masters are now, whatever kind of Redis the URL names.
 *
 *   redis://           one master, which never changes
 *   redis+sentinel://  one master, the one that the sentinels name
 *   redis+cluster://   several, each the owner of some slots
 *
 * It keeps looking: a Cluster is asked for its map every 30 s, sentinels every 5 s, and at once
 * when whoever uses the masters says that something is wrong (a lost link, MOVED, READONLY):
 * redis_topology_refresh(), which may be called as often as one likes.
 *
 * A node is known by its address. After a change the user goes through the nodes: what is new is
 * connected to, what is gone is let go; redis_topology_version() tells that there was one. What is
 * said here may be old news: a master says by ROLE (or READONLY) that it is none any more.
 */
#ifndef COMMON_REDIS_TOPOLOGY_H
#define COMMON_REDIS_TOPOLOGY_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "common/redis_map.h"
#include "common/redis_url.h"

struct redis_topology; /* opaque */

enum {
    REDIS_CLUSTER_POLL_MS = 30000,
    REDIS_SENTINEL_POLL_MS = 5000,
    REDIS_REFRESH_FIRST_MS = 100, /* between searches while something is wrong: from, doubled to */
    REDIS_REFRESH_MOST_MS = 2000,
};

/* The nodes, or the owners of slots, are others than before; at the first time too. May be NULL. */
typedef void redis_topology_changed_fn(void *ctx);

/* The url is borrowed, logins included. NULL: out of memory. */
struct redis_topology *redis_topology_new(uv_loop_t *loop, const struct redis_url *url,
                                          redis_topology_changed_fn *changed, void *ctx);
void redis_topology_free(struct redis_topology **t); /* the loop must run once more; NULL is fine */

/* Begin to look. With one Redis all is known at once, and changed() comes from within this call. */
void redis_topology_start(struct redis_topology *t);

/* Something is wrong with a master: look again, soon and with growing pauses. */
void redis_topology_refresh(struct redis_topology *t);

/* Which masters there are, and whose the slots are: valid until the next change. n is 0 while
 * nothing is known yet; afterwards what is known is kept, though nobody answers any more. */
const struct redis_map *redis_topology_map(const struct redis_topology *t);
uint64_t redis_topology_version(const struct redis_topology *t); /* counts the changes */

/* The owner of a slot, as an index into the map's nodes; of REDIS_NO_SLOT: the first. REDIS_NOBODY
 * where there is none. */
int redis_topology_owner(const struct redis_topology *t, int slot);

/* May what is known be trusted now? False while fewer than half of the sentinels name the master,
 * and while a slot has no owner. */
bool redis_topology_sure(const struct redis_topology *t);

#endif
