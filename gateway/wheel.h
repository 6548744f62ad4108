/* wheel.h - one deadline per client, for very many clients: a timing wheel.
 *
 * Setting, moving and ending a deadline cost the same whatever the number of entries; a tick
 * touches the entries of its own slot only. Times are in milliseconds of the caller's clock,
 * rounded up to a tick.
 */
#ifndef GATEWAY_WHEEL_H
#define GATEWAY_WHEEL_H

#include <stdint.h>

#include "common/list.h"

enum { WHEEL_TICK_MS = 100, WHEEL_SLOTS = 512 };

struct wheel_entry {
    struct list in_slot;
    uint64_t due_ms;
};

struct wheel {
    struct list slots[WHEEL_SLOTS];
    uint64_t now_tick; /* the last tick that was run */
};

void wheel_init(struct wheel *w, uint64_t now_ms);

void wheel_entry_init(struct wheel_entry *e); /* in no wheel; stopping it does nothing */

/* Set or move. A time that has passed is due at the next tick. */
void wheel_set(struct wheel *w, struct wheel_entry *e, uint64_t due_ms);
void wheel_stop(struct wheel_entry *e);

/* Called once per entry that is due; the entry is in no slot then and may be set again. */
typedef void wheel_due_fn(struct wheel_entry *e, void *ctx);

void wheel_run(struct wheel *w, uint64_t now_ms, wheel_due_fn *due, void *ctx);

#endif
