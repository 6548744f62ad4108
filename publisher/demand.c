/* demand.c - see demand.h. */
#include "publisher/demand.h"

#include <assert.h>
#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/redis_asker.h"
#include "common/redis_topology.h"

enum { PATTERN_MAX = STREAM_PREFIX_MAX + STREAM_NAME_MAX + 8, ARGS_MAX = 8 };

struct demand {
    uv_loop_t *loop;
    struct redis_topology *topology;
    const struct redis_naming *naming;
    struct redis_asker *asker;
    struct list watches;
    struct list questions; /* under way */
    uv_timer_t timer;
    uint64_t linger_ms;
    bool started;
};

/* A stream that has, or had a moment ago, a listener. */
struct wanted {
    struct table_node node;
    uint64_t seen_ms;
    size_t len;
    char name[];
};

/* What one master is asked; it may outlive its watch. */
struct question {
    struct list at;
    struct demand_watch *watch; /* NULL: it has ended */
};

/* ---- what has listeners ---------------------------------------------------------------------- */

static struct wanted *find(const struct demand_watch *w, const char *name, size_t len)
{
    table_each_match(node, &w->streams, table_hash(&w->streams, name, len))
    {
        struct wanted *s = table_entry(node, struct wanted, node);
        if (s->len == len && memcmp(s->name, name, len) == 0)
            return s;
    }
    return NULL;
}

static void see(struct demand_watch *w, const char *name, size_t len, uint64_t now_ms)
{
    struct wanted *s = find(w, name, len);

    if (s) {
        s->seen_ms = now_ms;
        return;
    }
    if (w->streams.n >= DEMAND_STREAMS_MAX || !(s = malloc(sizeof *s + len)))
        return; /* it is there again in the next round */
    s->seen_ms = now_ms;
    s->len = len;
    memcpy(s->name, name, len);
    table_insert(&w->streams, &s->node, table_hash(&w->streams, name, len));
    w->appeared(w->ctx, name, len);
}

static void drop_unseen(struct demand_watch *w)
{
    uint64_t now_ms = uv_now(w->demand->loop);

    for (struct table_node *node = table_next(&w->streams, NULL), *next; node; node = next) {
        struct wanted *s = table_entry(node, struct wanted, node);
        next = table_next(&w->streams, node);
        if (s->seen_ms >= w->asked_ms || now_ms - s->seen_ms < w->demand->linger_ms)
            continue;
        table_remove(&w->streams, node);
        w->left(w->ctx, s->name, s->len);
        free(s);
    }
}

static void take_channels(struct demand_watch *w, const redisReply *list)
{
    const struct redis_naming *naming = w->demand->naming;

    for (size_t i = 0; i < list->elements; i++) {
        const redisReply *channel = list->element[i];
        size_t len;
        const char *stream = channel->type == REDIS_REPLY_STRING
                                 ? redis_name_stream(naming, channel->str, channel->len, &len)
                                 : NULL;
        if (stream && stream_name_valid(stream, len) &&
            strncmp(stream, w->start, strlen(w->start)) == 0)
            see(w, stream, len, uv_now(w->demand->loop));
    }
}

/* ---- asking ---------------------------------------------------------------------------------- */

/* Only when every master has answered is it known that nobody listens. */
static void on_answer(void *ctx, const struct redisReply *answer)
{
    struct question *q = ctx;
    struct demand_watch *w = q->watch;

    list_remove(&q->at);
    free(q);
    if (!w)
        return;
    w->awaited--;
    if (answer && answer->type == REDIS_REPLY_ARRAY)
        take_channels(w, answer);
    else
        w->partial = true;
    if (w->awaited == 0 && !w->partial)
        drop_unseen(w);
}

static void ask(struct demand *d, struct demand_watch *w, const struct redis_address *node)
{
    char pattern[PATTERN_MAX];
    const char *const argv[] = {"PUBSUB", d->naming->sharded ? "SHARDCHANNELS" : "CHANNELS",
                                pattern};
    struct question *q = malloc(sizeof *q);

    snprintf(pattern, sizeof pattern, "%s%s%s*", d->naming->prefix, d->naming->sharded ? "{*}" : "",
             w->start);
    if (!q || redis_asker_ask_node(d->asker, node, 3, argv, on_answer, q) < 0) {
        w->partial = true;
        free(q);
        return;
    }
    *q = (struct question){.watch = w};
    list_append(&d->questions, &q->at);
    w->awaited++;
}

static void ask_all(struct demand *d, struct demand_watch *w)
{
    const struct redis_map *map = redis_topology_map(d->topology);

    if (w->awaited > 0)
        return; /* Redis is slow */
    w->asked_ms = uv_now(d->loop);
    w->partial = map->n == 0;
    for (unsigned i = 0; i < map->n; i++)
        ask(d, w, &map->nodes[i]);
}

static void on_timer(uv_timer_t *timer)
{
    struct demand *d = timer->data;
    struct demand_watch *w;

    list_each (w, &d->watches, in_demand)
        ask_all(d, w);
    redis_asker_turn(d->asker, uv_now(d->loop));
}

void demand_tell(struct demand *d, int argc, const char *const *argv)
{
    char key[PATTERN_MAX];
    const char *words[ARGS_MAX];

    assert(argc >= 2 && argc <= ARGS_MAX);
    memcpy(words, argv, (size_t)argc * sizeof *words);
    int len = snprintf(key, sizeof key, "%s%s", d->naming->prefix, argv[1]);
    words[1] = key;
    redis_asker_ask(d->asker, redis_slot(key, (size_t)len), argc, words, NULL, NULL, NULL);
    redis_asker_turn(d->asker, uv_now(d->loop));
}

/* ---- life ------------------------------------------------------------------------------------ */

struct demand *demand_new(uv_loop_t *loop, const struct redis_url *url,
                          const struct redis_naming *naming, uint64_t linger_ms)
{
    struct demand *d = calloc(1, sizeof *d);

    if (!d)
        return NULL;
    d->topology = redis_topology_new(loop, url, NULL, NULL);
    d->asker = d->topology ? redis_asker_new(loop, url, d->topology) : NULL;
    if (!d->asker) {
        redis_topology_free(&d->topology);
        free(d);
        return NULL;
    }
    d->loop = loop;
    d->naming = naming;
    d->linger_ms = linger_ms;
    list_init(&d->watches);
    list_init(&d->questions);
    uv_timer_init(loop, &d->timer);
    d->timer.data = d;
    return d;
}

int demand_watch(struct demand *d, struct demand_watch *w)
{
    if (table_init(&w->streams) < 0)
        return -ENOMEM;
    w->demand = d;
    list_append(&d->watches, &w->in_demand);
    if (d->started)
        return 0;
    d->started = true;
    redis_topology_start(d->topology);
    uv_timer_start(&d->timer, on_timer, 0, DEMAND_POLL_MS);
    return 0;
}

void demand_unwatch(struct demand_watch *w)
{
    struct question *q;

    if (!w->demand)
        return;
    list_each (q, &w->demand->questions, at)
        if (q->watch == w)
            q->watch = NULL;
    list_remove(&w->in_demand);
    w->demand = NULL;
    for (struct table_node *node = table_next(&w->streams, NULL), *next; node; node = next) {
        next = table_next(&w->streams, node);
        free(table_entry(node, struct wanted, node));
    }
    table_fini(&w->streams);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void demand_free(struct demand **dp)
{
    struct demand *d = *dp;

    *dp = NULL;
    if (!d)
        return;
    assert(list_empty(&d->watches));
    redis_asker_free(&d->asker); /* which loses the questions */
    redis_topology_free(&d->topology);
    uv_close((uv_handle_t *)&d->timer, on_closed);
}
