/* rate.h - so many a second on average, and `burst` seconds' worth of it at once.
 *
 * It keeps one number: the time at which everything taken so far would have been earned. Zeroed it
 * is unused.
 */
#ifndef GATEWAY_RATE_H
#define GATEWAY_RATE_H

#include <stdbool.h>
#include <stdint.h>

enum { RATE_BURST_S = 10 };

struct rate {
    uint64_t paid_us;
};

/* per_second 0: no limit. amount: at most a burst's worth, or it is never given. False: over it,
 * and nothing was taken. */
static inline bool rate_take(struct rate *r, uint64_t now_ms, uint64_t per_second, uint64_t amount)
{
    uint64_t now_us = now_ms * 1000, from = r->paid_us > now_us ? r->paid_us : now_us;

    if (per_second == 0)
        return true;
    uint64_t until = from + amount * 1000000 / per_second;
    if (until - now_us > (uint64_t)RATE_BURST_S * 1000000)
        return false;
    r->paid_us = until;
    return true;
}

#endif
