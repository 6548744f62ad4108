/* backoff.h - how long to wait before trying again: exponential, with full jitter above a floor. */
#ifndef COMMON_BACKOFF_H
#define COMMON_BACKOFF_H

#include <stdint.h>

struct backoff {
    uint32_t first_ms, most_ms; /* the first wait's upper bound, and the highest */
    unsigned failures;          /* in a row */
};

/* The next wait in milliseconds: between half and all of min(first * 2^failures, most). Counts the
 * failure. random is any uniformly distributed number (an argument, so that tests are exact). */
uint32_t backoff_next(struct backoff *b, uint32_t random);

/* It worked: the next failure begins again with first_ms. */
void backoff_reset(struct backoff *b);

/* A random number from the kernel's generator. */
uint32_t backoff_random(void);

#endif
