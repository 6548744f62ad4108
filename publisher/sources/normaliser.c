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
