/* market_data.h - trades and order books of all venues in one schema, made of their native events.
 *
 *   source --event--> intake --market_data_take()--> [market_drift, market_injective] --> emit()
 *
 * A stage between the sources and the publisher: it looks at each event that passes, and hands over
 * the events that it makes of it besides. market_sink.h says what they look like. It goes by the
 * names of the native streams, so it is the same whether they come from a server or a recording.
 */
#ifndef PUBLISHER_MARKET_DATA_H
#define PUBLISHER_MARKET_DATA_H

#include <stdbool.h>

#include "publisher/market_drift.h"
#include "publisher/market_injective.h"

enum { MARKET_DATA_ERROR_MAX = 400 };

struct market_data_settings {
    bool on;
    uint64_t levels;               /* of a side of a book that is told, 1 to MARKET_LEVELS_MAX */
    const char *injective_markets; /* file of names; "": none */
    const char *drift_markets;     /* file; "": the table that is built in */
};

/* Zero-initialised is off. */
struct market_data {
    bool on;
    struct market_drift drift;
    struct market_injective injective;
    struct market_sink sink; /* its counts are read freely */
};

/* 0; -errno with one line in error that names the setting, and then it is off. */
int market_data_init(struct market_data *m, const struct market_data_settings *settings,
                     char error[MARKET_DATA_ERROR_MAX]);
void market_data_fini(struct market_data *m);

/* Hand over what the event means as market data: nothing for most events. Its data is valid JSON.
 */
void market_data_take(struct market_data *m, const struct event *event, event_fn *emit, void *ctx);

/* What comes is not the continuation of what came: kept books begin anew. */
void market_data_again(struct market_data *m);

#endif
