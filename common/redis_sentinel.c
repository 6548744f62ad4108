/* redis_sentinel.c - see redis_sentinel.h. */
#include "common/redis_sentinel.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/redis_query.h"

enum { WHY_MAX = 300 + REDIS_ADDRESS_MAX };

struct vote {
    struct redis_sentinel *sentinel; /* ours */
    struct redis_query *query;       /* kept open: it is asked every few seconds */
    struct redis_address master;
    bool asked, named; /* in this search; master is what it named */
};

struct redis_sentinel {
    const struct redis_url *url;
    redis_found_fn *found;
    void *ctx;
    bool searching;
    unsigned awaited;
    char why[WHY_MAX]; /* the last failure of this search */
    struct redis_map map;
    struct vote votes[REDIS_SEEDS_MAX];
};

/* ---- counting -------------------------------------------------------------------------------- */

static unsigned voices_for(const struct redis_sentinel *s, const struct redis_address *master)
{
    unsigned n = 0;

    for (unsigned i = 0; i < s->url->n_seeds; i++)
        n += s->votes[i].named && redis_address_equal(&s->votes[i].master, master);
    return n;
}

/* The vote whose master most name; NULL: nobody names any. */
static const struct vote *most_voiced(const struct redis_sentinel *s, unsigned *voices)
{
    const struct vote *best = NULL;

    *voices = 0;
    for (unsigned i = 0; i < s->url->n_seeds; i++) {
        unsigned n = s->votes[i].named ? voices_for(s, &s->votes[i].master) : 0;
        if (n > *voices) {
            *voices = n;
            best = &s->votes[i];
        }
    }
    return best;
}

static void count(struct redis_sentinel *s)
{
    unsigned voices;
    const struct vote *best = most_voiced(s, &voices);
    bool sure = voices > s->url->n_seeds / 2;

    if (!s->searching || (!sure && s->awaited > 0))
        return;
    s->searching = false;
    if (best)
        redis_map_single(&s->map, &best->master);
    s->found(s->ctx, &(struct redis_finding){
                         .map = best ? &s->map : NULL, .why = sure ? NULL : s->why, .sure = sure});
}

/* ---- asking ---------------------------------------------------------------------------------- */

/* [host, port], both text; nil when it watches no such master. */
static const char *read_master(const redisReply *reply, struct redis_address *master)
{
    if (reply->type == REDIS_REPLY_ERROR)
        return reply->str;
    if (reply->type == REDIS_REPLY_NIL)
        return "it watches no master of that name";
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 || !reply->element[0]->str ||
        !reply->element[1]->str)
        return "its answer is of an unknown form";
    if (redis_address_set(master, reply->element[0]->str, (size_t)reply->element[0]->len,
                          strtol(reply->element[1]->str, NULL, 10)) < 0)
        return "the master's address is of an unknown form";
    return NULL;
}

static void on_answer(void *ctx, const struct redisReply *reply, const char *why)
{
    struct vote *vote = ctx;
    struct redis_sentinel *s = vote->sentinel;
    char address[REDIS_ADDRESS_MAX];

    if (reply)
        why = read_master(reply, &vote->master);
    if (!vote->asked)
        return; /* by an earlier search, which did not wait for it */
    vote->asked = false;
    s->awaited--;
    vote->named = !why;
    if (why)
        snprintf(s->why, sizeof s->why, "sentinel %s: %.280s",
                 redis_address_text(redis_query_address(vote->query), address, sizeof address),
                 why);
    count(s);
}

void redis_sentinel_ask(struct redis_sentinel *s)
{
    const char *const question[] = {"SENTINEL", "GET-MASTER-ADDR-BY-NAME", s->url->master};

    s->searching = true;
    s->awaited = s->url->n_seeds;
    snprintf(s->why, sizeof s->why, "the sentinels do not agree on the master");
    for (unsigned i = 0; i < s->url->n_seeds; i++) {
        s->votes[i].named = false;
        s->votes[i].asked = true; /* one that still owes an answer gives it to this search */
        redis_query_ask(s->votes[i].query, 3, question);
    }
}

/* ---- life ------------------------------------------------------------------------------------ */

struct redis_sentinel *redis_sentinel_new(uv_loop_t *loop, const struct redis_url *url,
                                          redis_found_fn *found, void *ctx)
{
    struct redis_sentinel *s = calloc(1, sizeof *s);

    if (!s)
        return NULL;
    s->url = url;
    s->found = found;
    s->ctx = ctx;
    for (unsigned i = 0; s && i < url->n_seeds; i++) {
        struct vote *vote = &s->votes[i];
        vote->sentinel = s;
        vote->query = redis_query_new(loop, &url->seeds[i], &url->sentinel_login, on_answer, vote);
        if (!vote->query)
            redis_sentinel_free(&s);
    }
    return s;
}

void redis_sentinel_free(struct redis_sentinel **sp)
{
    struct redis_sentinel *s = *sp;

    *sp = NULL;
    if (!s)
        return;
    for (unsigned i = 0; i < REDIS_SEEDS_MAX; i++)
        redis_query_free(&s->votes[i].query);
    free(s);
}
