/* drift_stream.h - which of the server's channels a stream of Drift's is made of.
 *
 *   orderbook_perp_0[_grouped_10][_indicative]   trades_spot_1   priorityFees_perp_0
 *   trade.drift.SOL-PERP   book.drift.SOL-PERP   (market data made of trades and order books)
 *
 * The name without a grouping is that of grouping 1.
 */
#ifndef PUBLISHER_SOURCES_DRIFT_STREAM_H
#define PUBLISHER_SOURCES_DRIFT_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "common/drift_markets.h"

enum drift_channel { DRIFT_ORDERBOOK, DRIFT_INDICATIVE, DRIFT_TRADES, DRIFT_FEES, DRIFT_CHANNELS };

enum { DRIFT_REQUEST_MAX = 256 };

struct drift_stream {
    enum drift_channel channel;
    enum drift_market_type type;
    unsigned index;
    unsigned grouping; /* of order books: 1, 10, 100, 500, 1000; else 0 */
};

extern const char *const drift_channel_names[DRIFT_CHANNELS]; /* as in requests */

bool drift_grouping_valid(unsigned grouping);

/* False: it is made of none, or of a market that the table does not know. */
bool drift_stream_read(const char *name, size_t len, const struct drift_markets *markets,
                       struct drift_stream *stream);

bool drift_stream_equal(const struct drift_stream *a, const struct drift_stream *b);

/* {"type":"subscribe",...} or "unsubscribe"; returns its length. The market must be in the table.
 */
size_t drift_stream_request(const struct drift_stream *stream, const char *type,
                            const struct drift_markets *markets, char buf[DRIFT_REQUEST_MAX]);

#endif
