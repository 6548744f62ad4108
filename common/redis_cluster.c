/* redis_cluster.c - see redis_cluster.h. */
#include "common/redis_cluster.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/redis_query.h"

enum { WHY_MAX = 300 + REDIS_ADDRESS_MAX };

struct redis_cluster {
    uv_loop_t *loop;
    const struct redis_url *url;
    redis_found_fn *found;
    void *ctx;
    struct redis_query *query; /* to the node asked last */
    uv_timer_t no_memory;      /* tells that there was none */
    unsigned turn;             /* so that one node that is wrong is not asked twice in a row */
    struct redis_map map;
};

static const char *const question[] = {"CLUSTER", "SLOTS"};

static void fail(struct redis_cluster *c, const char *why)
{
    char text[WHY_MAX], address[REDIS_ADDRESS_MAX];

    snprintf(text, sizeof text, "%s: %.290s",
             redis_address_text(redis_query_address(c->query), address, sizeof address), why);
    c->found(c->ctx, &(struct redis_finding){.why = text});
}

static void on_answer(void *ctx, const struct redisReply *reply, const char *why)
{
    struct redis_cluster *c = ctx;

    if (!reply || redis_map_read(&c->map, reply, redis_query_address(c->query), &why) < 0)
        fail(c, why);
    else
        c->found(c->ctx, &(struct redis_finding){.map = &c->map, .sure = true});
    redis_query_close(c->query); /* the next question is far away, or for another */
}

static void on_no_memory(uv_timer_t *timer)
{
    struct redis_cluster *c = timer->data;

    c->found(c->ctx, &(struct redis_finding){.why = "out of memory"});
}

void redis_cluster_ask(struct redis_cluster *c, const struct redis_map *known)
{
    unsigned i = c->turn++ % (known->n + c->url->n_seeds);
    const struct redis_address *address =
        i < known->n ? &known->nodes[i] : &c->url->seeds[i - known->n];

    redis_query_free(&c->query);
    c->query = redis_query_new(c->loop, address, &c->url->login, on_answer, c);
    if (c->query)
        redis_query_ask(c->query, 2, question);
    else
        uv_timer_start(&c->no_memory, on_no_memory, 0, 0);
}

struct redis_cluster *redis_cluster_new(uv_loop_t *loop, const struct redis_url *url,
                                        redis_found_fn *found, void *ctx)
{
    struct redis_cluster *c = calloc(1, sizeof *c);

    if (!c)
        return NULL;
    c->loop = loop;
    c->url = url;
    c->found = found;
    c->ctx = ctx;
    uv_timer_init(loop, &c->no_memory);
    c->no_memory.data = c;
    return c;
}

static void on_closed(uv_handle_t *timer)
{
    free(timer->data);
}

void redis_cluster_free(struct redis_cluster **cp)
{
    struct redis_cluster *c = *cp;

    *cp = NULL;
    if (!c)
        return;
    redis_query_free(&c->query);
    uv_close((uv_handle_t *)&c->no_memory, on_closed);
}
