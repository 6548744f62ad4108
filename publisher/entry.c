/* entry.c - see entry.h. */
#include "publisher/entry.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEIGHT_DIGITS_MAX = 19, MISSED_MAX = 64 };

static size_t size_of(size_t stream_len, size_t tag_len, size_t data_len)
{
    return offsetof(struct entry, bytes) + stream_len + tag_len + data_len + 2;
}

size_t entry_size(const struct entry *entry)
{
    return size_of(entry->stream_len, entry->tag_len, entry->data_len) + ENTRY_MALLOC;
}

size_t entry_size_of(const struct event *event)
{
    return size_of(event->stream_len, event->tag_len, event->data_len) + ENTRY_MALLOC;
}

static char *put(char *at, const char *bytes, size_t len)
{
    if (len > 0)
        memcpy(at, bytes, len);
    return at + len;
}

struct entry *entry_new(const struct event *event, struct history_limits history, uint32_t term,
                        uint64_t time_us)
{
    assert(event->stream_len <= STREAM_NAME_MAX && event->tag_len <= MESSAGE_TAG_MAX);
    struct entry *entry = event->data_len < UINT32_MAX
                              ? malloc(size_of(event->stream_len, event->tag_len, event->data_len))
                              : NULL;
    if (!entry)
        return NULL;
    *entry = (struct entry){.time_us = time_us,
                            .term = term,
                            .data_len = (uint32_t)event->data_len,
                            .history = history,
                            .stream_len = (uint16_t)event->stream_len,
                            .tag_len = (uint8_t)event->tag_len,
                            .keep_last = event->keep_last,
                            .block = event->block};
    list_init(&entry->in_queue);
    char *at = put(entry->bytes, event->stream, event->stream_len);
    at = put(at, event->tag, event->tag_len);
    put(put(at, event->data, event->data_len), "\r\n", 2);
    return entry;
}

void entry_free(struct entry **entry)
{
    free(*entry);
    *entry = NULL;
}

bool entry_height_of(const char *tag, size_t len, uint64_t *height)
{
    if (len == 0 || len > HEIGHT_DIGITS_MAX)
        return false;
    *height = 0;
    for (size_t i = 0; i < len; i++) {
        if (tag[i] < '0' || tag[i] > '9')
            return false;
        *height = *height * 10 + (uint64_t)(tag[i] - '0');
    }
    return true;
}

bool entry_height(const struct entry *entry, uint64_t *height)
{
    return entry_height_of(entry_tag(entry), entry->tag_len, height);
}

struct entry *entry_with_missed(const struct entry *entry, uint64_t from, uint64_t to)
{
    char start[MISSED_MAX];
    const char *data = entry_data(entry), *rest = data + 1;

    if (entry->data_len < 2 || data[0] != '{')
        return NULL;
    if (entry->missed_from) { /* it is written anew, and reaches further */
        rest = strchr(rest, ']') + 1;
        rest += *rest == ',';
        from = entry->missed_from < from ? entry->missed_from : from;
    }
    size_t rest_len = entry->data_len - (size_t)(rest - data);
    int n = snprintf(start, sizeof start, "{\"missed\":[%" PRIu64 ",%" PRIu64 "]%s", from, to,
                     rest[strspn(rest, " \t\r\n")] == '}' ? "" : ",");
    size_t len = (size_t)n + rest_len;
    struct entry *copy = malloc(size_of(entry->stream_len, entry->tag_len, len));
    if (!copy)
        return NULL;
    *copy = *entry;
    list_init(&copy->in_queue);
    copy->data_len = (uint32_t)len;
    copy->missed_from = from;
    char *at = put(copy->bytes, entry->bytes, (size_t)entry->stream_len + entry->tag_len);
    put(put(at, start, (size_t)n), rest, rest_len + 2); /* "\r\n" included */
    return copy;
}
