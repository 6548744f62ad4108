/* last_value.c - see last_value.h. */
#include "gateway/last_value.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/redis_asker.h"
#include "common/redis_name.h"
#include "common/stream_name.h"
#include "gateway/gateway_settings.h"

enum { FORM_MAX = 200, KEY_MAX = FORM_MAX + REDIS_NAME_MAX + 1 };

static const char form_start[] = "string:";

struct last_value {
    struct last_value_source *from;
    last_value_fn *fn; /* NULL: forgotten */
    void *ctx;
};

bool last_value_form_valid(const char *form)
{
    const char *percent = strchr(form, '%');

    if (!*form)
        return true;
    return strlen(form) <= FORM_MAX && strncmp(form, form_start, sizeof form_start - 1) == 0 &&
           percent && percent[1] == 's' && !strchr(percent + 1, '%');
}

static void log_refusal(struct last_value_source *from, const char *error)
{
    uint64_t held;

    if (log_allowed(&from->refusals, &held))
        log_error("redis refused to give a last value; the Redis user needs +hget (+get with "
                  "last-value) and those keys",
                  LOG_TEXT("error", error), LOG_NUMBER("held_back", held));
}

static void on_answer(void *ctx, const struct redisReply *reply)
{
    struct last_value *q = ctx;
    last_value_fn *fn = q->fn;
    void *fn_ctx = q->ctx;

    if (fn && reply && reply->type == REDIS_REPLY_ERROR)
        log_refusal(q->from, reply->str);
    free(q);
    if (!fn)
        return;
    if (!reply)
        fn(fn_ctx, LAST_VALUE_LOST, NULL, 0);
    else if (reply->type == REDIS_REPLY_STRING && reply->len > 0)
        fn(fn_ctx, LAST_VALUE_IS, reply->str, (size_t)reply->len);
    else
        fn(fn_ctx, LAST_VALUE_NONE, NULL, 0);
}

/* The foreign publisher's key for the stream. */
static size_t write_key(const char *form, const char *stream, size_t len, char key[KEY_MAX])
{
    const char *start = form + sizeof form_start - 1, *percent = strchr(start, '%');
    int n = snprintf(key, KEY_MAX, "%.*s%.*s%s", (int)(percent - start), start, (int)len, stream,
                     percent + 2);

    return (size_t)n;
}

static int ask(struct last_value_source *from, const char *stream, size_t len, struct last_value *q)
{
    const char *form = from->settings->last_value;
    char key[KEY_MAX];

    if (*form) {
        size_t key_len = write_key(form, stream, len, key);
        return redis_asker_ask(from->asker, redis_slot(key, key_len), 2,
                               (const char *[]){"GET", key}, (const size_t[]){3, key_len},
                               on_answer, q);
    }
    size_t n = redis_name(&from->settings->naming, REDIS_LAST, stream, len, key);
    return redis_asker_ask(from->asker, redis_slot(key, n), 3,
                           (const char *[]){"HGET", key, "message"}, (const size_t[]){4, n, 7},
                           on_answer, q);
}

int last_value_ask(struct last_value_source *from, const char *stream, size_t len,
                   last_value_fn *fn, void *ctx, struct last_value **question)
{
    struct last_value *q = malloc(sizeof *q);

    if (!q)
        return -ENOMEM;
    *q = (struct last_value){.from = from, .fn = fn, .ctx = ctx};
    int err = ask(from, stream, len, q);
    if (err)
        free(q);
    else
        *question = q;
    return err;
}

void last_value_forget(struct last_value **question)
{
    if (*question)
        (*question)->fn = NULL;
    *question = NULL;
}
