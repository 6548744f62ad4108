/* link.h - keeps a wanted set of channels and makes Redis agree with it, now or after a reconnect.
 *
 *   hub --link_want()--> link --SUBSCRIBE/UNSUBSCRIBE, in batches--> Redis      (wishes, up)
 *   Redis --message--> link --message()--> intake                               (data, down)
 *
 * A wish cannot fail: while Redis is away it is noted. A channel nobody wants any more lingers for
 * a while, so that a flapping client does not thrash Redis.
 *
 * The link's own connection only hears (Pub/Sub); what is asked goes through redis_asker.h. Every 5
 * s a probe is published there and must be heard here: after a failover a link can stay open and
 * deaf, and PING would not tell. ROLE is asked in the same beat: a replica does not hear what is
 * published at its master. A link that fails is rebuilt.
 *
 * States of the hearing side: DOWN -> OPENING -> DEAF -> HEARS -> DOWN. It is ready while it HEARS:
 * the probe's own subscription is sent after all others, so the first probe heard says that every
 * wanted channel is subscribed.
 */
#ifndef GATEWAY_LINK_H
#define GATEWAY_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "common/redis_url.h"

struct link;
struct redis_asker;

struct link_config {
    const struct redis_url *url; /* all borrowed for the link's life */
    const char *prefix;
    uint64_t linger_ms;
    unsigned worker; /* part of the probe channel's name */
};

struct link_events {
    /* A message of a stream (channel without prefix); spans are valid during the call. It may call
     * link_want(). */
    void (*message)(void *ctx, const char *stream, size_t stream_len, const char *payload,
                    size_t len);
    /* Redis has subscribed us to that stream: what is published from now on will be heard, until
     * ready(false). It may come from within link_want(), for a stream that lingered. */
    void (*confirmed)(void *ctx, const char *stream, size_t len);
    void (*ready)(void *ctx, bool ready); /* false: all confirmations are void */
};

/* The asker is borrowed: probes go through it. NULL: out of memory. */
struct link *link_new(uv_loop_t *loop, struct redis_asker *asker, const struct link_config *config,
                      const struct link_events *events, void *ctx);
void link_start(struct link *link);
void link_free(struct link **link); /* the loop must run once more; NULL is fine */

/* The stream gained its first listener, or lost its last. */
void link_want(struct link *link, const char *stream, size_t len, bool wanted);

/* Part of the loop's turn: send the wishes that came since. */
void link_turn(struct link *link, uint64_t now_ms);

bool link_ready(const struct link *link);

/* Redis links lost or given up so far. */
uint64_t link_losses(const struct link *link);

#endif
