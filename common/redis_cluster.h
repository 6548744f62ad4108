/* redis_cluster.h - asks a Cluster for its map: CLUSTER SLOTS, of one node after the other. */
#ifndef COMMON_REDIS_CLUSTER_H
#define COMMON_REDIS_CLUSTER_H

#include "common/redis_finder.h"

struct redis_cluster; /* opaque */

/* All borrowed. NULL: out of memory. */
struct redis_cluster *redis_cluster_new(uv_loop_t *loop, const struct redis_url *url,
                                        redis_found_fn *found, void *ctx);
void redis_cluster_free(struct redis_cluster **c); /* the loop must run once more; NULL is fine */

/* Ask the next of the masters in `known` and of the URL's own; found() follows once. Not while an
 * answer is awaited. */
void redis_cluster_ask(struct redis_cluster *c, const struct redis_map *known);

#endif
