/* market_injective.h - Injective's events as market data, made of the firehoses of a block.
 *
 *   injective.spot_trades, injective.derivative_trades
 *       A match shows up once for either side; only the taker's is told, so that volumes add up.
 *       What is no match of the book (a settlement, an offset position) is none here either.
 *   injective.spot_orderbook_updates, injective.derivative_orderbook_updates
 *       Levels that have changed: the book is kept from them, and told after each.
 *   injective.spot_orderbook_snapshots, injective.derivative_orderbook_snapshots
 *       The same form, but each is a whole book. The node does not send these: they come from
 *       whoever fetches them, through a source of lines.
 */
#ifndef PUBLISHER_MARKET_INJECTIVE_H
#define PUBLISHER_MARKET_INJECTIVE_H

#include "common/json_span.h"
#include "publisher/market_books.h"
#include "publisher/market_names.h"

struct market_injective {
    struct market_names names;
    struct market_books books;
    size_t depth; /* of a side of a book that is told */
};

/* Whatever the event is: those that are not for it are left alone. */
void market_injective_take(struct market_injective *m, const struct event *event,
                           struct json_value data, struct market_sink *sink);

#endif
