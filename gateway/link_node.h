/* link_node.h - the part of a link that hears one Redis server.
 *
 * Its own connection only hears (Pub/Sub); what is asked goes through redis_asker.h, to the same
 * server. Every 5 s a probe is published there and must be heard here: after a failover a
 * connection can stay open and deaf, and PING would not tell. ROLE is asked in the same beat: a
 * replica does not hear what is published at its master. A connection that fails is rebuilt, and
 * whoever knows where the masters are is told to look again.
 *
 *   DOWN -> OPENING -> DEAF -> HEARS -> DOWN
 *
 * The probe's own subscription is sent after all others, so the first probe heard says that every
 * wanted channel is subscribed, or refused. In a Cluster its channel lies in a slot of this server;
 * when that slot moves away, another is taken.
 */
#ifndef GATEWAY_LINK_NODE_H
#define GATEWAY_LINK_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "common/log.h"
#include "common/redis_url.h"
#include "gateway/wishes.h"

struct link_config;
struct link_events;
struct link_node; /* opaque */
struct redis_asker;

/* What all nodes of a link share; the link's own. */
struct link_site {
    uv_loop_t *loop;
    struct redis_asker *asker;
    const struct link_config *config;
    const struct link_events *events;
    void *ctx;       /* of the events */
    char probe[64];  /* what the probes' channels end with: nobody else's does */
    uint64_t now_ms; /* of the turn */
    uint64_t losses, moved, refused;
    struct log_limit refusals;
};

/* address NULL: nowhere yet, where it only keeps wishes. NULL: out of memory. */
struct link_node *link_node_new(struct link_site *site, const struct redis_address *address);
void link_node_free(struct link_node **node); /* the loop must run once more; NULL is fine */

const struct redis_address *link_node_address(const struct link_node *node); /* NULL: nowhere */

/* What it listens to is now at this address, or (NULL) nowhere: what was, is dropped. */
void link_node_place(struct link_node *node, const struct redis_address *address, const char *why);

/* Its wishes: for link_node_want(), and to be moved to another node. */
struct wishes *link_node_wishes(struct link_node *node);
void link_node_want(struct link_node *node, const char *stream, size_t len, bool wanted);

/* Which slots it owns has changed. */
void link_node_slots_changed(struct link_node *node);

void link_node_turn(struct link_node *node);

bool link_node_hears(const struct link_node *node);
bool link_node_waits(const struct link_node *node); /* it is down, and the next attempt is due */

#endif
