/* link.h - keeps a wanted set of streams and makes Redis agree with it, now or after a reconnect.
 *
 *   hub --link_want()--> link --[S]SUBSCRIBE, [S]UNSUBSCRIBE, in batches--> Redis   (wishes, up)
 *   Redis --message--> link --message()--> intake                                  (data, down)
 *
 * A wish cannot fail: while Redis is away it is noted. A channel nobody wants any more lingers for
 * a while, so that a flapping client does not thrash Redis.
 *
 * With sharded Pub/Sub there is a link_node.h for every master, and a stream's wish is with the one
 * that owns its slot; with plain Pub/Sub there is one node: the master, or in a Cluster any of
 * them, since there each hears what is published at all.
 */
#ifndef GATEWAY_LINK_H
#define GATEWAY_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "common/redis_name.h"
#include "common/redis_url.h"

struct link;
struct redis_asker;
struct redis_topology;

struct link_config {
    const struct redis_url *url; /* all borrowed for the link's life */
    const struct redis_naming *naming;
    struct redis_topology *topology;
    uint64_t linger_ms;
    unsigned worker; /* part of the probe channels' names */
};

struct link_events {
    /* A message of a stream (channel without prefix); spans are valid during the call. It may call
     * link_want(). */
    void (*message)(void *ctx, const char *stream, size_t stream_len, const char *payload,
                    size_t len);
    /* Redis has subscribed us to that stream: what is published from now on will be heard, until
     * lost(). It may come from within link_want(), for a stream that lingered. */
    void (*confirmed)(void *ctx, const char *stream, size_t len);
    /* A confirmation is void: the server is lost, or the stream's slot has moved. What is published
     * until it is confirmed again may not be heard. It may not call link_want(). */
    void (*lost)(void *ctx, const char *stream, size_t len);
    /* Every master is heard, and it is sure which they are; or not any more. */
    void (*ready)(void *ctx, bool ready);
};

struct link_counts {
    uint64_t masters;  /* known now; 1 with plain Pub/Sub */
    uint64_t hearing;  /* of which so many are heard */
    uint64_t losses;   /* connections lost or given up */
    uint64_t moved;    /* streams whose slot moved to another server */
    uint64_t refused;  /* subscriptions refused, but for MOVED */
    bool form_differs; /* publishers under our prefix use the other form of Pub/Sub */
};

/* The asker is borrowed: probes go through it. NULL: out of memory. */
struct link *link_new(uv_loop_t *loop, struct redis_asker *asker, const struct link_config *config,
                      const struct link_events *events, void *ctx);
void link_start(struct link *link);
void link_free(struct link **link); /* the loop must run once more; NULL is fine */

/* The stream gained its first listener, or lost its last. */
void link_want(struct link *link, const char *stream, size_t len, bool wanted);

/* Part of the loop's turn: follow the masters, send the wishes that came since. */
void link_turn(struct link *link, uint64_t now_ms);

bool link_ready(const struct link *link);
struct link_counts link_counts(const struct link *link);

#endif
