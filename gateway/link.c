/* link.c - see link.h.
 *
 * Invariants
 *   I1  a stream's wish is with homes[its slot], or with the one node when nothing is sharded;
 *   I2  nodes come and go in link_turn() alone, never within a callback of theirs.
 */
#include "gateway/link.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/backoff.h"
#include "common/log.h"
#include "common/redis_asker.h"
#include "common/redis_form.h"
#include "common/redis_topology.h"
#include "gateway/link_node.h"

enum {
    TICK_MS = 250,
    FORM_MS = 5000, /* between looks at the publishers' form of Pub/Sub */
    FORM_LOOKS = 4, /* in vain, and it is said that there is no publisher */
};

struct link {
    struct link_site site;
    struct link_node *nodes[REDIS_NODES_MAX];
    unsigned n;
    /* Not sharded: the one node. Sharded: nowhere, the keeper of wishes whose slot has no owner. */
    struct link_node *base;
    struct link_node *homes[REDIS_SLOTS];
    uint64_t version; /* of the topology that nodes and homes follow */
    unsigned choice;  /* not sharded: which of several masters */
    bool started, ready;
    bool form_asked, form_differs;
    unsigned form_looks; /* so often in vain */
    uint64_t form_ms;
    uv_timer_t timer;
};

/* ---- nodes ----------------------------------------------------------------------------------- */

static struct link_node *node_at(const struct link *link, const struct redis_address *address)
{
    for (unsigned i = 0; i < link->n; i++)
        if (redis_address_equal(link_node_address(link->nodes[i]), address))
            return link->nodes[i];
    return NULL;
}

static struct link_node *node_for(struct link *link, const struct redis_address *address)
{
    struct link_node *node = node_at(link, address);

    if (node)
        return node;
    node = link->n < REDIS_NODES_MAX ? link_node_new(&link->site, address) : NULL;
    if (node)
        link->nodes[link->n++] = node;
    else
        log_error("out of memory: a redis master is not heard");
    return node;
}

static struct link_node *home_of(const struct link *link, const char *stream, size_t len)
{
    int slot = redis_name_slot(link->site.config->naming, stream, len);

    return slot == REDIS_NO_SLOT ? link->base : link->homes[slot];
}

static struct wishes *on_home(void *ctx, const char *stream, size_t len)
{
    return link_node_wishes(home_of(ctx, stream, len));
}

static void on_lost(void *ctx, const char *stream, size_t len)
{
    struct link *link = ctx;

    link->site.events->lost(link->site.ctx, stream, len);
}

static void resettle(struct link *link, struct link_node *node)
{
    link->site.moved += wishes_move(link_node_wishes(node), on_home, on_lost, link);
    link_node_slots_changed(node);
}

/* Masters that are none any more: their wishes have been moved. */
static void drop_former(struct link *link, const struct redis_map *map)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < link->n; i++) {
        if (redis_map_find(map, link_node_address(link->nodes[i])) != REDIS_NOBODY)
            link->nodes[kept++] = link->nodes[i];
        else
            link_node_free(&link->nodes[i]);
    }
    link->n = kept;
}

/* A node per master, and every wish with the owner of its slot. While former masters are still
 * there, new ones may find no room; the next change comes then from trying again. */
static void follow_sharded(struct link *link, const struct redis_map *map)
{
    struct link_node *by_index[REDIS_NODES_MAX];

    for (unsigned i = 0; i < map->n; i++)
        by_index[i] = node_for(link, &map->nodes[i]);
    for (int slot = 0; slot < REDIS_SLOTS; slot++) {
        int owner = map->owners[slot];
        link->homes[slot] = owner != REDIS_NOBODY && by_index[owner] ? by_index[owner] : link->base;
    }
    uint64_t before = link->site.moved;
    resettle(link, link->base);
    link->site.moved = before; /* those had no owner before */
    for (unsigned i = 0; i < link->n; i++)
        resettle(link, link->nodes[i]);
    drop_former(link, map);
}

/* Stay where we are as long as it is a master; otherwise to the next one. */
static void follow_plain(struct link *link, const struct redis_map *map)
{
    const struct redis_address *now = link_node_address(link->base);

    if (map->n > 0 && (!now || redis_map_find(map, now) == REDIS_NOBODY))
        link_node_place(link->base, &map->nodes[link->choice % map->n],
                        "the master is another now");
}

/* In a Cluster any master will do: what one cannot be connected to, the next perhaps can. */
static void try_another(struct link *link, const struct redis_map *map)
{
    if (map->n > 1 && !link->site.config->naming->sharded && link_node_waits(link->base))
        link_node_place(link->base, &map->nodes[++link->choice % map->n], "");
}

static void follow(struct link *link)
{
    const struct redis_topology *topology = link->site.config->topology;
    const struct redis_map *map = redis_topology_map(topology);

    if (link->version == redis_topology_version(topology))
        return;
    link->version = redis_topology_version(topology);
    if (link->site.config->naming->sharded)
        follow_sharded(link, map);
    else
        follow_plain(link, map);
}

/* ---- the publishers' form -------------------------------------------------------------------- */

/* Said once, and not at once: a publisher may be about to start. */
static void nobody_was_here(struct link *link)
{
    const char *prefix = link->site.config->naming->prefix;

    if (link->form_looks < FORM_LOOKS && ++link->form_looks == FORM_LOOKS && *prefix)
        log_info("no publisher of ours has been here: if one should have, check that it has the "
                 "same prefix and redis",
                 LOG_TEXT("prefix", prefix));
}

static void compare_form(struct link *link, const char *theirs, size_t len)
{
    const struct redis_naming *naming = link->site.config->naming;
    bool differs = redis_form_differs(naming, theirs, len);

    if (differs && !link->form_differs)
        log_error("publishers under this prefix use another form of Pub/Sub than this gateway, "
                  "which hears nothing of them: give both the same pubsub and kind of redis",
                  LOG_TEXT("prefix", naming->prefix), LOG_TEXT("publishers", theirs),
                  LOG_TEXT("gateway", redis_form(naming)));
    if (!differs && link->form_differs)
        log_info("publishers use the same form of Pub/Sub again");
    link->form_differs = differs;
    link->form_looks = FORM_LOOKS;
}

/* An ACL may forbid to ask: then nothing is said. */
static void on_form(void *ctx, const struct redisReply *answer)
{
    struct link *link = ctx;

    link->form_asked = false;
    if (answer && answer->type == REDIS_REPLY_STRING)
        compare_form(link, answer->str, (size_t)answer->len);
    else if (answer && answer->type == REDIS_REPLY_NIL)
        nobody_was_here(link);
}

static void look_at_form(struct link *link)
{
    const struct redis_naming *naming = link->site.config->naming;
    char key[REDIS_FORM_KEY_MAX];

    if (link->form_asked || link->site.now_ms < link->form_ms)
        return;
    size_t len = redis_form_key(naming, key);
    link->form_asked = redis_asker_ask(link->site.asker, redis_slot(key, len), 2,
                                       (const char *[]){"GET", key}, NULL, on_form, link) == 0;
    if (link->form_asked)
        link->form_ms = link->site.now_ms + FORM_MS;
}

/* ---- time ------------------------------------------------------------------------------------ */

static unsigned count_hearing(const struct link *link)
{
    unsigned n = 0;

    if (!link->site.config->naming->sharded)
        return link_node_hears(link->base);
    for (unsigned i = 0; i < link->n; i++)
        n += link_node_hears(link->nodes[i]);
    return n;
}

static unsigned count_masters(const struct link *link)
{
    if (link->site.config->naming->sharded)
        return link->n;
    return link_node_address(link->base) ? 1 : 0;
}

static void judge(struct link *link)
{
    unsigned masters = count_masters(link);
    bool ready = masters > 0 && count_hearing(link) == masters &&
                 redis_topology_sure(link->site.config->topology);

    if (ready == link->ready)
        return;
    link->ready = ready;
    link->site.events->ready(link->site.ctx, ready);
}

void link_turn(struct link *link, uint64_t now_ms)
{
    link->site.now_ms = now_ms;
    if (!link->started)
        return;
    follow(link);
    try_another(link, redis_topology_map(link->site.config->topology));
    link_node_turn(link->base);
    for (unsigned i = 0; i < link->n; i++)
        link_node_turn(link->nodes[i]);
    look_at_form(link);
    judge(link);
}

/* Wakes the loop, whose turn does the work: linger, beat and reconnecting need no more precision.
 */
static void on_tick(uv_timer_t *timer)
{
    (void)timer;
}

/* ---- life ------------------------------------------------------------------------------------ */

struct link *link_new(uv_loop_t *loop, struct redis_asker *asker, const struct link_config *config,
                      const struct link_events *events, void *ctx)
{
    struct link *link = calloc(1, sizeof *link);

    if (!link)
        return NULL;
    link->site = (struct link_site){.loop = loop,
                                    .asker = asker,
                                    .config = config,
                                    .events = events,
                                    .ctx = ctx,
                                    .now_ms = uv_now(loop)};
    /* Host and pid alone are not unique: containers share both. */
    snprintf(link->site.probe, sizeof link->site.probe, "%08x%08x.%u", backoff_random(),
             (unsigned)getpid(), config->worker);
    link->choice = backoff_random() % REDIS_NODES_MAX;
    uv_timer_init(loop, &link->timer);
    link->timer.data = link;
    link->base = link_node_new(&link->site, NULL);
    for (int slot = 0; slot < REDIS_SLOTS; slot++)
        link->homes[slot] = link->base;
    if (!link->base)
        link_free(&link);
    return link;
}

void link_start(struct link *link)
{
    link->started = true;
    uv_timer_start(&link->timer, on_tick, TICK_MS, TICK_MS);
}

static void on_closed(uv_handle_t *timer)
{
    free(timer->data);
}

void link_free(struct link **linkp)
{
    struct link *link = *linkp;

    *linkp = NULL;
    if (!link)
        return;
    redis_asker_forget(link->site.asker, link);
    for (unsigned i = 0; i < link->n; i++)
        link_node_free(&link->nodes[i]);
    link_node_free(&link->base);
    uv_close((uv_handle_t *)&link->timer, on_closed);
}

void link_want(struct link *link, const char *stream, size_t len, bool wanted)
{
    link_node_want(home_of(link, stream, len), stream, len, wanted);
}

bool link_ready(const struct link *link)
{
    return link->ready;
}

struct link_counts link_counts(const struct link *link)
{
    return (struct link_counts){.masters = count_masters(link),
                                .hearing = count_hearing(link),
                                .losses = link->site.losses,
                                .moved = link->site.moved,
                                .refused = link->site.refused,
                                .form_differs = link->form_differs};
}
