/* fake_history.h - a Redis with histories, driven by plain calls: questions of history.h wait here
 * until a test answers, refuses or loses them.
 */
#ifndef TESTS_FAKE_HISTORY_H
#define TESTS_FAKE_HISTORY_H

#include <assert.h>
#include <errno.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/counters.h"
#include "gateway/history.h"

enum { FAKE_ENTRIES_MAX = 4096, FAKE_QUESTIONS_MAX = 256, FAKE_KEY_MAX = 64 };

struct fake_entry {
    char key[FAKE_KEY_MAX];
    uint64_t epoch, seq;
    char text[96]; /* the message */
};

struct fake_question {
    char words[6][FAKE_KEY_MAX];
    redis_answer_fn *fn;
    void *ctx;
};

/* The one Redis of the test; fake_histories_start() makes it new. */
struct fake_histories {
    struct history history;
    struct counters counters;
    struct redis_naming naming;
    struct fake_entry entries[FAKE_ENTRIES_MAX];
    size_t n_entries;
    struct fake_question questions[FAKE_QUESTIONS_MAX];
    size_t n_questions, asked; /* waiting; in all */
    int down;                  /* -errno that asking gives; 0: it is there */
    uint64_t now_ms;
};

static struct fake_histories fake_redis;

static inline int fake_ask(struct redis_asker *a, int slot, int argc, const char *const *argv,
                           const size_t *lens, redis_answer_fn *fn, void *ctx)
{
    struct fake_histories *f = &fake_redis;

    (void)a, (void)slot, (void)lens;
    if (f->down)
        return f->down;
    assert(argc == 6 && f->n_questions < FAKE_QUESTIONS_MAX);
    struct fake_question *q = &f->questions[f->n_questions++];
    for (int i = 0; i < argc; i++)
        snprintf(q->words[i], sizeof q->words[i], "%s", argv[i]);
    q->fn = fn;
    q->ctx = ctx;
    f->asked++;
    return 0;
}

static inline void fake_histories_start(void)
{
    memset(&fake_redis, 0, sizeof fake_redis);
    fake_redis.naming.prefix = "p:";
    history_init(&fake_redis.history, NULL, &fake_redis.naming, &fake_redis.counters);
    fake_redis.history.ask = fake_ask;
}

/* An entry {"n":SEQ} of the stream's history; they are added in order. */
static inline void fake_keep_tagged(const char *stream, uint64_t epoch, uint64_t seq,
                                    const char *tag)
{
    assert(fake_redis.n_entries < FAKE_ENTRIES_MAX);
    struct fake_entry *e = &fake_redis.entries[fake_redis.n_entries++];

    snprintf(e->key, sizeof e->key, "p:hist:%s", stream);
    e->epoch = epoch;
    e->seq = seq;
    snprintf(e->text, sizeof e->text, "%" PRIu64 "-%" PRIu64 " 1%s%s\n{\"n\":%" PRIu64 "}", epoch,
             seq, *tag ? " " : "", tag, seq);
}

static inline void fake_keep(const char *stream, uint64_t epoch, uint64_t seq)
{
    fake_keep_tagged(stream, epoch, seq, "");
}

/* The histories are gone. */
static inline void fake_forget_all(void)
{
    fake_redis.n_entries = 0;
}

static inline redisReply *fake_text(const char *text)
{
    redisReply *r = calloc(1, sizeof *r);

    r->type = REDIS_REPLY_STRING;
    r->len = strlen(text);
    r->str = strdup(text);
    return r;
}

static inline redisReply *fake_array(size_t most)
{
    redisReply *r = calloc(1, sizeof *r);

    r->type = REDIS_REPLY_ARRAY;
    r->element = calloc(most + 1, sizeof *r->element);
    return r;
}

static inline void fake_free(redisReply *r)
{
    for (size_t i = 0; r->type == REDIS_REPLY_ARRAY && i < r->elements; i++)
        fake_free(r->element[i]);
    free(r->element);
    free(r->str);
    free(r);
}

static inline redisReply *fake_entry_reply(const struct fake_entry *e)
{
    redisReply *entry = fake_array(2), *fields = fake_array(2);
    char id[48];

    snprintf(id, sizeof id, "%" PRIu64 "-%" PRIu64, e->epoch, e->seq);
    fields->element[fields->elements++] = fake_text("m");
    fields->element[fields->elements++] = fake_text(e->text);
    entry->element[entry->elements++] = fake_text(id);
    entry->element[entry->elements++] = fields;
    return entry;
}

static inline bool fake_is_in(const struct fake_question *q, const struct fake_entry *e)
{
    unsigned long long epoch = 0, seq = 0;

    if (strcmp(q->words[1], e->key) != 0)
        return false;
    if (strcmp(q->words[0], "XRANGE") == 0 && strcmp(q->words[2], "-") != 0)
        sscanf(q->words[2], "%llu-%llu", &epoch, &seq);
    return e->epoch > epoch || (e->epoch == epoch && e->seq >= seq);
}

static inline redisReply *fake_range(const struct fake_question *q)
{
    size_t count = strtoul(q->words[5], NULL, 10);
    bool newest = strcmp(q->words[0], "XREVRANGE") == 0;
    redisReply *reply = fake_array(FAKE_ENTRIES_MAX);

    for (size_t i = 0; i < fake_redis.n_entries && reply->elements < count; i++) {
        size_t at = newest ? fake_redis.n_entries - 1 - i : i;
        if (fake_is_in(q, &fake_redis.entries[at]))
            reply->element[reply->elements++] = fake_entry_reply(&fake_redis.entries[at]);
    }
    return reply;
}

static inline struct fake_question fake_take_question(void)
{
    struct fake_question q = fake_redis.questions[0];

    assert(fake_redis.n_questions > 0);
    memmove(&fake_redis.questions[0], &fake_redis.questions[1],
            --fake_redis.n_questions * sizeof q);
    return q;
}

static inline void fake_turn_history(void)
{
    history_turn(&fake_redis.history, fake_redis.now_ms);
}

/* The oldest question is answered from what is kept now. */
static inline void fake_answer(void)
{
    struct fake_question q = fake_take_question();
    redisReply *reply = fake_range(&q);

    q.fn(q.ctx, reply);
    fake_free(reply);
}

/* ... with an error; ... or its answer is lost. */
static inline void fake_refuse(const char *error)
{
    struct fake_question q = fake_take_question();
    redisReply *reply = fake_text(error);

    reply->type = REDIS_REPLY_ERROR;
    q.fn(q.ctx, reply);
    fake_free(reply);
}

static inline void fake_lose(void)
{
    struct fake_question q = fake_take_question();

    q.fn(q.ctx, NULL);
}

/* Turn after turn, until nothing is asked any more. */
static inline void fake_answer_all(void)
{
    fake_turn_history();
    while (fake_redis.n_questions > 0) {
        fake_answer();
        fake_turn_history();
    }
}

#endif
