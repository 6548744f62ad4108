/* A table of markets: what it takes can be found again. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/drift_markets.h"

static void must(bool condition)
{
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct drift_markets markets;
    char error[DRIFT_MARKETS_ERROR_MAX] = "";

    if (drift_markets_read(&markets, (const char *)data, size, "input", error) < 0) {
        must(markets.n == 0 && *error);
        return 0;
    }
    for (size_t i = 0; i < markets.n; i++) {
        const struct drift_market *m = &markets.list[i];
        must(drift_markets_index(&markets, m->type, m->name, strlen(m->name)) == (int)m->index);
    }
    drift_markets_fini(&markets);
    return 0;
}
