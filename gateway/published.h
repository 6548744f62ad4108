/* published.h - what publishers say that they publish (common/directory.h), read when it is asked
 * for.
 *
 * Nothing is read while nobody asks, and what was read a moment ago serves whoever asks next. Who
 * publishes past Sluice's publishers is in no directory: then it is unknown what is published.
 */
#ifndef GATEWAY_PUBLISHED_H
#define GATEWAY_PUBLISHED_H

#include <stdbool.h>
#include <stdint.h>

#include "common/list.h"
#include "common/text.h"

struct published;
struct redis_asker;

enum {
    PUBLISHED_FRESH_MS = 1000,
    PUBLISHED_SHOWN_MAX = 1000, /* streams, the busiest */
};

/* Somebody who waits for it. Zero-initialised waits for nothing. */
struct published_waiter {
    struct list in_published;
    void (*ready)(struct published_waiter *w);
};

/* The asker is borrowed, and ends first. NULL: out of memory. */
struct published *published_new(struct redis_asker *asker, const char *prefix);
void published_free(struct published **p); /* NULL is fine; nobody waits any more */

/* True: what there is may be used now. False: ready() comes, once, unless it leaves before. */
bool published_want(struct published *p, struct published_waiter *w, uint64_t now_ms);
void published_leave(struct published_waiter *w);

/* As JSON: [{"stream":S,"rate":R,"last_ms":L},...], or "unknown". p may be NULL. */
void published_add(const struct published *p, struct text *out);

#endif
