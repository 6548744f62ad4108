/* published.c - see published.h. */
#include "gateway/published.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/directory.h"
#include "common/json_span.h"
#include "common/redis_asker.h"
#include "common/redis_name.h"
#include "common/stream_name.h"

struct published {
    struct redis_asker *asker;
    char key[STREAM_PREFIX_MAX + 16];
    struct list waiters;
    bool asking;
    uint64_t now_ms, read_ms; /* 0: never */
    struct text list;         /* empty: unknown */
};

struct row {
    const char *name; /* both borrowed from the reply */
    size_t name_len;
    struct json_value rate, last;
    double order;
};

struct published *published_new(struct redis_asker *asker, const char *prefix)
{
    struct published *p = calloc(1, sizeof *p);

    if (!p)
        return NULL;
    p->asker = asker;
    list_init(&p->waiters);
    snprintf(p->key, sizeof p->key, "%s" DIRECTORY_KEY, prefix);
    return p;
}

void published_free(struct published **pp)
{
    struct published *p = *pp;

    *pp = NULL;
    if (!p)
        return;
    text_free(&p->list);
    free(p);
}

/* ---- what Redis has -------------------------------------------------------------------------- */

/* The hash may hold anything: what does not look like a publisher's is passed over. */
static bool read_row(const struct redisReply *name, const struct redisReply *value, struct row *row)
{
    struct json_value root;
    char number[40];

    if (name->type != REDIS_REPLY_STRING || value->type != REDIS_REPLY_STRING ||
        !stream_name_valid(name->str, name->len) ||
        json_check(value->str, value->len, JSON_STRICT, &root, NULL) < 0)
        return false;
    row->name = name->str;
    row->name_len = name->len;
    row->rate = json_member(root, "rate", JSON_STRICT);
    row->last = json_member(root, "last_ms", JSON_STRICT);
    if (row->rate.kind != JSON_NUMBER || row->last.kind != JSON_NUMBER ||
        row->rate.len >= sizeof number)
        return false;
    memcpy(number, row->rate.at, row->rate.len);
    number[row->rate.len] = '\0';
    row->order = strtod(number, NULL);
    return true;
}

static int by_rate(const void *a, const void *b)
{
    const struct row *x = a, *y = b;

    return (x->order < y->order) - (x->order > y->order);
}

static void render(struct published *p, const struct row *rows, size_t n)
{
    text_add(&p->list, "[");
    for (size_t i = 0; i < n && i < PUBLISHED_SHOWN_MAX; i++) {
        text_add(&p->list, "%s{\"stream\":", i ? "," : "");
        text_add_json(&p->list, rows[i].name, rows[i].name_len);
        text_add(&p->list, ",\"rate\":%.*s,\"last_ms\":%.*s}", (int)rows[i].rate.len,
                 rows[i].rate.at, (int)rows[i].last.len, rows[i].last.at);
    }
    text_add(&p->list, "]");
}

static void read_all(struct published *p, const struct redisReply *answer)
{
    struct row *rows = malloc((answer->elements / 2 + 1) * sizeof *rows);
    size_t n = 0;

    for (size_t i = 0; rows && i + 1 < answer->elements; i += 2)
        n += read_row(answer->element[i], answer->element[i + 1], &rows[n]);
    if (n > 1)
        qsort(rows, n, sizeof *rows, by_rate);
    if (n > 0)
        render(p, rows, n);
    free(rows);
    if (p->list.failed)
        text_free(&p->list);
}

static void on_answer(void *ctx, const struct redisReply *answer)
{
    struct published *p = ctx;

    p->asking = false;
    p->read_ms = p->now_ms;
    text_free(&p->list);
    if (answer && answer->type == REDIS_REPLY_ARRAY)
        read_all(p, answer);
    while (!list_empty(&p->waiters)) {
        struct published_waiter *w = list_first(&p->waiters, struct published_waiter, in_published);
        published_leave(w);
        w->ready(w);
    }
}

/* ---- who asks -------------------------------------------------------------------------------- */

static bool ask(struct published *p)
{
    const char *argv[] = {"HGETALL", p->key};

    if (!p->asking)
        p->asking = redis_asker_ask(p->asker, redis_slot(p->key, strlen(p->key)), 2, argv, NULL,
                                    on_answer, p) == 0;
    if (!p->asking)
        text_free(&p->list); /* Redis is away: what it said before may not be true any more */
    return p->asking;
}

bool published_want(struct published *p, struct published_waiter *w, uint64_t now_ms)
{
    p->now_ms = now_ms;
    published_leave(w);
    if ((p->read_ms && now_ms - p->read_ms < PUBLISHED_FRESH_MS) || !ask(p))
        return true;
    list_append(&p->waiters, &w->in_published);
    return false;
}

void published_leave(struct published_waiter *w)
{
    if (w->in_published.next)
        list_remove(&w->in_published);
    w->in_published = (struct list){0};
}

void published_add(const struct published *p, struct text *out)
{
    if (p && p->list.len > 0)
        text_add_bytes(out, p->list.at, p->list.len);
    else
        text_add(out, "\"unknown\"");
}
