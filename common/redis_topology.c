/* redis_topology.c - see redis_topology.h.
 *
 * One timer counts to the next search; there is at most one at a time.
 */
#include "common/redis_topology.h"

#include <stdlib.h>

#include "common/backoff.h"
#include "common/log.h"
#include "common/redis_cluster.h"
#include "common/redis_sentinel.h"

enum { CALM_MS = 10000 }; /* without a call for so long: what was wrong is over */

struct redis_topology {
    const struct redis_url *url;
    redis_topology_changed_fn *changed;
    void *ctx;
    struct redis_cluster *cluster;
    struct redis_sentinel *sentinel;
    uv_timer_t timer;
    bool searching;
    bool called; /* refresh() came since the last search began */
    bool sure;
    bool trusted;           /* it was sure once: what is not sure changes nothing any more */
    struct backoff backoff; /* of searches that were called for, or failed */
    uint64_t due_ms;        /* the next search */
    uint64_t called_ms;     /* the last refresh() */
    uint64_t version;
    struct log_limit failures;
    struct redis_map map;
};

static void search(uv_timer_t *timer)
{
    struct redis_topology *t = timer->data;

    t->searching = true;
    t->called = false;
    if (t->cluster)
        redis_cluster_ask(t->cluster, &t->map);
    else
        redis_sentinel_ask(t->sentinel);
}

static void search_in(struct redis_topology *t, uint64_t ms)
{
    t->due_ms = uv_now(t->timer.loop) + ms;
    uv_timer_start(&t->timer, search, ms, 0);
}

static void log_change(const struct redis_topology *t)
{
    char address[REDIS_ADDRESS_MAX];

    if (t->sentinel)
        log_info(
            "sentinels name the redis master",
            LOG_TEXT("address", redis_address_text(&t->map.nodes[0], address, sizeof address)));
    if (t->cluster)
        log_info(
            "redis cluster", LOG_NUMBER("masters", t->map.n),
            LOG_TEXT("slots", redis_map_complete(&t->map) ? "complete" : "some have no owner"));
}

static void take(struct redis_topology *t, const struct redis_map *map)
{
    if (redis_map_equal(&t->map, map))
        return;
    t->map = *map;
    t->version++;
    backoff_reset(&t->backoff);
    log_change(t);
    if (t->changed)
        t->changed(t->ctx);
}

static void log_trouble(struct redis_topology *t, const char *why)
{
    uint64_t held;

    if (log_allowed(&t->failures, &held))
        log_warn(t->cluster ? "the redis cluster does not tell its masters; trying again"
                            : "the sentinels do not tell the redis master for sure; trying again",
                 LOG_TEXT("why", why), LOG_NUMBER("held_back", held));
}

static void on_found(void *ctx, const struct redis_finding *finding)
{
    struct redis_topology *t = ctx;
    uint64_t poll = t->cluster ? REDIS_CLUSTER_POLL_MS : REDIS_SENTINEL_POLL_MS;

    t->searching = false;
    t->trusted = t->trusted || finding->sure;
    if (finding->map && (finding->sure || !t->trusted))
        take(t, finding->map);
    if (finding->why)
        log_trouble(t, finding->why);
    /* A node of a Cluster that fails says nothing of the others. */
    if (finding->map || t->sentinel)
        t->sure = finding->sure && (!t->cluster || redis_map_complete(&t->map));
    if (t->called || !finding->map || !t->sure)
        poll = backoff_next(&t->backoff, backoff_random());
    search_in(t, poll);
}

void redis_topology_refresh(struct redis_topology *t)
{
    uint64_t now = uv_now(t->timer.loop);

    if (t->url->kind == REDIS_SINGLE)
        return;
    if (now - t->called_ms > CALM_MS)
        backoff_reset(&t->backoff);
    t->called_ms = now;
    if (t->called)
        return;
    t->called = true;
    if (t->searching)
        return; /* its end begins another */
    uint32_t wait = backoff_next(&t->backoff, backoff_random());
    if (now + wait < t->due_ms)
        search_in(t, wait);
}

void redis_topology_start(struct redis_topology *t)
{
    if (t->url->kind == REDIS_SINGLE) {
        redis_map_single(&t->map, &t->url->seeds[0]);
        t->sure = true;
        t->version++;
        if (t->changed)
            t->changed(t->ctx);
    } else {
        search_in(t, 0);
    }
}

struct redis_topology *redis_topology_new(uv_loop_t *loop, const struct redis_url *url,
                                          redis_topology_changed_fn *changed, void *ctx)
{
    struct redis_topology *t = calloc(1, sizeof *t);

    if (!t)
        return NULL;
    t->url = url;
    t->changed = changed;
    t->ctx = ctx;
    t->backoff = (struct backoff){REDIS_REFRESH_FIRST_MS, REDIS_REFRESH_MOST_MS, 0};
    uv_timer_init(loop, &t->timer);
    t->timer.data = t;
    if (url->kind == REDIS_SENTINEL)
        t->sentinel = redis_sentinel_new(loop, url, on_found, t);
    if (url->kind == REDIS_CLUSTER)
        t->cluster = redis_cluster_new(loop, url, on_found, t);
    if (url->kind != REDIS_SINGLE && !t->sentinel && !t->cluster)
        redis_topology_free(&t);
    return t;
}

static void on_closed(uv_handle_t *timer)
{
    free(timer->data);
}

void redis_topology_free(struct redis_topology **tp)
{
    struct redis_topology *t = *tp;

    *tp = NULL;
    if (!t)
        return;
    redis_cluster_free(&t->cluster);
    redis_sentinel_free(&t->sentinel);
    uv_close((uv_handle_t *)&t->timer, on_closed);
}

const struct redis_map *redis_topology_map(const struct redis_topology *t)
{
    return &t->map;
}

uint64_t redis_topology_version(const struct redis_topology *t)
{
    return t->version;
}

int redis_topology_owner(const struct redis_topology *t, int slot)
{
    if (t->map.n == 0)
        return REDIS_NOBODY;
    return slot == REDIS_NO_SLOT ? 0 : t->map.owners[slot];
}

bool redis_topology_sure(const struct redis_topology *t)
{
    return t->sure;
}
