/* lanes.c - see lanes.h. */
#include "publisher/lanes.h"

#include <errno.h>
#include <string.h>

#include "common/redis_name.h"

struct backlog_queue *lanes_queue(struct lanes *l, const char *stream, size_t len)
{
    int slot = redis_name_slot(l->host->naming, stream, len), owner;

    if (l->map.n == 0)
        return NULL;
    owner = slot == REDIS_NO_SLOT ? 0 : l->map.owners[slot];
    return owner == REDIS_NOBODY ? NULL : lane_queue(l->lanes[owner]);
}

static struct backlog_queue *queue_of(void *ctx, const struct entry *entry)
{
    return lanes_queue(ctx, entry_stream(entry), entry->stream_len);
}

static struct backlog_queue *loose(void *ctx, const struct entry *entry)
{
    (void)ctx;
    (void)entry;
    return NULL;
}

/* ---- when the topology changes --------------------------------------------------------------- */

static void on_changed(void *ctx)
{
    struct lanes *l = ctx;

    l->changed = true;
}

/* Nothing is awaited from a master that stays; whoever is gone is let go. */
static bool settled(struct lanes *l, const struct redis_map *map)
{
    bool settled = true;

    for (unsigned i = 0; i < l->map.n; i++) {
        if (lane_queue(l->lanes[i])->n_sent == 0)
            continue;
        if (redis_map_find(map, &l->map.nodes[i]) == REDIS_NOBODY)
            lane_reset(l->lanes[i], true);
        else
            settled = false;
    }
    return settled;
}

/* The lanes of a new map: those that are there, and new ones. 0; -ENOMEM: nothing has changed. */
static int make(struct lanes *l, const struct redis_map *map, struct lane *lanes[])
{
    for (unsigned i = 0; i < map->n; i++) {
        int at = redis_map_find(&l->map, &map->nodes[i]);
        lanes[i] = at == REDIS_NOBODY ? lane_new(l->host, &map->nodes[i]) : l->lanes[at];
        if (lanes[i])
            continue;
        while (i-- > 0)
            if (redis_map_find(&l->map, &map->nodes[i]) == REDIS_NOBODY)
                lane_free(&lanes[i]);
        return -ENOMEM;
    }
    return 0;
}

static void apply(struct lanes *l, const struct redis_map *map)
{
    struct lane *lanes[REDIS_NODES_MAX], *gone[REDIS_NODES_MAX];
    unsigned n_gone = 0;

    if (make(l, map, lanes) < 0)
        return; /* in the next turn */
    for (unsigned i = 0; i < map->n; i++)
        if (redis_map_find(&l->map, &map->nodes[i]) == REDIS_NOBODY)
            lane_start(lanes[i]);
    for (unsigned i = 0; i < l->map.n; i++)
        if (redis_map_find(map, &l->map.nodes[i]) == REDIS_NOBODY)
            gone[n_gone++] = l->lanes[i];
    l->map = *map;
    memcpy(l->lanes, lanes, map->n * sizeof *lanes);
    backlog_spread(l->host->backlog, queue_of, l);
    while (n_gone > 0)
        lane_free(&gone[--n_gone]);
    l->host->window = LANE_WINDOW;
    if (l->host->window > l->host->backlog->limit / 2 / (map->n ? map->n : 1))
        l->host->window = l->host->backlog->limit / 2 / map->n;
    l->changed = false;
}

void lanes_turn(struct lanes *l)
{
    const struct redis_map *map = redis_topology_map(l->topology);

    if (l->changed && map->n > 0 && settled(l, map))
        apply(l, map);
    l->host->paused = l->changed;
    for (unsigned i = 0; i < l->map.n; i++)
        lane_turn(l->lanes[i]);
}

/* ---- all of them ----------------------------------------------------------------------------- */

void lanes_refresh(struct lanes *l)
{
    redis_topology_refresh(l->topology);
}

void lanes_reset(struct lanes *l, bool kept)
{
    for (unsigned i = 0; i < l->map.n; i++)
        lane_reset(l->lanes[i], kept);
}

size_t lanes_awaited(const struct lanes *l)
{
    size_t n = 0;

    for (unsigned i = 0; i < l->map.n; i++)
        n += lane_queue(l->lanes[i])->n_sent;
    return n;
}

unsigned lanes_open(const struct lanes *l)
{
    unsigned n = 0;

    for (unsigned i = 0; i < l->map.n; i++)
        n += lane_is_open(l->lanes[i]);
    return n;
}

int lanes_init(struct lanes *l, struct lane_host *host, const struct redis_url *url)
{
    *l = (struct lanes){.host = host};
    l->topology = redis_topology_new(host->loop, url, on_changed, l);
    return l->topology ? 0 : -ENOMEM;
}

void lanes_start(struct lanes *l)
{
    redis_topology_start(l->topology);
}

void lanes_fini(struct lanes *l)
{
    if (l->host)
        backlog_spread(l->host->backlog, loose, NULL);
    for (unsigned i = 0; i < l->map.n; i++)
        lane_free(&l->lanes[i]);
    l->map.n = 0;
    redis_topology_free(&l->topology);
}
