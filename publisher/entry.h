/* entry.h - an event as it waits in the backlog, and as a command for Redis.
 *
 * The epoch is not in it: Redis gives it out, perhaps long after the event came. So the head is
 * written when the entry is sent, and again, the same, when it is sent once more.
 */
#ifndef PUBLISHER_ENTRY_H
#define PUBLISHER_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/message.h"
#include "common/stream_name.h"
#include "publisher/event.h"

enum {
    /* A command before the data: the words, their lengths, the key, the channel and the head. */
    ENTRY_START_MAX = 192 + 2 * (STREAM_PREFIX_MAX + STREAM_NAME_MAX) + MESSAGE_HEAD_MAX,
    ENTRY_LAST_MS = 10 * 60 * 1000, /* how long a last value is kept after it was written */
    ENTRY_SHA_LEN = 40,             /* what Redis names a script by */
    /* What an entry takes beyond its data, at most. */
    ENTRY_EXTRA_MAX = 48 + STREAM_NAME_MAX + MESSAGE_TAG_MAX,
};

struct entry_id {
    uint32_t term; /* 1, 2, 3...: which of this process's terms; its epoch comes later */
    uint64_t seq, time_us;
};

size_t entry_size(const struct event *event);

/* Write it to room, which has entry_size() bytes and is aligned to 8. The stream and the tag are
 * valid. */
void entry_write(void *room, const struct event *event, const struct entry_id *id);

uint32_t entry_term(const void *entry);

/* Is it to be written by the script below? */
bool entry_keeps_last(const void *entry);

/* PUBLISH <prefix><stream> <head><data>, in two parts: the start, written to buf, and the rest, a
 * span of the entry. The command ends with "\r\n" after the rest, which is the span's own end. */
struct entry_command {
    const char *rest;
    size_t start_len, rest_len;
};
void entry_command(const void *entry, const char *prefix, uint64_t epoch,
                   char start[ENTRY_START_MAX], struct entry_command *command);

/* The script that writes an entry whose stream keeps its last value, in one step: into the hash
 * <prefix>last:<stream>, field "message", then out. So whoever subscribes and then reads the hash
 * misses nothing. */
extern const char entry_keep_script[];

/* The same by that script: EVALSHA <sha> 2 <key> <channel> <head><data>. */
void entry_keep_command(const void *entry, const char *prefix, uint64_t epoch, const char *sha,
                        char start[ENTRY_START_MAX], struct entry_command *command);

#endif
