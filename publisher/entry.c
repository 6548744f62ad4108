/* entry.c - see entry.h. An entry is its fixed part, then stream, tag, data and "\r\n". */
#include "publisher/entry.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct entry {
    uint64_t seq, time_us, data_len;
    uint32_t term;
    uint16_t stream_len, tag_len;
    bool keep_last;
    char bytes[];
};

_Static_assert(offsetof(struct entry, bytes) + 2 <= 48, "ENTRY_EXTRA_MAX counts it");

size_t entry_size(const struct event *event)
{
    return offsetof(struct entry, bytes) + event->stream_len + event->tag_len + event->data_len + 2;
}

void entry_write(void *room, const struct event *event, const struct entry_id *id)
{
    struct entry *entry = room;
    char *at = entry->bytes;

    assert(event->stream_len <= STREAM_NAME_MAX && event->tag_len <= MESSAGE_TAG_MAX);
    entry->seq = id->seq;
    entry->time_us = id->time_us;
    entry->term = id->term;
    entry->data_len = event->data_len;
    entry->stream_len = (uint16_t)event->stream_len;
    entry->tag_len = (uint16_t)event->tag_len;
    entry->keep_last = event->keep_last;
    memcpy(at, event->stream, event->stream_len);
    at += event->stream_len;
    if (event->tag_len > 0)
        memcpy(at, event->tag, event->tag_len);
    at += event->tag_len;
    memcpy(at, event->data, event->data_len);
    memcpy(at + event->data_len, "\r\n", 2);
}

uint32_t entry_term(const void *entry)
{
    return ((const struct entry *)entry)->term;
}

static size_t put(char *at, const void *bytes, size_t len)
{
    memcpy(at, bytes, len);
    return len;
}

/* "$<n>\r\n"; by hand, since this is written for every event. */
static size_t put_length(char *at, size_t n)
{
    char digits[20];
    size_t i = sizeof digits, len = 1;

    do
        digits[--i] = (char)('0' + n % 10);
    while (n /= 10);
    at[0] = '$';
    len += put(at + len, digits + i, sizeof digits - i);
    return len + put(at + len, "\r\n", 2);
}

bool entry_keeps_last(const void *entry)
{
    return ((const struct entry *)entry)->keep_last;
}

static size_t put_name(char *at, const char *prefix, const char *kind, const struct entry *entry)
{
    size_t prefix_len = strlen(prefix), kind_len = strlen(kind);
    size_t len = put_length(at, prefix_len + kind_len + entry->stream_len);

    assert(prefix_len <= STREAM_PREFIX_MAX);
    len += put(at + len, prefix, prefix_len);
    len += put(at + len, kind, kind_len);
    len += put(at + len, entry->bytes, entry->stream_len);
    return len + put(at + len, "\r\n", 2);
}

/* The last argument of either command: the head goes to the end of the start, the data follows. */
static void put_message(const struct entry *entry, uint64_t epoch, char *start, size_t at,
                        struct entry_command *command)
{
    const char *tag = entry->bytes + entry->stream_len;
    struct message message = {.epoch = epoch,
                              .seq = entry->seq,
                              .time_us = entry->time_us,
                              .tag = entry->tag_len ? tag : NULL,
                              .tag_len = entry->tag_len};
    char head[MESSAGE_HEAD_MAX];
    size_t head_len = message_write_head(head, &message);

    at += put_length(start + at, head_len + entry->data_len);
    at += put(start + at, head, head_len);
    command->start_len = at;
    command->rest = tag + entry->tag_len;
    command->rest_len = entry->data_len + 2;
}

void entry_command(const void *entry, const char *prefix, uint64_t epoch,
                   char start[ENTRY_START_MAX], struct entry_command *command)
{
    static const char words[] = "*3\r\n$7\r\nPUBLISH\r\n";
    size_t at = put(start, words, sizeof words - 1);

    at += put_name(start + at, prefix, "", entry);
    put_message(entry, epoch, start, at, command);
}

_Static_assert(ENTRY_LAST_MS == 600000, "the script says it in digits");

const char entry_keep_script[] = "redis.call('HSET', KEYS[1], 'message', ARGV[1]) "
                                 "redis.call('PEXPIRE', KEYS[1], 600000) "
                                 "return redis.call('PUBLISH', KEYS[2], ARGV[1])";

void entry_keep_command(const void *entry, const char *prefix, uint64_t epoch, const char *sha,
                        char start[ENTRY_START_MAX], struct entry_command *command)
{
    static const char words[] = "*6\r\n$7\r\nEVALSHA\r\n", keys[] = "\r\n$1\r\n2\r\n";
    size_t at = put(start, words, sizeof words - 1);

    at += put_length(start + at, ENTRY_SHA_LEN);
    at += put(start + at, sha, ENTRY_SHA_LEN);
    at += put(start + at, keys, sizeof keys - 1);
    at += put_name(start + at, prefix, "last:", entry);
    at += put_name(start + at, prefix, "", entry);
    put_message(entry, epoch, start, at, command);
}
