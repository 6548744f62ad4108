/* entry.h - an event as it waits in the backlog.
 *
 * It has neither epoch nor number: Redis gives the epoch out, perhaps long after the event came,
 * and a new term counts anew. Both are written when the entry is sent, and again, the same, when it
 * is sent once more in that term.
 */
#ifndef PUBLISHER_ENTRY_H
#define PUBLISHER_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/list.h"
#include "common/message.h"
#include "common/stream_name.h"
#include "publisher/event.h"
#include "publisher/history_rules.h"

struct entry {
    struct list in_queue; /* private to backlog.c */
    uint64_t order;       /* what came first has the smaller one */
    uint64_t seq;         /* 0: not sent yet in this term */
    uint64_t time_us;     /* when the event was had, Unix microseconds */
    uint64_t acked_ms;    /* of the loop */
    uint64_t
        missed_from; /* its data says that blocks were missed from this one on; 0: it does not */
    uint32_t term;   /* 1, 2, 3...: the process's own count */
    uint32_t data_len;
    struct history_limits history; /* no entries: Redis keeps no history of the stream */
    uint16_t stream_len;
    uint8_t tag_len;
    bool keep_last, again; /* again: it was counted as published once */
    enum event_block block;
    char bytes[]; /* stream, tag, data, "\r\n" */
};

enum {
    ENTRY_MALLOC = 16, /* what the allocator takes for itself, roughly */
    /* What an entry takes beyond its data, at most. */
    ENTRY_EXTRA_MAX =
        (int)sizeof(struct entry) + STREAM_NAME_MAX + MESSAGE_TAG_MAX + 2 + ENTRY_MALLOC,
};

/* The stream and the tag are valid. NULL: out of memory. */
struct entry *entry_new(const struct event *event, struct history_limits history, uint32_t term,
                        uint64_t time_us);
void entry_free(struct entry **entry);

/* Bytes of memory. */
size_t entry_size(const struct entry *entry);

/* What entry_new() would take. */
size_t entry_size_of(const struct event *event);

static inline const char *entry_stream(const struct entry *entry)
{
    return entry->bytes;
}

static inline const char *entry_tag(const struct entry *entry)
{
    return entry->bytes + entry->stream_len;
}

static inline const char *entry_data(const struct entry *entry)
{
    return entry_tag(entry) + entry->tag_len;
}

static inline bool entry_is_of(const struct entry *entry, const struct entry *other)
{
    return entry->stream_len == other->stream_len &&
           __builtin_memcmp(entry_stream(entry), entry_stream(other), entry->stream_len) == 0;
}

/* A tag as a block's height. False: it is none. */
bool entry_height_of(const char *tag, size_t len, uint64_t *height);
bool entry_height(const struct entry *entry, uint64_t *height);

/* A copy whose data, an object, begins with "missed":[from,to], joined with what it said before.
 * NULL: its data is no object, or
 * memory is out. */
struct entry *entry_with_missed(const struct entry *entry, uint64_t from, uint64_t to);

#endif
