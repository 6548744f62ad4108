/* demand_list.c - see demand_list.h. */
#include "publisher/demand_list.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "common/redis_conn.h"
#include "common/redis_topology.h"
#include "common/signals.h"
#include "common/table.h"

struct demand_list {
    uv_loop_t loop;
    uv_timer_t timeout;
    const struct publisher_settings *settings;
    struct redis_topology *topology;
    struct table streams; /* struct demanded */
    struct asked *nodes;
    unsigned n, n_done;
    bool failed;
    char *error;
};

/* One master: the first answer names its channels, each that follows counts some of them. */
struct asked {
    struct demand_list *list;
    struct redis_address address;
    struct redis_conn *conn;
    unsigned counts; /* answers that are still to come; 0 before the first */
    bool named;
};

struct demanded {
    struct table_node node;
    long long links;
    size_t len;
    char name[];
};

static void end(struct demand_list *l, const char *why)
{
    if (why && !l->failed) {
        snprintf(l->error, SETTINGS_ERROR_MAX, "redis: %.300s", why);
        l->failed = true;
    }
    uv_stop(&l->loop);
}

static void node_done(struct asked *node)
{
    if (++node->list->n_done == node->list->n)
        end(node->list, NULL);
}

/* ---- answers --------------------------------------------------------------------------------- */

static struct demanded *find(struct demand_list *l, const char *name, size_t len)
{
    uint64_t hash = table_hash(&l->streams, name, len);

    table_each_match(at, &l->streams, hash)
    {
        struct demanded *d = table_entry(at, struct demanded, node);
        if (d->len == len && memcmp(d->name, name, len) == 0)
            return d;
    }
    struct demanded *d = malloc(sizeof *d + len);
    if (!d)
        return NULL;
    d->links = 0;
    d->len = len;
    memcpy(d->name, name, len);
    table_insert(&l->streams, &d->node, hash);
    return d;
}

static void add(struct demand_list *l, const struct redisReply *channel,
                const struct redisReply *links)
{
    size_t len;
    const char *name =
        channel->type == REDIS_REPLY_STRING
            ? redis_name_stream(&l->settings->naming, channel->str, channel->len, &len)
            : NULL;
    struct demanded *d = NULL;

    if (name && len > 0 && *name != '_' && links->type == REDIS_REPLY_INTEGER && links->integer > 0)
        d = find(l, name, len);
    if (d)
        d->links += links->integer;
}

static void ask_counts(struct asked *node, struct redisReply **channels, size_t n)
{
    const char *argv[2 + DEMAND_LIST_BATCH] = {
        "PUBSUB", node->list->settings->naming.sharded ? "SHARDNUMSUB" : "NUMSUB"};
    size_t lens[2 + DEMAND_LIST_BATCH] = {6, strlen(argv[1])};

    for (size_t i = 0; i < n; i++) {
        argv[2 + i] = channels[i]->str;
        lens[2 + i] = channels[i]->len;
    }
    if (redis_conn_command(node->conn, (int)(2 + n), argv, lens) == 0)
        node->counts++;
}

static void take_names(struct asked *node, const struct redisReply *reply)
{
    node->named = true;
    for (size_t i = 0; i < reply->elements; i += DEMAND_LIST_BATCH) {
        size_t left = reply->elements - i;
        ask_counts(node, reply->element + i, left < DEMAND_LIST_BATCH ? left : DEMAND_LIST_BATCH);
    }
    redis_conn_flush(node->conn);
    if (node->counts == 0)
        node_done(node);
}

static void on_reply(void *ctx, struct redisReply *reply)
{
    struct asked *node = ctx;

    if (reply->type != REDIS_REPLY_ARRAY) {
        end(node->list, reply->type == REDIS_REPLY_ERROR ? reply->str : "not the answer to PUBSUB");
        return;
    }
    if (!node->named) {
        take_names(node, reply);
        return;
    }
    for (size_t i = 0; i + 1 < reply->elements; i += 2)
        add(node->list, reply->element[i], reply->element[i + 1]);
    if (--node->counts == 0)
        node_done(node);
}

/* ---- masters --------------------------------------------------------------------------------- */

static void on_up(void *ctx)
{
    struct asked *node = ctx;
    const struct redis_naming *naming = &node->list->settings->naming;
    char pattern[STREAM_PREFIX_MAX + 4];
    const char *argv[] = {"PUBSUB", naming->sharded ? "SHARDCHANNELS" : "CHANNELS", pattern};

    snprintf(pattern, sizeof pattern, "%s%s", naming->prefix, naming->sharded ? "{*" : "*");
    if (redis_conn_command(node->conn, 3, argv, NULL) < 0)
        end(node->list, "out of memory");
    redis_conn_flush(node->conn);
}

static void on_down(void *ctx, const char *why)
{
    struct asked *node = ctx;
    char at[REDIS_ADDRESS_MAX], line[SETTINGS_ERROR_MAX];

    snprintf(line, sizeof line, "%.200s: %.90s", redis_address_text(&node->address, at, sizeof at),
             why);
    end(node->list, line);
}

static const struct redis_conn_events events = {.up = on_up, .down = on_down, .reply = on_reply};

/* The masters that are known first are those that are asked. */
static void on_masters(void *ctx)
{
    struct demand_list *l = ctx;
    const struct redis_map *map = redis_topology_map(l->topology);

    if (l->nodes || map->n == 0)
        return;
    l->nodes = calloc(map->n, sizeof *l->nodes);
    for (; l->nodes && l->n < map->n; l->n++) {
        struct asked *node = &l->nodes[l->n];
        node->list = l;
        node->address = map->nodes[l->n];
        node->conn = redis_conn_new(&l->loop, &node->address, &l->settings->redis_url.login,
                                    REDIS_REPLIES, &events, node);
        if (!node->conn)
            break;
        redis_conn_open(node->conn);
    }
    if (l->n < map->n)
        end(l, "out of memory");
}

/* ---- the list -------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    const struct demanded *x = *(const struct demanded *const *)a,
                          *y = *(const struct demanded *const *)b;
    int order = memcmp(x->name, y->name, x->len < y->len ? x->len : y->len);

    return order ? order : (x->len > y->len) - (x->len < y->len);
}

/* Prints, unless there is nowhere to print to, and frees. */
static void print_all(struct demand_list *l, FILE *out)
{
    struct demanded **all = malloc((l->streams.n + 1) * sizeof(*all));
    struct table_node *node, *next;
    size_t n = 0;

    for (node = table_next(&l->streams, NULL); node; node = next) {
        next = table_next(&l->streams, node);
        table_remove(&l->streams, node);
        if (all)
            all[n++] = table_entry(node, struct demanded, node);
        else
            free(table_entry(node, struct demanded, node));
    }
    if (n > 1)
        qsort(all, n, sizeof(*all), by_name);
    for (size_t i = 0; i < n; i++) {
        if (out)
            fprintf(out, "%.*s %lld\n", (int)all[i]->len, all[i]->name, all[i]->links);
        free(all[i]);
    }
    free(all);
}

static void on_timeout(uv_timer_t *timer)
{
    end(timer->data, "no answer from all masters within 10 s");
}

static void run(struct demand_list *l)
{
    uv_timer_init(&l->loop, &l->timeout);
    l->timeout.data = l;
    uv_timer_start(&l->timeout, on_timeout, DEMAND_LIST_WAIT_MS, 0);
    l->topology = redis_topology_new(&l->loop, &l->settings->redis_url, on_masters, l);
    if (l->topology) {
        redis_topology_start(l->topology);
        uv_run(&l->loop, UV_RUN_DEFAULT);
    } else {
        end(l, "out of memory");
    }
    for (unsigned i = 0; i < l->n; i++)
        redis_conn_free(&l->nodes[i].conn);
    redis_topology_free(&l->topology);
    uv_close((uv_handle_t *)&l->timeout, NULL);
    uv_run(&l->loop, UV_RUN_DEFAULT);
}

int demand_list_run(const struct publisher_settings *settings, FILE *out,
                    char error[SETTINGS_ERROR_MAX])
{
    struct demand_list l = {.settings = settings, .error = error};

    snprintf(error, SETTINGS_ERROR_MAX, "out of memory");
    signals_take(); /* to be killed does no harm here */
    if (table_init(&l.streams) < 0 || uv_loop_init(&l.loop) < 0)
        return -ENOMEM;
    run(&l);
    print_all(&l, l.failed ? NULL : out);
    table_fini(&l.streams);
    uv_loop_close(&l.loop);
    free(l.nodes);
    return l.failed ? -EIO : 0;
}
