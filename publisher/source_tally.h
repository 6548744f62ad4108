/* source_tally.h - what one source has handed over, counted by the intake.
 *
 * The lag is the time from an event's own time to its place in the backlog, as far as the clocks of
 * this machine and of the event's maker agree. Events without a time of their own, and recorded
 * ones, have none.
 */
#ifndef PUBLISHER_SOURCE_TALLY_H
#define PUBLISHER_SOURCE_TALLY_H

#include <stdint.h>

enum { LAG_BUCKETS = 12 };

extern const uint64_t lag_bounds_ms[LAG_BUCKETS];

struct source_tally {
    uint64_t events, bad;          /* taken; refused, lines without an event among them */
    uint64_t lag[LAG_BUCKETS + 1]; /* the last: above every bound */
    uint64_t lag_sum_ms;
};

/* An event from the future, by our clock, has no lag. */
void source_tally_lag(struct source_tally *t, int64_t event_ms, uint64_t now_us);

#endif
