/* fuzz_drift_stream.c - any name is either of no channel, or a request can be made of it. */
#include "publisher/sources/drift_stream.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "common/json_span.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct drift_markets markets;
    char error[DRIFT_MARKETS_ERROR_MAX], text[DRIFT_REQUEST_MAX];
    struct drift_stream stream;
    struct json_value root;

    if (!markets.list)
        drift_markets_load(&markets, "", error);
    if (!drift_stream_read((const char *)data, size, &markets, &stream))
        return 0;
    size_t len = drift_stream_request(&stream, "subscribe", &markets, text);
    assert(len < sizeof text && json_check(text, len, JSON_STRICT, &root, NULL) == 0);
    assert((stream.grouping != 0) ==
           (stream.channel == DRIFT_ORDERBOOK || stream.channel == DRIFT_INDICATIVE));
    return 0;
}
