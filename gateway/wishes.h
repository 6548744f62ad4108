/* wishes.h - the channels a connection is to hear, and which of them Redis has been asked for.
 *
 * The bookkeeping of link_node.c, without I/O: wishes go in, batches of channels to subscribe and
 * unsubscribe come out.
 *
 *   wish(true) -> NEW -> wishes_subscribe() -> ASKED -> wishes_confirm() -> HEARD
 *                  ^                             |                            |
 *                  '--- wishes_retry() --- REFUSED <--- wishes_void() --------'
 *
 *   wish(false) on ASKED or HEARD -> LINGERING -> wishes_unsubscribe() -> gone
 *
 * Redis answers in the order in which it was asked, and an error names no channel: it is counted
 * against the one that has waited longest. Should that be the wrong one (it may have been asked for
 * twice, or the error be of an UNSUBSCRIBE), no harm is done: it is asked for again, and so is, by
 * wishes_retry(), what has waited for 10 s.
 *
 * Invariant: a channel is here while it is wanted or Redis may still think so.
 */
#ifndef GATEWAY_WISHES_H
#define GATEWAY_WISHES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/list.h"
#include "common/redis_name.h"
#include "common/table.h"

enum {
    WISHES_BATCH = 512,   /* channels in one SUBSCRIBE: Redis does one command at a time */
    WISHES_WINDOW = 8192, /* asked for and not answered yet */
    WISHES_ANSWER_MS = 10000,
};

struct wish {
    struct table_node node;
    struct list at; /* on one of the lists */
    bool wanted, asked, confirmed;
    uint64_t until_ms; /* lingering: when it ends; asked: when it is asked for again */
    size_t len;
    uint16_t stream_len; /* the channel's last bytes are the stream */
    char channel[];      /* ends with NUL */
};

struct wishes {
    struct table table;
    struct list new, asked, heard, refused;
    struct list lingering;             /* in the order in which they end */
    size_t awaited;                    /* asked and not confirmed */
    const struct redis_naming *naming; /* borrowed */
    uint64_t linger_ms;
};

typedef void wishes_stream_fn(void *ctx, const char *stream, size_t len);

int wishes_init(struct wishes *w, const struct redis_naming *naming,
                uint64_t linger_ms); /* 0; -ENOMEM */
void wishes_fini(struct wishes *w);

/* 0; -ENOMEM, and then the wish is not noted. */
int wishes_note(struct wishes *w, const char *stream, size_t len, bool wanted, uint64_t now_ms);

/* Up to `most` (at most WISHES_BATCH) channels to be subscribed now: borrowed until the next call
 * of anything here. They count as asked for. Returns their number: 0 when there are none left, or
 * as many are awaited as may be. */
size_t wishes_subscribe(struct wishes *w, uint64_t now_ms, size_t most,
                        const char *channels[WISHES_BATCH], size_t lens[WISHES_BATCH]);
bool wishes_all_asked(const struct wishes *w); /* nothing is new */

/* The same for channels whose linger is over; done() with them once the command is queued. */
size_t wishes_unsubscribe(struct wishes *w, uint64_t now_ms, const char *channels[WISHES_BATCH],
                          size_t lens[WISHES_BATCH]);
void wishes_unsubscribed(struct wishes *w, size_t n);

/* Redis has confirmed the subscription. True when the stream is wanted. */
bool wishes_confirm(struct wishes *w, const char *stream, size_t len);
bool wishes_confirmed(struct wishes *w, const char *stream, size_t len);

/* Redis refused what it was asked for first of what it has not answered. True: there was such. */
bool wishes_refuse(struct wishes *w);

/* Redis has ended a subscription by itself. True when the stream was confirmed and wanted. */
bool wishes_void(struct wishes *w, const char *stream, size_t len);

/* Refused, voided, or not answered for 10 s: to be asked for again. True: there were such. */
bool wishes_retry(struct wishes *w, uint64_t now_ms);

/* The connection is gone: nothing is asked for any more, and what lingered is forgotten. lost is
 * called for each wanted stream that was confirmed, and may not call anything here. */
void wishes_reset(struct wishes *w, wishes_stream_fn *lost, void *ctx);

/* Where a stream's wish belongs now. */
typedef struct wishes *wishes_home_fn(void *ctx, const char *stream, size_t len);

/* Every wish moves to where it belongs, w or another; what lingers there is forgotten. lost as
 * above. Returns how many wanted ones moved. */
size_t wishes_move(struct wishes *w, wishes_home_fn *home, wishes_stream_fn *lost, void *ctx);

#endif
