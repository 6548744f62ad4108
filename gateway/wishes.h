/* wishes.h - the channels a link wants, and which of them Redis has been asked for.
 *
 * The bookkeeping of link.c, without I/O: wishes go in, batches of channels to subscribe and
 * unsubscribe come out.
 *
 *   wish(true) -> CHANGED -> wishes_subscribe() -> ASKED -> wish(false) -> LINGERING
 *        ^                                           ^---- wish(true) -------'  |
 *        '------------------------- gone <- wishes_unsubscribe() <--------------'
 *
 * Invariant: a channel is here while it is wanted or Redis may still think so.
 */
#ifndef GATEWAY_WISHES_H
#define GATEWAY_WISHES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/list.h"
#include "common/table.h"

enum { WISHES_BATCH = 512 }; /* channels in one SUBSCRIBE: Redis does one command at a time */

struct wish {
    struct table_node node;
    struct list at; /* on new, asked or lingering */
    bool wanted, asked, confirmed;
    uint64_t until_ms; /* lingering: when it ends */
    size_t len;
    char channel[]; /* prefix included; ends with NUL */
};

struct wishes {
    struct table table;
    struct list new, asked, lingering; /* lingering: in the order in which they end */
    const char *prefix;
    size_t prefix_len;
    uint64_t linger_ms;
};

int wishes_init(struct wishes *w, const char *prefix, uint64_t linger_ms); /* 0; -ENOMEM */
void wishes_fini(struct wishes *w);

/* 0; -ENOMEM, and then the wish is not noted. */
int wishes_note(struct wishes *w, const char *stream, size_t len, bool wanted, uint64_t now_ms);

/* Up to WISHES_BATCH channels to be subscribed now: borrowed until the next call of anything here.
 * Returns their number, 0 when there are none left. They count as asked for. */
size_t wishes_subscribe(struct wishes *w, const char *channels[WISHES_BATCH],
                        size_t lens[WISHES_BATCH]);

/* The same for channels whose linger is over; done() with them once the command is queued. */
size_t wishes_unsubscribe(struct wishes *w, uint64_t now_ms, const char *channels[WISHES_BATCH],
                          size_t lens[WISHES_BATCH]);
void wishes_unsubscribed(struct wishes *w, size_t n);

/* Redis has confirmed the subscription. True when the stream is wanted. */
bool wishes_confirm(struct wishes *w, const char *stream, size_t len);
bool wishes_confirmed(struct wishes *w, const char *stream, size_t len);

/* The connection is gone: nothing is asked for any more, and what lingered is forgotten. */
void wishes_reset(struct wishes *w);

#endif
