/* wake.h - calls a function in the loop's next turn, or after a while: a source's own pace.
 *
 * A timer of 0 ms will not do for the next turn: one that is started from its own callback may run
 * again in the same turn, and nobody else ever would.
 */
#ifndef PUBLISHER_SOURCES_WAKE_H
#define PUBLISHER_SOURCES_WAKE_H

#include <stdint.h>
#include <uv.h>

typedef void wake_fn(void *ctx);

struct wake {
    uv_idle_t idle;
    uv_timer_t timer;
    wake_fn *call, *closed;
    void *ctx;
};

void wake_init(struct wake *w, uv_loop_t *loop, wake_fn *call, void *ctx);

/* Call once, in the next turn (0) or after so many milliseconds. Takes the place of what was asked
 * for before. */
void wake_after(struct wake *w, uint64_t ms);

/* There are no more calls but the one of closed(), after which the memory is yours again. */
void wake_close(struct wake *w, wake_fn *closed);

#endif
