/* redis_query.c - see redis_query.h. */
#include "common/redis_query.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/redis_conn.h"

struct redis_query {
    struct redis_address address;
    struct redis_conn *conn;
    uv_timer_t timer; /* runs while a question is under way */
    bool open;        /* the connection is made or being made */
    redis_query_fn *fn;
    void *ctx;
    int n; /* words of the question under way; 0: none */
    const char *words[REDIS_QUERY_WORDS_MAX];
};

static void answer(struct redis_query *q, const struct redisReply *reply, const char *why)
{
    bool awaited = q->n > 0;

    q->n = 0;
    uv_timer_stop(&q->timer);
    if (awaited)
        q->fn(q->ctx, reply, why);
}

static void fail(struct redis_query *q, const char *why)
{
    redis_conn_close(q->conn);
    q->open = false;
    answer(q, NULL, why);
}

static void send_question(struct redis_query *q)
{
    if (redis_conn_command(q->conn, q->n, q->words, NULL) < 0)
        fail(q, "out of memory");
    else
        redis_conn_flush(q->conn);
}

static void on_up(void *ctx)
{
    struct redis_query *q = ctx;

    if (q->n > 0)
        send_question(q);
}

static void on_down(void *ctx, const char *why)
{
    fail(ctx, why);
}

static void on_reply(void *ctx, struct redisReply *reply)
{
    answer(ctx, reply, NULL);
}

static void on_timer(uv_timer_t *timer)
{
    struct redis_query *q = timer->data;

    if (q->open && redis_conn_is_up(q->conn))
        fail(q, "it did not answer within 2 s");
    else
        fail(q, q->open ? "it could not be connected to within 2 s" : "out of memory");
}

static const struct redis_conn_events events = {.up = on_up, .down = on_down, .reply = on_reply};

struct redis_query *redis_query_new(uv_loop_t *loop, const struct redis_address *address,
                                    const struct redis_login *login, redis_query_fn *fn, void *ctx)
{
    struct redis_query *q = calloc(1, sizeof *q);

    if (!q)
        return NULL;
    q->address = *address;
    q->fn = fn;
    q->ctx = ctx;
    q->conn = redis_conn_new(loop, &q->address, login, REDIS_REPLIES, &events, q);
    if (!q->conn) {
        free(q);
        return NULL;
    }
    uv_timer_init(loop, &q->timer);
    q->timer.data = q;
    return q;
}

static void on_closed(uv_handle_t *timer)
{
    free(timer->data);
}

void redis_query_free(struct redis_query **queryp)
{
    struct redis_query *q = *queryp;

    *queryp = NULL;
    if (!q)
        return;
    redis_conn_free(&q->conn);
    uv_close((uv_handle_t *)&q->timer, on_closed);
}

void redis_query_ask(struct redis_query *q, int n, const char *const *words)
{
    if (q->n > 0)
        return;
    assert(n > 0 && n <= REDIS_QUERY_WORDS_MAX);
    q->n = n;
    memcpy(q->words, words, (size_t)n * sizeof *words);
    uv_timer_start(&q->timer, on_timer, REDIS_QUERY_MS, 0);
    if (!q->open) {
        q->open = true;
        redis_conn_open(q->conn);
    } else if (redis_conn_command(q->conn, q->n, q->words, NULL) < 0) {
        redis_query_close(q);
        q->n = n; /* the timer tells */
        uv_timer_start(&q->timer, on_timer, 0, 0);
    } else {
        redis_conn_flush(q->conn);
    }
}

bool redis_query_asking(const struct redis_query *q)
{
    return q->n > 0;
}

void redis_query_close(struct redis_query *q)
{
    redis_conn_close(q->conn);
    q->open = false;
    q->n = 0;
    uv_timer_stop(&q->timer);
}

const struct redis_address *redis_query_address(const struct redis_query *q)
{
    return &q->address;
}
