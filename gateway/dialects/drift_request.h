/* drift_request.h - what a client of the Drift dialect asks for, and the stream that it means.
 *
 *   {"type":"subscribe","marketType":"perp","channel":"orderbook","market":"SOL-PERP"}
 *     --> orderbook_perp_0
 *
 * Plain calls on text: no client, no view.
 */
#ifndef GATEWAY_DIALECTS_DRIFT_REQUEST_H
#define GATEWAY_DIALECTS_DRIFT_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "common/drift_markets.h"
#include "common/json_span.h"
#include "common/stream_name.h"
#include "gateway/listen_address.h"

/* A short text of the request, decoded: as the client spelled it. */
struct drift_word {
    char at[DRIFT_MARKET_NAME_MAX];
    size_t len; /* 0: absent, no text, or longer than any word of the protocol */
};

struct drift_request {
    bool subscribe;            /* otherwise unsubscribe */
    struct json_value channel; /* as sent, whatever it is */
    struct drift_word channel_word, market, market_type;
    bool is_book; /* its streams have a last value, and go by slot */
    char stream[STREAM_NAME_MAX + 1];
    size_t stream_len;
};

enum drift_verdict {
    DRIFT_NO_REQUEST, /* met with silence */
    DRIFT_WRONG,      /* subscribe and channel are filled, the rest is not */
    DRIFT_RIGHT,
};

enum drift_verdict drift_request_read(const char *text, size_t len,
                                      const struct drift_markets *markets, enum profile profile,
                                      struct drift_request *r);

#endif
