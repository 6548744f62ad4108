/* backoff.c - see backoff.h. */
#include "common/backoff.h"

#include <errno.h>
#include <limits.h>
#include <sys/random.h>
#include <time.h>

/* min(first * 2^failures, most), without a step past 32 bits. */
static uint32_t longest(const struct backoff *b)
{
    uint64_t wait = b->first_ms;
    for (unsigned i = 0; i < b->failures && wait && wait < b->most_ms; i++)
        wait *= 2;
    return wait < b->most_ms ? (uint32_t)wait : b->most_ms;
}

uint32_t backoff_next(struct backoff *b, uint32_t random)
{
    uint32_t most = longest(b), least = most / 2;
    uint64_t span = (uint64_t)most - least + 1;

    if (b->failures < UINT_MAX)
        b->failures++;
    return least + (uint32_t)(span * random >> 32); /* random / 2^32 of the span */
}

void backoff_reset(struct backoff *b)
{
    b->failures = 0;
}

uint32_t backoff_random(void)
{
    uint32_t random;
    struct timespec now;

    while (getrandom(&random, sizeof random, 0) < 0)
        if (errno != EINTR) { /* no such call here: the clock spreads well enough */
            clock_gettime(CLOCK_MONOTONIC, &now);
            return (uint32_t)now.tv_nsec * 2654435761u;
        }
    return random;
}
