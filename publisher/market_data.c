/* market_data.c - see market_data.h. */
#include "publisher/market_data.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static int load(struct market_data *m, const struct market_data_settings *s,
                char error[MARKET_DATA_ERROR_MAX])
{
    char why[DRIFT_MARKETS_ERROR_MAX];

    _Static_assert((int)DRIFT_MARKETS_ERROR_MAX >= (int)MARKET_NAMES_ERROR_MAX, "why serves both");
    int err = drift_markets_load(&m->drift.markets, s->drift_markets, why);
    if (err) {
        snprintf(error, MARKET_DATA_ERROR_MAX, "drift-markets: %s", why);
        return err;
    }
    if (!*s->injective_markets)
        return 0;
    err = market_names_load(&m->injective.names, s->injective_markets, why);
    if (err)
        snprintf(error, MARKET_DATA_ERROR_MAX, "injective-markets: %s", why);
    return err;
}

int market_data_init(struct market_data *m, const struct market_data_settings *settings,
                     char error[MARKET_DATA_ERROR_MAX])
{
    *m = (struct market_data){.on = settings->on};
    if (!m->on)
        return 0;
    m->drift.depth = m->injective.depth = settings->levels;
    m->drift.levels = calloc(2 * settings->levels, sizeof *m->drift.levels);
    int err = m->drift.levels ? market_books_init(&m->injective.books) : -ENOMEM;
    snprintf(error, MARKET_DATA_ERROR_MAX, "out of memory");
    if (!err)
        err = load(m, settings, error);
    if (err)
        market_data_fini(m);
    return err;
}

void market_data_fini(struct market_data *m)
{
    drift_markets_fini(&m->drift.markets);
    free(m->drift.levels);
    market_names_fini(&m->injective.names);
    market_books_fini(&m->injective.books);
    market_sink_fini(&m->sink);
    *m = (struct market_data){0};
}

/* The data was checked by whoever read it, and has no white space around it: no need to look at
 * all of it again. */
void market_data_take(struct market_data *m, const struct event *event, event_fn *emit, void *ctx)
{
    struct json_value data = {.at = event->data, .len = event->data_len, .kind = JSON_OBJECT};

    if (!m->on || event->data_len == 0 || *event->data != '{')
        return;
    m->sink.emit = emit;
    m->sink.ctx = ctx;
    market_drift_take(&m->drift, event, data, &m->sink);
    market_injective_take(&m->injective, event, data, &m->sink);
}

void market_data_again(struct market_data *m)
{
    if (m->on)
        market_books_clear(&m->injective.books);
}
