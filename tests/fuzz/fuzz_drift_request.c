/* Requests of Drift clients: whatever comes, a stream that is named is one that may be named. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/dialects/drift_request.h"

static void must(bool condition)
{
    if (!condition)
        abort();
}

static void must_be_whole(const struct drift_request *r)
{
    must(r->channel.kind == JSON_STRING && r->stream_len == strlen(r->stream));
    must(stream_name_valid(r->stream, r->stream_len));
    must(r->channel_word.len > 0 && r->market.len > 0 && r->market_type.len > 0);
    must(r->is_book == (strncmp(r->stream, "orderbook_", 10) == 0));
}

/* The first byte chooses the profile. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct drift_markets markets; /* read once: it does not change */
    struct drift_request r;
    char error[DRIFT_MARKETS_ERROR_MAX];

    if (size == 0)
        return 0;
    enum profile profile = data[0] & 1 ? PROFILE_NODE : PROFILE_DOC;
    if (markets.n == 0)
        must(drift_markets_load(&markets, "", error) == 0);
    if (drift_request_read((const char *)data + 1, size - 1, &markets, profile, &r) == DRIFT_RIGHT)
        must_be_whole(&r);
    return 0;
}
