/* redis_finder.h - what a search for the masters comes to. */
#ifndef COMMON_REDIS_FINDER_H
#define COMMON_REDIS_FINDER_H

#include <stdbool.h>
#include <uv.h>

#include "common/redis_map.h"

struct redis_finding {
    const struct redis_map *map; /* valid during the call; NULL: nothing was learnt */
    const char *why;             /* without a map, or when it is not sure: one line */
    bool sure;                   /* those who answered are enough to be believed */
};

/* Called once per search, never from within the call that began it. */
typedef void redis_found_fn(void *ctx, const struct redis_finding *finding);

#endif
