/* lease.c - see lease.h. */
#include "publisher/lease.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "common/stream_name.h"

/* Numbers of Lua are doubles, exact to 2^53: milliseconds fit for long. They are written with %.0f
 * since Lua itself would write 1.6e+12. */
#define NOW                                                                                        \
    "local t = redis.call('TIME') "                                                                \
    "local now = t[1] * 1000 + math.floor(t[2] / 1000) "
#define EPOCH "local epoch = string.format('%.0f', math.max(now, last + 1)) "

static const char epoch_script[] =
    NOW "local last = tonumber(redis.call('GET', KEYS[1]) or 0) or 0 " EPOCH
        "redis.call('SET', KEYS[1], epoch) "
        "return {epoch, ''}";

/* ARGV: the wish, the owner, how long in ms, the epoch. */
static const char lease_script[] =
    NOW "local h = redis.call('HMGET', KEYS[1], 'owner', 'until', 'epoch') "
        "local owner, ends, last = h[1] or '', tonumber(h[2] or 0) or 0, tonumber(h[3] or 0) or 0 "
        "local mine, free = owner == ARGV[2], ends <= now "
        "if ARGV[1] == 'free' then "
        "  if mine then redis.call('HSET', KEYS[1], 'until', 0) end "
        "  return {'0', ''} "
        "end " EPOCH "if ARGV[1] == 'keep' then "
        "  if not (mine and h[3] == ARGV[4] or not h[1]) then return {'0', owner} end "
        "  epoch = ARGV[4] "
        "elseif not mine and not free or ARGV[1] == 'inherit' and not h[1] then "
        "  return {'0', owner} "
        "end "
        "redis.call('HSET', KEYS[1], 'owner', ARGV[2], "
        "           'until', string.format('%.0f', now + ARGV[3]), 'epoch', epoch) "
        "return {epoch, ARGV[2]}";

static const char *const wish_names[] = {"take", "inherit", "keep", "free"};

bool lease_name_valid(const char *name)
{
    size_t len = strlen(name);

    return len > 0 && len <= LEASE_NAME_MAX &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+-") ==
               len;
}

void lease_init(struct lease *l, const char *prefix, const char *name)
{
    char host[64] = "";
    uint64_t random = 0;

    *l = (struct lease){.prefix = prefix, .name = name};
    gethostname(host, sizeof host - 1);
    if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
        random = (uint64_t)(uintptr_t)l; /* never for eight bytes, once the kernel is up */
    snprintf(l->owner, sizeof l->owner, "%s:%ld:%016" PRIx64, host, (long)getpid(), random);
}

static int ask_epoch(const struct lease *l, struct redis_asker *asker, redis_answer_fn *fn,
                     void *ctx)
{
    char key[STREAM_PREFIX_MAX + sizeof "_epoch"];
    size_t len = (size_t)snprintf(key, sizeof key, "%s_epoch", l->prefix);

    return redis_asker_ask(asker, redis_slot(key, len), 4,
                           (const char *[]){"EVAL", epoch_script, "1", key}, NULL, fn, ctx);
}

int lease_ask(const struct lease *l, struct redis_asker *asker, enum lease_wish wish,
              uint64_t epoch, redis_answer_fn *fn, void *ctx)
{
    char key[STREAM_PREFIX_MAX + sizeof "_lead." + LEASE_NAME_MAX], ms[12], text[24];

    if (!l->name)
        return ask_epoch(l, asker, fn, ctx);
    size_t len = (size_t)snprintf(key, sizeof key, "%s_lead.%s", l->prefix, l->name);
    snprintf(ms, sizeof ms, "%d", LEASE_MS);
    snprintf(text, sizeof text, "%" PRIu64, epoch);
    return redis_asker_ask(
        asker, redis_slot(key, len), 8,
        (const char *[]){"EVAL", lease_script, "1", key, wish_names[wish], l->owner, ms, text},
        NULL, fn, ctx);
}

int lease_read(const struct redisReply *answer, uint64_t *epoch, const char **owner)
{
    char *end;

    if (answer->type != REDIS_REPLY_ARRAY || answer->elements != 2 ||
        answer->element[0]->type != REDIS_REPLY_STRING ||
        answer->element[1]->type != REDIS_REPLY_STRING || answer->element[0]->str[0] < '0' ||
        answer->element[0]->str[0] > '9')
        return -EBADMSG;
    errno = 0;
    *epoch = strtoull(answer->element[0]->str, &end, 10);
    *owner = answer->element[1]->str;
    return errno || *end ? -EBADMSG : 0;
}
