/* lanes.h - a lane to every Redis master, as the topology tells.
 *
 * When masters come and go, or slots change hands, nothing new is sent until nothing is awaited
 * from a master that stays; one that is gone is not waited for. Then everything that waits is
 * shared out anew in the order in which it came, so that the order of each stream is kept.
 */
#ifndef PUBLISHER_LANES_H
#define PUBLISHER_LANES_H

#include "common/redis_map.h"
#include "common/redis_topology.h"
#include "publisher/lane.h"

struct lanes {
    struct lane_host *host;
    struct redis_topology *topology;
    struct redis_map map; /* by which all is shared out; lanes[i] goes to its nodes[i] */
    struct lane *lanes[REDIS_NODES_MAX];
    bool changed; /* the topology's map is another */
};

/* host and url are borrowed. 0; -ENOMEM, and then lanes_fini() takes what there is. */
int lanes_init(struct lanes *l, struct lane_host *host, const struct redis_url *url);
void lanes_fini(struct lanes *l); /* what waits becomes loose; the loop must run once more */

void lanes_start(struct lanes *l);
void lanes_turn(struct lanes *l);

/* A master may be another: look again. */
void lanes_refresh(struct lanes *l);

/* Drop what is in all connections: see lane_reset(). */
void lanes_reset(struct lanes *l, bool kept);

/* The queue of a stream's master; NULL: nobody's yet. */
struct backlog_queue *lanes_queue(struct lanes *l, const char *stream, size_t len);

size_t lanes_awaited(const struct lanes *l); /* entries sent and not acknowledged */
unsigned lanes_open(const struct lanes *l);  /* lanes that take events */

#endif
