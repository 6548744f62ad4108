/* gap.h - events that were missed upstream and cannot be had any more: said on "<chain>.gap".
 *
 *   {"from":1790000040000,"to":1790000043500,"reason":"the connection ended"}
 *   {"from":1790000040000,"to":1790000043500,"reason":"…","blocks":["1001","1004"]}
 *
 * Between the two times, in Unix milliseconds, events may be missing: from is when the last message
 * before the gap came, to when the first after it did; null where it is not known. Chains that
 * number their blocks say which ones are missing, first and last.
 */
#ifndef PUBLISHER_SOURCES_GAP_H
#define PUBLISHER_SOURCES_GAP_H

#include <stdint.h>

#include "publisher/event.h"

struct gap {
    int64_t from_ms, to_ms; /* 0: not known */
    const char *reason;
    uint64_t first, last; /* blocks; first > last: their numbers are not known */
};

#define GAP_NO_BLOCKS .first = 1, .last = 0

/* Hand over the event on that stream. Without memory there is none. */
void gap_emit(const struct gap *gap, const char *stream, event_fn *emit, void *ctx);

#endif
