/* directory_writer.c - see directory_writer.h. */
#include "publisher/directory_writer.h"

#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/directory.h"
#include "common/redis_name.h"

enum { WORDS = 4, VALUE_MAX = 80 }; /* EVAL script 1 key */

_Static_assert(DIRECTORY_FIELDS_MAX == 20000 && DIRECTORY_STALE_MS == 20000,
               "the script says them in digits");

/* Names and values follow the key, in pairs. */
static const char script[] =
    "local time = redis.call('TIME') "
    "local now = time[1] * 1000 + math.floor(time[2] / 1000) "
    "local start = '{\"seen_ms\":' .. string.format('%.0f', now) .. ',' "
    "local n = redis.call('HLEN', KEYS[1]) "
    "for i = 1, #ARGV, 2 do "
    "  if n < 20000 or redis.call('HEXISTS', KEYS[1], ARGV[i]) == 1 then "
    "    n = n + redis.call('HSET', KEYS[1], ARGV[i], start .. ARGV[i + 1]) "
    "  end "
    "end "
    "local all = redis.call('HGETALL', KEYS[1]) "
    "for i = 1, #all, 2 do "
    "  local seen = tonumber(string.match(all[i + 1], '^{\"seen_ms\":(%d+)')) "
    "  if not seen or now - seen > 20000 then redis.call('HDEL', KEYS[1], all[i]) end "
    "end "
    "return redis.call('PEXPIRE', KEYS[1], 20000)";

static uint64_t unix_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* If it is lost, the next one comes soon; refused, it would be each time. */
static void on_answer(void *ctx, const struct redisReply *answer)
{
    struct directory_writer *w = ctx;
    uint64_t held;

    if (answer && answer->type == REDIS_REPLY_ERROR && log_allowed(&w->trouble, &held))
        log_warn("Redis does not take the directory of streams", LOG_TEXT("key", w->key),
                 LOG_TEXT("error", answer->str));
}

static void tell(struct directory_writer *w, const struct directory_entry **list, size_t n,
                 uint64_t now_ms)
{
    const char *argv[WORDS + 2 * DIRECTORY_BATCH] = {"EVAL", script, "1", w->key};
    size_t lens[WORDS + 2 * DIRECTORY_BATCH] = {4, sizeof script - 1, 1, strlen(w->key)};
    char values[DIRECTORY_BATCH][VALUE_MAX];

    for (size_t i = 0; i < n; i++) {
        size_t at = WORDS + 2 * i;
        argv[at] = list[i]->name;
        lens[at] = list[i]->len;
        argv[at + 1] = values[i];
        lens[at + 1] =
            (size_t)snprintf(values[i], VALUE_MAX, "\"rate\":%.3f,\"last_ms\":%" PRIu64 "}",
                             directory_rate(list[i], now_ms), list[i]->last_ms);
    }
    (void)!redis_asker_ask(w->asker, redis_slot(w->key, strlen(w->key)), (int)(WORDS + 2 * n), argv,
                           lens, on_answer, w);
}

static void on_time(uv_timer_t *timer)
{
    struct directory_writer *w = timer->data;
    const struct directory_entry **list;
    uint64_t now_ms = unix_ms();

    if (!redis_asker_is_up(w->asker, NULL) || !w->leads(w->ctx))
        return;
    size_t n = directory_list(w->directory, now_ms, &list);
    for (size_t i = 0; i < n; i += DIRECTORY_BATCH)
        tell(w, list + i, n - i < DIRECTORY_BATCH ? n - i : DIRECTORY_BATCH, now_ms);
    free(list);
}

void directory_writer_start(struct directory_writer *w, uv_loop_t *loop, const char *prefix)
{
    snprintf(w->key, sizeof w->key, "%s" DIRECTORY_KEY, prefix);
    uv_timer_init(loop, &w->timer);
    w->timer.data = w;
    uv_timer_start(&w->timer, on_time, 1000, DIRECTORY_EVERY_MS);
}

void directory_writer_stop(struct directory_writer *w)
{
    if (w->timer.data)
        uv_close((uv_handle_t *)&w->timer, NULL);
    w->timer.data = NULL;
}
