/* epoch.c - see epoch.h. */
#include "publisher/epoch.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/stream_name.h"

/* Numbers of Lua are doubles, exact to 2^53: milliseconds fit for long. They are written with %.0f
 * since Lua itself would write 1.6e+12. */
static const char script[] = "local t = redis.call('TIME') "
                             "local now = t[1] * 1000 + math.floor(t[2] / 1000) "
                             "local last = tonumber(redis.call('GET', KEYS[1]) or 0) or 0 "
                             "local epoch = string.format('%.0f', math.max(now, last + 1)) "
                             "redis.call('SET', KEYS[1], epoch) "
                             "return epoch";

int epoch_ask(struct redis_conn *conn, const char *prefix)
{
    char key[STREAM_PREFIX_MAX + sizeof "_epoch"];

    snprintf(key, sizeof key, "%s_epoch", prefix);
    return redis_conn_command(conn, 4, (const char *[]){"EVAL", script, "1", key}, NULL);
}

int epoch_read(const struct redisReply *reply, uint64_t *epoch)
{
    char *end;

    if (reply->type != REDIS_REPLY_STRING || reply->str[0] < '1' || reply->str[0] > '9')
        return -EBADMSG;
    errno = 0;
    *epoch = strtoull(reply->str, &end, 10);
    return errno || *end ? -EBADMSG : 0;
}
