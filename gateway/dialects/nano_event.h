/* nano_event.h - one event of a Nano node, read once, and written once for each shape that clients
 * ask for.
 *
 *   bytes from Redis --nano_event_of()--> event --nano_event_frame(profile, shape)--> frame
 *
 * The publisher passes on what the node sent, with everything in it; what a client did not ask for
 * is left out here. One event comes on several streams, to many views: the last few are kept, so
 * that neither reading nor writing is done twice.
 */
#ifndef GATEWAY_DIALECTS_NANO_EVENT_H
#define GATEWAY_DIALECTS_NANO_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/json_span.h"
#include "common/text.h"
#include "gateway/dialects/nano_options.h"

struct frame;

enum {
    NANO_EVENTS = 8,              /* kept, the oldest goes */
    NANO_EVENT_KEEP = 256 * 1024, /* bytes: a longer one leaves no memory behind when it goes */
    NANO_PROFILES = 2,
};

enum nano_vote_type { NANO_VOTE_FIRST, NANO_VOTE_REPLAY, NANO_VOTE_INDETERMINATE, NANO_VOTE_OTHER };

struct nano_event {
    struct text bytes;
    struct json_value root;        /* in bytes */
    bool confirmation;             /* its topic */
    uint16_t type;                 /* enum nano_flag: which of the three, 0: none of them */
    enum nano_vote_type vote_type; /* of a vote */
    struct frame *frames[NANO_PROFILES][NANO_SHAPES];
};

/* Zero-initialised is empty. */
struct nano_events {
    struct nano_event kept[NANO_EVENTS];
    unsigned newest;
    struct text compact, pretty; /* scratch */
};

void nano_events_fini(struct nano_events *events);

/* The event of these bytes, valid until the next call. NULL: no JSON, or no memory. */
struct nano_event *nano_event_of(struct nano_events *events, const char *bytes, size_t len);

/* Does a subscription with these options, to a stream that the event came on, get it? */
bool nano_event_wanted(const struct nano_event *event, const struct nano_options *options);

/* Borrowed from the event. NULL: no memory. */
struct frame *nano_event_frame(struct nano_events *events, struct nano_event *event,
                               enum profile profile, unsigned shape);

#endif
