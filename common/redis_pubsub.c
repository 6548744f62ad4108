/* redis_pubsub.c - see redis_pubsub.h. */
#include "common/redis_pubsub.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    KIND_MAX = 16,     /* "sunsubscribe" is the longest we know */
    CHANNEL_MAX = 512, /* longer than any channel we can have asked for; and error texts */
    /* hiredis moves the rest of its buffer to the front after every reply that ends past 1 kB,
     * so small helpings keep that move small. */
    HELPING = 4096,
    KEEP_BUFFER = 64 * 1024,
};

struct redis_pubsub {
    const struct redis_pubsub_events *events;
    void *ctx;
    redisReader *reader;
    bool stopped;
    bool odd; /* this reply is of no shape we know: say nothing of it */
    /* The first two elements are copied, since the reader's buffer moves when a reply comes in
     * pieces. Only the payload, always last, is used in place. */
    char kind[KIND_MAX], channel[CHANNEL_MAX];
    size_t kind_len, channel_len;
};

#if HIREDIS_MAJOR >= 1
typedef size_t array_count;
#else
typedef int array_count;
#endif

static char token; /* hiredis wants an object for every reply; we have none to give */

static size_t keep(char *into, size_t cap, const char *bytes, size_t len)
{
    size_t n = len < cap ? len : cap;
    memcpy(into, bytes, n);
    return n;
}

static void tell(struct redis_pubsub *p, int64_t count)
{
    if (p->stopped || p->odd)
        return;
    p->events->notice(p->ctx, &(struct redis_notice){.kind = p->kind,
                                                     .kind_len = p->kind_len,
                                                     .channel = p->channel,
                                                     .channel_len = p->channel_len,
                                                     .count = count});
}

static bool is_message(const struct redis_pubsub *p)
{
    return (p->kind_len == 7 && memcmp(p->kind, "message", 7) == 0) ||
           (p->kind_len == 8 && memcmp(p->kind, "smessage", 8) == 0);
}

static void last_element(struct redis_pubsub *p, const char *bytes, size_t len)
{
    if (p->stopped || p->odd)
        return;
    if (is_message(p))
        p->events->message(p->ctx, p->channel, p->channel_len, bytes, len);
    else
        tell(p, 0); /* e.g. {"pong", ""} */
}

static void *on_string(const redisReadTask *task, char *bytes, size_t len)
{
    struct redis_pubsub *p = task->privdata;

    if (!task->parent) {
        bool error = task->type == REDIS_REPLY_ERROR;
        p->odd = false;
        p->kind_len = keep(p->kind, KIND_MAX, error ? "error" : "status", error ? 5 : 6);
        p->channel_len = keep(p->channel, CHANNEL_MAX, bytes, len);
        tell(p, 0);
        return &token;
    }
    if (task->idx == 0)
        p->kind_len = keep(p->kind, KIND_MAX, bytes, len);
    if (task->idx == 1)
        p->channel_len = keep(p->channel, CHANNEL_MAX, bytes, len);
    if (task->idx > 0 && (size_t)task->idx + 1 == (size_t)task->parent->elements)
        last_element(p, bytes, len);
    return &token;
}

static void *on_array(const redisReadTask *task, array_count elements)
{
    struct redis_pubsub *p = task->privdata;

    p->odd = task->parent || elements < 2 || elements > 3;
    p->kind_len = p->channel_len = 0;
    return &token;
}

static void *on_integer(const redisReadTask *task, long long value)
{
    if (task->parent && task->idx == 2)
        tell(task->privdata, value);
    return &token;
}

static void *on_nil(const redisReadTask *task)
{
    (void)task; /* the channel of UNSUBSCRIBE without any: kept empty */
    return &token;
}

static void on_free(void *object)
{
    (void)object;
}

static redisReplyObjectFunctions reply_functions = {
    .createString = on_string,
    .createArray = on_array,
    .createInteger = on_integer,
    .createNil = on_nil,
    .freeObject = on_free,
    /* RESP3's doubles and booleans never come: we do not ask for RESP3. */
};

struct redis_pubsub *redis_pubsub_new(const struct redis_pubsub_events *events, void *ctx)
{
    struct redis_pubsub *p = calloc(1, sizeof *p);

    if (!p || !(p->reader = redisReaderCreateWithFunctions(&reply_functions))) {
        free(p);
        return NULL;
    }
    p->events = events;
    p->ctx = ctx;
    p->reader->privdata = p;
    p->reader->maxbuf = KEEP_BUFFER;
    return p;
}

void redis_pubsub_free(struct redis_pubsub **pp)
{
    struct redis_pubsub *p = *pp;

    *pp = NULL;
    if (!p)
        return;
    redisReaderFree(p->reader);
    free(p);
}

void redis_pubsub_stop(struct redis_pubsub *p)
{
    p->stopped = true;
}

int redis_pubsub_feed(struct redis_pubsub *p, const char *bytes, size_t len, size_t max)
{
    for (size_t at = 0; at < len && !p->stopped; at += HELPING) {
        size_t n = len - at < HELPING ? len - at : HELPING;
        void *reply = &token;

        if (redisReaderFeed(p->reader, bytes + at, n) != REDIS_OK)
            return -EPROTO;
        while (reply && !p->stopped) {
            reply = NULL;
            if (redisReaderGetReply(p->reader, &reply) != REDIS_OK)
                return -EPROTO;
        }
        if (p->reader->len - p->reader->pos > max)
            return -EPROTO;
    }
    return 0;
}
