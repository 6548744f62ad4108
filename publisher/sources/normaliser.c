/* normaliser.c - see normaliser.h. */
#include "publisher/sources/normaliser.h"

#include "common/message.h"

void normaliser_take_tag(struct event *event, struct json_value id)
{
    const char *at = id.at;
    size_t len = id.len;

    if (id.kind == JSON_STRING ? !json_string_plain(id, &at, &len) : id.kind != JSON_NUMBER)
        return;
    if (!message_tag_valid(at, len))
        return;
    event->tag = at;
    event->tag_len = len;
}

void normaliser_take_time(struct event *event, struct json_value time, int64_t per_second)
{
    int64_t n;

    if (time.kind == JSON_STRING && time.len > 2)
        time = (struct json_value){.at = time.at + 1, .len = time.len - 2, .kind = JSON_NUMBER};
    if (json_int64(time, &n) < 0 || n <= 0 || n > INT64_MAX / 1000)
        return;
    event->time_ms = per_second < 1000 ? n * 1000 / per_second : n / (per_second / 1000);
}
