/* redis_asker.c - see redis_asker.h. */
#include "common/redis_asker.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdlib.h>

#include "common/backoff.h"
#include "common/list.h"
#include "common/log.h"
#include "common/redis_conn.h"

struct question {
    struct list at;
    redis_answer_fn *fn;
    void *ctx;
};

struct redis_asker {
    struct redis_conn *conn;
    struct list questions; /* unanswered, in the order in which they were asked */
    unsigned n;
    struct backoff backoff;
    uint64_t now_ms, reopen_ms; /* 0: not waiting to open */
};

static void answer_first(struct redis_asker *a, const struct redisReply *reply)
{
    struct question *q = list_first(&a->questions, struct question, at);

    list_remove(&q->at);
    a->n--;
    if (q->fn)
        q->fn(q->ctx, reply);
    free(q);
}

static void lose_all(struct redis_asker *a)
{
    /* Only those asked so far: an answer may ask again, which fails as long as we are closed. */
    while (!list_empty(&a->questions))
        answer_first(a, NULL);
}

static void lost(struct redis_asker *a)
{
    redis_conn_close(a->conn);
    a->reopen_ms = a->now_ms + backoff_next(&a->backoff, backoff_random());
    lose_all(a);
}

static void on_up(void *ctx)
{
    struct redis_asker *a = ctx;

    backoff_reset(&a->backoff);
}

static void on_down(void *ctx, const char *why)
{
    log_debug("redis command connection is down", LOG_TEXT("why", why));
    lost(ctx);
}

static void on_reply(void *ctx, struct redisReply *reply)
{
    struct redis_asker *a = ctx;

    if (!list_empty(&a->questions))
        answer_first(a, reply);
}

static const struct redis_conn_events events = {.up = on_up, .down = on_down, .reply = on_reply};

struct redis_asker *redis_asker_new(uv_loop_t *loop, const struct redis_url *url)
{
    struct redis_asker *a = calloc(1, sizeof *a);

    if (!a)
        return NULL;
    list_init(&a->questions);
    a->backoff = (struct backoff){.first_ms = 100, .most_ms = 3000};
    a->conn = redis_conn_new(loop, &url->seeds[0], &url->login, REDIS_REPLIES, &events, a);
    if (!a->conn)
        redis_asker_free(&a);
    return a;
}

void redis_asker_start(struct redis_asker *a)
{
    redis_conn_open(a->conn);
}

void redis_asker_free(struct redis_asker **ap)
{
    struct redis_asker *a = *ap;

    *ap = NULL;
    if (!a)
        return;
    if (a->conn)
        redis_conn_close(a->conn);
    lose_all(a);
    redis_conn_free(&a->conn);
    free(a);
}

int redis_asker_ask(struct redis_asker *a, int slot, int argc, const char *const *argv,
                    const size_t *lens, redis_answer_fn *fn, void *ctx)
{
    (void)slot; /* there is one Redis */
    if (a->n >= ASKER_QUESTIONS_MAX)
        return -EAGAIN;
    struct question *q = malloc(sizeof *q);
    if (!q)
        return -ENOMEM;
    int err = redis_conn_command(a->conn, argc, argv, lens);
    if (err) {
        free(q);
        return err;
    }
    *q = (struct question){.fn = fn, .ctx = ctx};
    list_append(&a->questions, &q->at);
    a->n++;
    return 0;
}

void redis_asker_turn(struct redis_asker *a, uint64_t now_ms)
{
    a->now_ms = now_ms;
    if (redis_conn_is_up(a->conn)) {
        if (redis_conn_unsent(a->conn) > 0)
            redis_conn_flush(a->conn);
    } else if (a->reopen_ms && now_ms >= a->reopen_ms) {
        a->reopen_ms = 0;
        redis_conn_open(a->conn);
    }
}

void redis_asker_drop(struct redis_asker *a)
{
    if (redis_conn_is_up(a->conn))
        lost(a);
}

bool redis_asker_is_up(const struct redis_asker *a)
{
    return redis_conn_is_up(a->conn);
}
