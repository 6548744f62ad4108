/* zilliqa.h - what the files of the Zilliqa dialect share; nobody else includes it.
 *
 *   zilliqa.c             requests and their answers
 *   zilliqa_request.c     how a message is read
 *   zilliqa_place.c       which view a client belongs to, and its move to another
 *   zilliqa_view.c        one distinct set of subscriptions: a block becomes a notification
 *   zilliqa_chain.c       the block being made, once per process
 *   zilliqa_contracts.c   which addresses are contracts, as far as Redis says
 */
#ifndef GATEWAY_DIALECTS_ZILLIQA_H
#define GATEWAY_DIALECTS_ZILLIQA_H

#include "common/list.h"
#include "gateway/dialects/zilliqa_chain.h"
#include "gateway/dialects/zilliqa_contracts.h"
#include "gateway/view.h"

struct client;
struct client_host;

/* host->shared[SHARED_ZILLIQA] */
struct zilliqa {
    struct client_host *host;
    struct zilliqa_chain chain;
    struct zilliqa_contracts contracts;
    struct list told; /* views whose Unsubscribe entry has gone out: their members must move */
    size_t n_views;
    struct text scratch; /* for one notification or one key at a time */
};

/* client->dialect_state. A topic in `leaving` is in `topics`, too: it ends with the next
 * notification. Addresses stay when their topic ends: asking for it again revives them. */
struct zilliqa_client {
    uint8_t topics, leaving; /* bits 1 << enum zilliqa_topic */
    struct zilliqa_addresses of[ZILLIQA_TOPICS];
};

/* ---- zilliqa_view.c ------------------------------------------------------------------------- */

extern const struct view_type zilliqa_view_type;

/* What opens a view. */
struct zilliqa_request {
    struct zilliqa *shared;
    const struct view *before; /* the client's view so far, NULL when it had none */
};

struct zilliqa_view {
    struct zilliqa *shared;
    struct view *view;
    struct list in_told;
    bool told;  /* its Unsubscribe entry has gone out; its members have not moved yet */
    bool holed; /* something of the block at hand is missing, or may be */
    /* what the key says */
    enum profile profile;
    uint8_t topics, leaving;
    uint32_t n[ZILLIQA_TOPICS];
    const struct zilliqa_address *of[ZILLIQA_TOPICS]; /* in the key */
};

/* The canonical form of what the client sees: 3 bytes (profile, topics, leaving), then for each
 * topic with addresses their number (4 bytes) and the addresses in order. Appended to key. */
void zilliqa_view_key(const struct zilliqa_client *z, enum profile profile, struct text *key);

/* ---- zilliqa_place.c ------------------------------------------------------------------------ */

/* Make the client a member of the view that its state asks for, and of no other. Without memory it
 * is closed. */
void zilliqa_place(struct client *c);

/* Move the members of views that have told them. Not while a message is being delivered. */
void zilliqa_settle(struct zilliqa *shared);

#endif
