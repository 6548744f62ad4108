/* drift.h - what all clients of the Drift dialect share in a process. */
#ifndef GATEWAY_DIALECTS_DRIFT_H
#define GATEWAY_DIALECTS_DRIFT_H

#include <stddef.h>

#include "common/drift_markets.h"
#include "common/list.h"
#include "gateway/last_value.h"

struct client_host;

/* In host->shared[SHARED_DRIFT]; made and freed by drift.c. */
struct drift {
    struct client_host *host;
    struct drift_markets markets;
    struct last_value_source last_values;
    struct list unasked; /* order-book views that have still to ask for their last value */
    char *quoted;        /* room for the text of the message at hand as a JSON string */
    size_t quoted_cap;
};

#endif
