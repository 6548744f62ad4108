/* loadgen_tally.h - what every client is due, and what came: gaps, repeats, order, latency.
 *
 * A client listens to `streams` streams in a row out of `of` (s0, s1, ...), beginning at
 * index * streams; with `of` equal to `streams` all clients listen to the same ones. Messages of a
 * stream are numbered 1, 2, 3...; number 0 is a warm-up, which only shows that the subscription
 * is in force.
 */
#ifndef LOADGEN_TALLY_H
#define LOADGEN_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/bench/bench_histogram.h"

struct tally {
    uint64_t clients, streams, of, messages; /* the plan; messages are per client and stream */
    uint32_t *last;                          /* per client and stream: NOT_WARM, or the number */
    uint64_t cold;                           /* places that nothing has come to yet */
    uint64_t delivered;                      /* in order, gaps or not */
    uint64_t skipped;                        /* numbers that a later one overtook */
    uint64_t repeated;                       /* the number before it again */
    uint64_t late;                           /* an older number */
    uint64_t bad;                            /* not a message of this measurement */
    uint64_t first_us, last_us;              /* when the first was sent, when the last came */
    size_t longest;                          /* bytes of the longest, without the warm-up */
    struct histogram latency;                /* us, of all delivered */
};

void tally_init(struct tally *t); /* the plan is filled in */
void tally_fini(struct tally *t);

/* The first stream of a client, as a number. */
uint64_t tally_first_stream(const struct tally *t, uint32_t client);

/* Message n of a stream, `len` bytes of text, has come to a client; false when it is none of this
 * measurement (then counted as bad). */
bool tally_message(struct tally *t, uint32_t client, uint64_t stream, uint64_t n, uint64_t sent_us,
                   size_t len, uint64_t now_us);

/* A text that makes no sense: counts it, and returns false. */
bool tally_bad(struct tally *t);

/* The number after the key, somewhere before the end; *text moves past it. */
bool tally_number_after(const char **text, const char *end, const char *key, uint64_t *number);

static inline uint64_t tally_expected(const struct tally *t)
{
    return t->clients * t->streams * t->messages;
}

/* Nothing more can come: every number has come or was overtaken. */
static inline bool tally_complete(const struct tally *t)
{
    return t->delivered + t->skipped >= tally_expected(t);
}

#endif
