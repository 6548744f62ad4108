/* redis_sentinel.h - asks the sentinels of a URL, all at once, where the master is.
 *
 * The address that most of those who answer name is believed. It is sure when more than half of the
 * sentinels in the URL name it: a sentinel that is cut off from the others may name a master that
 * has been replaced. The search ends as soon as that is so, or when all have answered or failed.
 */
#ifndef COMMON_REDIS_SENTINEL_H
#define COMMON_REDIS_SENTINEL_H

#include "common/redis_finder.h"

struct redis_sentinel; /* opaque */

/* All borrowed. NULL: out of memory. */
struct redis_sentinel *redis_sentinel_new(uv_loop_t *loop, const struct redis_url *url,
                                          redis_found_fn *found, void *ctx);
void redis_sentinel_free(struct redis_sentinel **s); /* the loop must run once more; NULL is fine */

/* found() follows once. Not while it is awaited. */
void redis_sentinel_ask(struct redis_sentinel *s);

#endif
