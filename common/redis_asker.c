/* redis_asker.c - see redis_asker.h. */
#include "common/redis_asker.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>

#include "common/backoff.h"
#include "common/list.h"
#include "common/log.h"
#include "common/redis_conn.h"
#include "common/redis_topology.h"

struct question {
    struct list at;
    redis_answer_fn *fn;
    void *ctx;
    bool follow;  /* MOVED and ASK: it has not been asked again yet */
    size_t len;   /* of the command */
    char bytes[]; /* as it went out: kept to be sent again */
};

struct node {
    struct list at;
    struct redis_asker *asker;
    struct redis_address address;
    struct redis_conn *conn;
    struct list questions; /* unanswered, in the order in which they were asked */
    struct backoff backoff;
    uint64_t reopen_ms; /* 0: not waiting to open */
};

struct redis_asker {
    uv_loop_t *loop;
    const struct redis_url *url;
    struct redis_topology *topology;
    struct list nodes;
    struct node *by_index[REDIS_NODES_MAX]; /* as in the map of this version */
    unsigned n_indexes;
    uint64_t version;
    unsigned n; /* questions */
    uint64_t now_ms;
};

/* ---- answers --------------------------------------------------------------------------------- */

static void answer(struct redis_asker *a, struct question *q, const struct redisReply *reply)
{
    a->n--;
    if (q->fn)
        q->fn(q->ctx, reply);
    free(q);
}

static struct question *take_first(struct node *node)
{
    struct question *q = list_first(&node->questions, struct question, at);

    list_remove(&q->at);
    return q;
}

static void lose_all(struct node *node)
{
    /* Only those asked so far: an answer may ask again, which fails as long as we are closed. */
    while (!list_empty(&node->questions))
        answer(node->asker, take_first(node), NULL);
}

static void lost(struct node *node)
{
    redis_conn_close(node->conn);
    node->reopen_ms = node->asker->now_ms + backoff_next(&node->backoff, backoff_random());
    redis_topology_refresh(node->asker->topology);
    lose_all(node);
}

static struct node *find(const struct redis_asker *a, const struct redis_address *address)
{
    struct node *node;

    list_each (node, &a->nodes, at) {
        if (redis_address_equal(&node->address, address))
            return node;
    }
    return NULL;
}

static int send_question(struct node *node, struct question *q)
{
    int err = redis_conn_write(node->conn, q->bytes, q->len);

    if (!err)
        list_append(&node->questions, &q->at);
    return err;
}

/* "MOVED 3999 10.0.0.1:6381": the host may be missing, and is then the one that says so. */
static bool read_target(const char *error, const struct node *from, struct redis_address *target)
{
    const char *host = strchr(error, ' ');
    host = host ? strchr(host + 1, ' ') : NULL;
    const char *colon = host ? strrchr(host, ':') : NULL;
    if (!colon)
        return false;
    host++;
    size_t len = (size_t)(colon - host);
    const char *name = len ? host : from->address.host;
    return redis_address_set(target, name, len ? len : strlen(name), strtol(colon + 1, NULL, 10)) ==
           0;
}

/* ASKING goes before a question at a server to which the slot is only on its way. */
static int ask_leave(struct node *node)
{
    static const char asking[] = "*1\r\n$6\r\nASKING\r\n";
    struct question *q = calloc(1, sizeof *q + sizeof asking);

    if (!q)
        return -ENOMEM;
    q->len = sizeof asking - 1;
    memcpy(q->bytes, asking, sizeof asking);
    int err = send_question(node, q);
    if (err)
        free(q);
    else
        node->asker->n++;
    return err;
}

static void follow(struct node *from, struct question *q, const char *error)
{
    struct redis_address target;
    struct node *to = read_target(error, from, &target) ? find(from->asker, &target) : NULL;

    q->follow = false;
    if (!to || (error[0] == 'A' && ask_leave(to) < 0) || send_question(to, q) < 0)
        answer(from->asker, q, NULL);
}

static bool begins(const struct redisReply *reply, const char *code)
{
    return reply->type == REDIS_REPLY_ERROR && strncmp(reply->str, code, strlen(code)) == 0;
}

static bool says_wrong_master(const struct redisReply *reply)
{
    return begins(reply, "MOVED ") || begins(reply, "READONLY ") || begins(reply, "MASTERDOWN ") ||
           begins(reply, "CLUSTERDOWN ");
}

static void on_reply(void *ctx, struct redisReply *reply)
{
    struct node *node = ctx;

    if (list_empty(&node->questions))
        return;
    struct question *q = take_first(node);
    if (says_wrong_master(reply))
        redis_topology_refresh(node->asker->topology);
    if (q->follow && (begins(reply, "MOVED ") || begins(reply, "ASK ")))
        follow(node, q, reply->str);
    else
        answer(node->asker, q, begins(reply, "TRYAGAIN ") ? NULL : reply);
}

static void on_up(void *ctx)
{
    struct node *node = ctx;

    backoff_reset(&node->backoff);
}

static void on_down(void *ctx, const char *why)
{
    struct node *node = ctx;
    char address[REDIS_ADDRESS_MAX];

    log_debug("redis command connection is down", LOG_TEXT("why", why),
              LOG_TEXT("address", redis_address_text(&node->address, address, sizeof address)));
    lost(node);
}

static const struct redis_conn_events events = {.up = on_up, .down = on_down, .reply = on_reply};

/* ---- nodes ----------------------------------------------------------------------------------- */

static void free_node(struct node *node)
{
    redis_conn_close(node->conn);
    list_remove(&node->at);
    lose_all(node);
    redis_conn_free(&node->conn);
    free(node);
}

static struct node *add_node(struct redis_asker *a, const struct redis_address *address)
{
    struct node *node = calloc(1, sizeof *node);

    if (!node)
        return NULL;
    node->address = *address;
    node->conn =
        redis_conn_new(a->loop, &node->address, &a->url->login, REDIS_REPLIES, &events, node);
    if (!node->conn) {
        free(node);
        return NULL;
    }
    node->asker = a;
    node->backoff = (struct backoff){.first_ms = 100, .most_ms = 3000};
    list_init(&node->questions);
    list_append(&a->nodes, &node->at);
    redis_conn_open(node->conn);
    return node;
}

static void follow_topology(struct redis_asker *a)
{
    const struct redis_map *map = redis_topology_map(a->topology);
    struct node *node, *next;

    if (a->version == redis_topology_version(a->topology))
        return;
    a->version = redis_topology_version(a->topology);
    a->n_indexes = 0; /* while answers are lost nothing can be asked */
    list_each_safe (node, next, &a->nodes, at) {
        if (redis_map_find(map, &node->address) == REDIS_NOBODY)
            free_node(node);
    }
    for (unsigned i = 0; i < map->n; i++) {
        node = find(a, &map->nodes[i]);
        a->by_index[i] = node ? node : add_node(a, &map->nodes[i]);
    }
    a->n_indexes = map->n;
}

static struct node *any_up(const struct redis_asker *a)
{
    struct node *node;

    list_each (node, &a->nodes, at) {
        if (redis_conn_is_up(node->conn))
            return node;
    }
    return NULL;
}

/* The map may be newer than our nodes; then Redis says MOVED. */
static struct node *owner_of(const struct redis_asker *a, int slot)
{
    int owner = redis_topology_owner(a->topology, slot);

    if (slot == REDIS_NO_SLOT)
        return any_up(a);
    return owner != REDIS_NOBODY && (unsigned)owner < a->n_indexes ? a->by_index[owner] : NULL;
}

/* ---- questions ------------------------------------------------------------------------------- */

static int ask(struct redis_asker *a, struct node *node, bool follows, int argc,
               const char *const *argv, const size_t *lens, redis_answer_fn *fn, void *ctx)
{
    char *command = NULL;

    if (!node || !redis_conn_is_up(node->conn))
        return -ENOTCONN;
    if (a->n >= ASKER_QUESTIONS_MAX)
        return -EAGAIN;
    /* hiredis declares the array without const and only reads it. */
    long long len = redisFormatCommandArgv(&command, argc, (const char **)(uintptr_t)argv, lens);
    struct question *q = len < 0 ? NULL : malloc(sizeof *q + (size_t)len);
    int err = -ENOMEM;
    if (q) {
        *q = (struct question){.fn = fn, .ctx = ctx, .follow = follows, .len = (size_t)len};
        memcpy(q->bytes, command, (size_t)len);
        err = send_question(node, q);
    }
    if (len >= 0)
        redisFreeCommand(command);
    if (err)
        free(q);
    else
        a->n++;
    return err;
}

int redis_asker_ask(struct redis_asker *a, int slot, int argc, const char *const *argv,
                    const size_t *lens, redis_answer_fn *fn, void *ctx)
{
    return ask(a, owner_of(a, slot), true, argc, argv, lens, fn, ctx);
}

int redis_asker_ask_node(struct redis_asker *a, const struct redis_address *address, int argc,
                         const char *const *argv, redis_answer_fn *fn, void *ctx)
{
    return ask(a, find(a, address), false, argc, argv, NULL, fn, ctx);
}

void redis_asker_forget(struct redis_asker *a, const void *ctx)
{
    struct question *q;
    struct node *node;

    list_each (node, &a->nodes, at) {
        list_each (q, &node->questions, at) {
            if (q->ctx == ctx)
                q->fn = NULL;
        }
    }
}

void redis_asker_turn(struct redis_asker *a, uint64_t now_ms)
{
    struct node *node;

    a->now_ms = now_ms;
    follow_topology(a);
    list_each (node, &a->nodes, at) {
        if (redis_conn_is_up(node->conn)) {
            if (redis_conn_unsent(node->conn) > 0)
                redis_conn_flush(node->conn);
        } else if (node->reopen_ms && now_ms >= node->reopen_ms) {
            node->reopen_ms = 0;
            redis_conn_open(node->conn);
        }
    }
}

void redis_asker_drop(struct redis_asker *a, const struct redis_address *address)
{
    struct node *node;

    list_each (node, &a->nodes, at) {
        bool meant = !address || redis_address_equal(&node->address, address);
        if (meant && redis_conn_is_up(node->conn))
            lost(node);
    }
}

bool redis_asker_is_up(const struct redis_asker *a, const struct redis_address *address)
{
    const struct node *node = address ? find(a, address) : any_up(a);

    return node && redis_conn_is_up(node->conn);
}

/* ---- life ------------------------------------------------------------------------------------ */

struct redis_asker *redis_asker_new(uv_loop_t *loop, const struct redis_url *url,
                                    struct redis_topology *topology)
{
    struct redis_asker *a = calloc(1, sizeof *a);

    if (!a)
        return NULL;
    a->loop = loop;
    a->url = url;
    a->topology = topology;
    list_init(&a->nodes);
    return a;
}

void redis_asker_free(struct redis_asker **ap)
{
    struct redis_asker *a = *ap;

    *ap = NULL;
    if (!a)
        return;
    a->n_indexes = 0;
    while (!list_empty(&a->nodes))
        free_node(list_first(&a->nodes, struct node, at));
    free(a);
}
