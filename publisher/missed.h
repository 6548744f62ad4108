/* missed.h - blocks that were dropped, by chain, until the chain's next block says so.
 *
 * A chain is known by the stream of its ends of blocks.
 */
#ifndef PUBLISHER_MISSED_H
#define PUBLISHER_MISSED_H

#include <stdbool.h>
#include <stdint.h>

#include "publisher/entry.h"

enum { MISSED_CHAINS_MAX = 8 /* of more the blocks are counted, and not said */ };

struct missed_chain {
    char stream[STREAM_NAME_MAX];
    uint16_t len;
    uint64_t from, to; /* heights, both included; to 0: none */
};

struct missed {
    struct missed_chain chains[MISSED_CHAINS_MAX];
    unsigned n;
};

/* Heights that were dropped; they join those noted before. */
void missed_note(struct missed *m, const char *stream, size_t len, uint64_t from, uint64_t to);

/* What was missed before this end of a block? */
bool missed_before(const struct missed *m, const struct entry *end, uint64_t *from, uint64_t *to);

/* This end of a block says so, or has no need to. */
void missed_said(struct missed *m, const struct entry *end);

#endif
