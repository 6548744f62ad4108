/* nano_view.h - what one distinct subscription to a Nano topic sees.
 *
 *   confirmation               nano.confirmation
 *     by account               nano.confirmation.account.<nano_…> for each
 *     all_local_accounts       nano.confirmation.local
 *   vote                       nano.vote
 *     by representative        nano.vote.representative.<nano_…> for each
 *   any other topic            nano.<topic>
 *
 * The key is that of the options. With many accounts each client has a view of its own, whose
 * accounts an update changes in place: moving thousands of streams would take too long. A
 * confirmation comes on the streams of both accounts that it mentions: a view that listens to
 * several streams passes it on once.
 */
#ifndef GATEWAY_DIALECTS_NANO_VIEW_H
#define GATEWAY_DIALECTS_NANO_VIEW_H

#include "common/table.h"
#include "gateway/dialects/nano_event.h"
#include "gateway/view.h"

enum { NANO_SEEN = 256 }; /* events that a view with several streams keeps in mind */

/* What all clients of the dialect share in a process. */
struct nano {
    struct nano_events events;
    struct table hashes; /* nothing is in it: its hash has a random key */
    uint64_t own_views;  /* made so far: their numbers */
};

/* How a view is opened. */
struct nano_request {
    struct nano *nano;
    struct nano_options
        *options;              /* whose accounts the view takes over when it is the client's own */
    const struct view *before; /* the client's view until now, whose events it has had; or NULL */
};

extern const struct view_type nano_view;

/* The options of a view of that type, for as long as it lives. */
const struct nano_options *nano_view_options(const struct view *view);

/* Can the view become one with these options without a new key? */
bool nano_view_can_update(const struct view *view, const struct nano_options *o);

/* Then do that; its accounts are taken over. 0; -ENOMEM: it may listen to some of the new ones. */
int nano_view_update(struct view *view, struct nano_options *o);

#endif
