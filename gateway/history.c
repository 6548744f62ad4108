/* history.c - see history.h. */
#include "gateway/history.h"

#include <assert.h>
#include <errno.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/counters.h"

/* A question at Redis. It lives until the answer, though nobody may want that any more. */
struct history_asked {
    struct history *history;
    struct history_question *question; /* NULL: cancelled */
};

void history_init(struct history *h, struct redis_asker *asker, const struct redis_naming *naming,
                  struct counters *counters)
{
    *h = (struct history){
        .asker = asker, .ask = redis_asker_ask, .naming = naming, .counters = counters};
    list_init(&h->queue);
}

/* ---- answers -------------------------------------------------------------------------------- */

static const struct redisReply *field_m(const struct redisReply *fields)
{
    for (size_t i = 0; fields->type == REDIS_REPLY_ARRAY && i + 1 < fields->elements; i += 2) {
        const struct redisReply *name = fields->element[i], *value = fields->element[i + 1];
        if (name->type == REDIS_REPLY_STRING && name->len == 1 && *name->str == 'm' &&
            value->type == REDIS_REPLY_STRING)
            return value;
    }
    return NULL;
}

/* [id, [name, value, ...]]; the reader ends strings with NUL. */
static bool read_entry(const struct redisReply *reply, struct history_entry *entry)
{
    const struct redisReply *message;
    char *end;

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
        reply->element[0]->type != REDIS_REPLY_STRING || !(message = field_m(reply->element[1])))
        return false;
    entry->epoch = strtoull(reply->element[0]->str, &end, 10);
    if (*end != '-')
        return false;
    entry->seq = strtoull(end + 1, &end, 10);
    entry->bytes = message->str;
    entry->len = (size_t)message->len;
    return *end == '\0' && entry->seq > 0;
}

/* Redis is not able to, but may be soon. */
static bool is_passing(const char *error)
{
    static const char *const passing[] = {"LOADING", "MOVED",       "ASK",       "TRYAGAIN",
                                          "BUSY",    "CLUSTERDOWN", "MASTERDOWN"};

    for (size_t i = 0; i < sizeof passing / sizeof *passing; i++)
        if (strncmp(error, passing[i], strlen(passing[i])) == 0)
            return true;
    return false;
}

static void log_refusal(struct history *h, const char *error)
{
    uint64_t held;

    if (log_allowed(&h->refusals, &held))
        log_error(
            "redis refused to show a stream's history, so holes are not filled; the Redis "
            "user needs +xrange and +xrevrange on the keys under the prefix, or set read-history "
            "to off",
            LOG_TEXT("error", error), LOG_NUMBER("held_back", held));
}

static void give(struct history *h, struct history_question *q, const struct redisReply *reply)
{
    struct history_entry entries[HISTORY_PAGE_MAX];
    struct history_page page = {.entries = entries};
    size_t bytes = 0;

    for (size_t i = 0; i < reply->elements && page.n < HISTORY_PAGE_MAX; i++) {
        if (!read_entry(reply->element[i], &entries[page.n])) {
            h->counters->history_bad++;
            continue;
        }
        bytes += entries[page.n++].len;
    }
    h->expected = bytes > h->expected ? bytes : h->expected - h->expected / 8;
    page.more = !q->newest && reply->elements >= q->count;
    q->fn(q->ctx, &page);
}

static void enqueue(struct history *h, struct history_question *q)
{
    list_append(&h->queue, &q->at);
    q->queued = true;
}

static void on_answer(void *ctx, const struct redisReply *reply)
{
    struct history_asked *asked = ctx;
    struct history *h = asked->history;
    struct history_question *q = asked->question;

    h->n_asked--;
    free(asked);
    if (!q)
        return;
    q->asked = NULL;
    if (!reply) {
        enqueue(h, q);
    } else if (reply->type == REDIS_REPLY_ERROR && is_passing(reply->str) &&
               ++q->tries < HISTORY_TRIES_MAX) {
        q->after_ms = h->now_ms + HISTORY_TRY_AGAIN_MS;
        enqueue(h, q);
    } else if (reply->type != REDIS_REPLY_ARRAY) {
        h->counters->history_refused++;
        log_refusal(h, reply->type == REDIS_REPLY_ERROR ? reply->str : "no array");
        q->fn(q->ctx, &(struct history_page){.refused = true});
    } else {
        give(h, q, reply);
    }
}

/* ---- questions ------------------------------------------------------------------------------ */

static void ask_for(struct history *h, struct history_question *q, const char *stream, size_t len)
{
    assert(!history_is_asking(q) && len <= STREAM_NAME_MAX);
    q->stream = stream;
    q->stream_len = (uint16_t)len;
    q->tries = 0;
    q->after_ms = 0;
    enqueue(h, q);
}

void history_read(struct history *h, struct history_question *q, const char *stream, size_t len,
                  uint64_t epoch, uint64_t seq, unsigned count)
{
    assert(count >= 2 && count <= HISTORY_PAGE_MAX);
    q->newest = false;
    q->epoch = epoch;
    q->seq = seq;
    q->count = (uint16_t)count;
    ask_for(h, q, stream, len);
}

void history_newest(struct history *h, struct history_question *q, const char *stream, size_t len)
{
    q->newest = true;
    q->count = 1;
    ask_for(h, q, stream, len);
}

bool history_is_asking(const struct history_question *q)
{
    return q->queued || q->asked;
}

void history_cancel(struct history_question *q)
{
    if (q->queued)
        list_remove(&q->at);
    if (q->asked)
        q->asked->question = NULL;
    q->queued = false;
    q->asked = NULL;
}

static int send_question(struct history *h, const struct history_question *q,
                         struct history_asked *asked)
{
    char key[REDIS_NAME_MAX + 1], from[48] = "-", count[8];
    size_t len = redis_name(h->naming, REDIS_HISTORY, q->stream, q->stream_len, key);
    const char *range[] = {"XRANGE", key, from, "+", "COUNT", count};
    const char *newest[] = {"XREVRANGE", key, "+", "-", "COUNT", "1"};

    (void)len; /* names have no NUL in them */
    if (q->seq)
        snprintf(from, sizeof from, "%" PRIu64 "-%" PRIu64, q->epoch, q->seq);
    snprintf(count, sizeof count, "%u", q->count);
    return h->ask(h->asker, redis_name_slot(h->naming, q->stream, q->stream_len), 6,
                  q->newest ? newest : range, NULL, on_answer, asked);
}

static int ask(struct history *h, struct history_question *q)
{
    struct history_asked *asked = malloc(sizeof *asked);

    if (!asked)
        return -ENOMEM;
    *asked = (struct history_asked){.history = h, .question = q};
    int err = send_question(h, q, asked);
    if (err) {
        free(asked);
        return err;
    }
    list_remove(&q->at);
    q->queued = false;
    q->asked = asked;
    h->n_asked++;
    return 0;
}

static bool may_ask(const struct history *h)
{
    return h->n_asked == 0 || (h->n_asked < HISTORY_ASKED_MAX &&
                               (h->n_asked + 1) * h->expected <= HISTORY_BYTES_ASKED);
}

void history_turn(struct history *h, uint64_t now_ms)
{
    h->now_ms = now_ms;
    for (int i = 0; i < HISTORY_TURN_MAX && !list_empty(&h->queue) && may_ask(h); i++) {
        struct history_question *q = list_first(&h->queue, struct history_question, at);
        bool due = now_ms >= q->after_ms && (!q->ready || q->ready(q->ctx));
        if (due && ask(h, q) == 0)
            continue;
        list_remove(&q->at); /* its node may be away while another's is there: others first */
        list_append(&h->queue, &q->at);
    }
}
