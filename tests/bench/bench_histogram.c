/* bench_histogram.c - see bench_histogram.h. */
#include "tests/bench/bench_histogram.h"

#include <math.h>

enum { LINEAR = 1 << HISTOGRAM_LINEAR_BITS };

static unsigned bucket_of(uint64_t value)
{
    if (value < LINEAR)
        return (unsigned)value;
    unsigned power = 63 - (unsigned)__builtin_clzll(value);
    if (power >= HISTOGRAM_POWERS)
        return HISTOGRAM_BUCKETS - 1;
    unsigned shift = power - HISTOGRAM_LINEAR_BITS;
    return ((shift + 1) << HISTOGRAM_LINEAR_BITS) + (unsigned)((value >> shift) - LINEAR);
}

/* The highest value that falls into the bucket. */
static uint64_t bucket_top(unsigned bucket)
{
    if (bucket < LINEAR)
        return bucket;
    unsigned shift = (bucket >> HISTOGRAM_LINEAR_BITS) - 1;
    uint64_t step = (bucket & (LINEAR - 1)) + LINEAR;
    return ((step + 1) << shift) - 1;
}

void histogram_add(struct histogram *h, uint64_t value)
{
    h->counts[bucket_of(value)]++;
    h->n++;
    if (value > h->highest)
        h->highest = value;
}

uint64_t histogram_quantile(const struct histogram *h, double share)
{
    uint64_t wanted = (uint64_t)ceil(share * (double)h->n), seen = 0;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS && h->n; i++) {
        seen += h->counts[i];
        if (seen >= wanted && seen)
            return bucket_top(i) < h->highest ? bucket_top(i) : h->highest;
    }
    return 0;
}
