/* bench_histogram.h - counts of durations in buckets that are linear within each power of two.
 *
 * Below 128 every value has its own bucket; above, a bucket is at most 1/128 of its value wide, so
 * a percentile is never more than 0.8 % too high and never too low.
 */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>

enum {
    HISTOGRAM_LINEAR_BITS = 7,
    HISTOGRAM_POWERS = 40, /* up to 2^40 us, twelve days; what is longer counts as that */
    HISTOGRAM_BUCKETS = (HISTOGRAM_POWERS - HISTOGRAM_LINEAR_BITS + 1) << HISTOGRAM_LINEAR_BITS,
};

struct histogram {
    uint64_t n, highest;
    uint64_t counts[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *h, uint64_t value);

/* The value that this share (0 to 1) of all values does not exceed; 0 when there are none. */
uint64_t histogram_quantile(const struct histogram *h, double share);

#endif
