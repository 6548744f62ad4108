/* catchup.h - a reader of one stream that is behind: what it missed is read from the stream's
 * history while live messages wait, and both go on in order, each message once.
 *
 *   history --pages--> catchup --pass()--> whoever is behind
 *   live messages --catchup_hold()--'      done(): live messages need not wait any more
 *
 * What waits is bounded. Over a bound all that waits is dropped, and read from the history later:
 * without a history that is a hole, and told like any other.
 */
#ifndef GATEWAY_CATCHUP_H
#define GATEWAY_CATCHUP_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/continuity.h"

struct catchup; /* opaque */
struct history;

enum {
    CATCHUP_HELD_MAX = 4096,          /* messages that wait, of one reader */
    CATCHUP_HELD_BYTES_MAX = 4 << 20, /* their bytes */
    CATCHUP_PAGE_FIRST = 8,           /* entries asked for at first; then as many as */
    CATCHUP_PAGE_BYTES = 128 * 1024,  /* are about that long together */
};

/* All bytes of all that waits in one process: shared by its readers. */
struct catchup_budget {
    size_t held, max;
};

struct catchup_events {
    /* The next message. gap: there is a hole before it; NULL: none. late: from the history. */
    void (*pass)(void *ctx, const struct message *m, const struct gap *gap, bool late);
    /* Called before any pass(): the history does not reach back to where the reader stands, or
     * there is none: whether something is missing only ids can tell. May be NULL. */
    void (*unproven)(void *ctx);
    /* In step. It may free the catchup. */
    void (*done)(void *ctx);
    /* Does it take more of the history now? NULL: always. */
    bool (*ready)(void *ctx);
};

/* at: where the reader stands; known. It is moved on by what is passed. All arguments are borrowed
 * until the end; budget may be NULL. Callbacks come from later calls only. NULL: out of memory. */
struct catchup *catchup_new(struct history *history, const char *stream, size_t len,
                            struct continuity *at, struct catchup_budget *budget,
                            const struct catchup_events *events, void *ctx);
void catchup_free(struct catchup **c); /* from within done(), too; NULL is fine */

/* A live message, which is copied. */
void catchup_hold(struct catchup *c, const struct message *m);

/* Live messages were missed: read on until now. */
void catchup_again(struct catchup *c);

#endif
