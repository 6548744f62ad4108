/* injective_view.h - the blocks that all subscriptions with one filter see: its parts' shared
 * state.
 *
 *   injective_view.c     streams, parts, ends of blocks
 *   injective_update.c   what members get of a whole block
 */
#ifndef GATEWAY_DIALECTS_INJECTIVE_VIEW_H
#define GATEWAY_DIALECTS_INJECTIVE_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/blocks.h"
#include "gateway/dialects/injective.h"
#include "gateway/dialects/injective_filter.h"
#include "gateway/hub.h"

struct gateway_settings;

/* A place is a stream that the view listens to, by its number; parts of blocks are marked with it.
 * Places and what is told stand in the order of types, and within one in that of the request. */
struct injective_view_state {
    struct list in_broken; /* of the shared state, while it is on that list */
    struct view *view;
    struct injective_shared *shared;
    const struct gateway_settings *settings; /* during message() */
    struct filter *filter;
    const struct stream *block;
    const struct stream **places;
    uint32_t *by_stream; /* places, sorted by the address of the stream */
    uint32_t *told;      /* places, once for each time that the request names their value */
    size_t n_places, n_told;
    uint32_t first_place[INJECTIVE_TYPES + 1], first_told[INJECTIVE_TYPES + 1];
    struct blocks blocks;
    bool broken;
};

/* Tell every member of the block at hand, which is whole. 0; -ENOMEM, having told none. */
int injective_update(struct injective_view_state *s);

#endif
