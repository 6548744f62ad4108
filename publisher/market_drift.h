/* market_drift.h - Drift's events as market data.
 *
 *   trades_perp_0     a fill; amounts are plain decimals, the price is their quotient
 *   orderbook_perp_0  a whole book; prices and sizes are integers of fixed precision
 *
 * Books with another grouping are views of the same book and are left alone. The market's name is
 * that of the table; a market that is not in it is called by its type and index, and has a book
 * only if it is a perpetual one, whose precision is always the same.
 */
#ifndef PUBLISHER_MARKET_DRIFT_H
#define PUBLISHER_MARKET_DRIFT_H

#include "common/drift_markets.h"
#include "common/json_span.h"
#include "publisher/market_sink.h"

struct market_drift {
    struct drift_markets markets;
    struct market_level *levels; /* room for 2 * depth */
    size_t depth;                /* of a side of a book */
};

/* Whatever the event is: those that are not for it are left alone. */
void market_drift_take(const struct market_drift *d, const struct event *event,
                       struct json_value data, struct market_sink *sink);

#endif
