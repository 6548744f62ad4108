/* source_tally.c - see source_tally.h. */
#include "publisher/source_tally.h"

const uint64_t lag_bounds_ms[LAG_BUCKETS] = {5,   10,   25,   50,   100,   250,
                                             500, 1000, 2500, 5000, 10000, 60000};

void source_tally_lag(struct source_tally *t, int64_t event_ms, uint64_t now_us)
{
    int64_t now_ms = (int64_t)(now_us / 1000);
    uint64_t lag = now_ms > event_ms ? (uint64_t)(now_ms - event_ms) : 0;
    unsigned i = 0;

    while (i < LAG_BUCKETS && lag > lag_bounds_ms[i])
        i++;
    t->lag[i]++;
    t->lag_sum_ms += lag;
}
