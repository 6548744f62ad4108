/* injective.h - what the files of the Injective dialect share.
 *
 *   injective.c           connections, limits in time
 *   injective_requests.c  requests, subscriptions, limits in number
 *   injective_rpc.c       what a request says, and how it is answered
 *   injective_filter.c    which events it asks for
 *   injective_view.c      the blocks that subscriptions with one filter see
 *   injective_update.c    what they are told of a block
 *   injective_message.c   messages from Redis, taken apart
 */
#ifndef GATEWAY_DIALECTS_INJECTIVE_H
#define GATEWAY_DIALECTS_INJECTIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/list.h"
#include "common/text.h"
#include "gateway/dialects/injective_message.h"
#include "gateway/view.h"

/* One subscription of one client. Those of a client with one filter share a membership, from
 * whose `own` they hang. */
struct injective_subscription {
    struct list in_client;
    struct injective_subscription *next; /* with the same membership */
    struct member *member;
    int64_t id; /* the request's, in every update */
    size_t n_values;
    size_t name_len;
    char name[]; /* subscription_id */
};

/* A client's dialect_state. */
struct injective_client {
    struct client *client;
    struct list subscriptions;
    size_t n_subscriptions, n_values;
    uint64_t block_height, block_bytes; /* what the block at hand has brought it */
    /* for the limits in time, see injective.c */
    struct list in_reading, in_writing;
    uint64_t reading_since_ms, writing_since_ms;
    uint32_t head_seen; /* of its queue: the message that it takes */
};

/* Of all clients of the process: host->shared[SHARED_INJECTIVE]. */
struct injective_shared {
    struct list reading; /* clients that have begun a request; the first one earliest */
    struct list writing; /* clients that did not take a message at once, likewise */
    struct list broken;  /* views whose subscriptions are to go: see injective_view_sweep() */
    struct injective_message message; /* the one at hand */
    struct text body, matching; /* of the update, the part at hand; kept to save allocations */
    uint64_t *order;            /* of an update's parts, likewise */
    size_t order_cap;
};

/* The key is that of filter_read(), the request a struct injective_request. */
extern const struct view_type injective_view;

struct injective_request {
    struct injective_shared *shared;
};

/* The subscriptions of views that broke are over: to be called when no message is being passed on,
 * before anything else is done with subscriptions. */
void injective_view_sweep(struct injective_shared *shared);

/* One message of a client: does what it asks, and answers. Views that broke were swept before. */
void injective_request(struct client *c, const char *text, size_t len);

/* End one subscription and free it. */
void injective_end(struct client *c, struct injective_subscription *sub);

#endif
