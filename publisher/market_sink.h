/* market_sink.h - market data in the one schema of all venues, written and handed over.
 *
 *   trade.<venue>.<market>  {"venue":V,"market":M,"market_id":I,"time_ms":T,"height":H,
 *                            "id":"…","side":"buy","price":"142.0899","quantity":"1.76"}
 *   book.<venue>.<market>   {… "seq":"77","complete":true,"bids":[["142.08","5"],…],"asks":[…]}
 *                           {… "seq":"79","expected":"78","stale":true}
 *
 * market is the name that people use, market_id the venue's own; height is a block's height or a
 * slot. Prices and quantities are exact decimals in text. side is that of the taker. Members that a
 * venue does not have are left out.
 *
 * They are no part of a block, though the event that they are made of may be: a market's streams
 * have places of their own on a Cluster, while a block travels on one path.
 */
#ifndef PUBLISHER_MARKET_SINK_H
#define PUBLISHER_MARKET_SINK_H

#include <stddef.h>
#include <stdint.h>

#include "common/decimal.h"
#include "common/text.h"
#include "publisher/event.h"

enum { MARKET_NAME_MAX = 128 }; /* bytes of a market's name or id; longer is unreadable */

struct market_level {
    struct decimal price, quantity;
};

struct market_place {
    const char *venue, *market, *market_id; /* borrowed; each ends with NUL */
    uint64_t time_ms, height;
};

struct market_trade {
    const char *id; /* NULL: none */
    size_t id_len;
    bool buy; /* the taker's side */
    struct decimal price, quantity;
};

struct market_book_view {
    const struct market_level *bids, *asks; /* the best first */
    size_t n_bids, n_asks;
    uint64_t seq; /* 0: the venue does not number its updates */
    bool complete;
};

struct market_counts {
    uint64_t trades, books; /* handed over */
    uint64_t stale;         /* books that lost an update */
    uint64_t unreadable;    /* events of which no market data could be made */
};

struct market_sink {
    struct text text; /* of one message; kept for the next */
    event_fn *emit;
    void *ctx;
    struct market_counts counts;
};

void market_sink_fini(struct market_sink *s);

void market_sink_trade(struct market_sink *s, const struct market_place *place,
                       const struct market_trade *trade);
void market_sink_book(struct market_sink *s, const struct market_place *place,
                      const struct market_book_view *book);

/* The book is not true any more: update seq came instead of expected. */
void market_sink_stale(struct market_sink *s, const struct market_place *place, uint64_t seq,
                       uint64_t expected);

#endif
