/* directory.h - which streams had events in the last minute, and how many.
 *
 * Firehoses, markets and snapshots: streams of which Redis keeps the history of its kind, or the
 * last value; not the very many of single accounts. It knows neither Redis nor a clock.
 *
 * Limits: DIRECTORY_NAMES_MAX names are watched, one more is not until others have been silent for
 * a minute; of each source DIRECTORY_SOURCE_MAX are told, the busiest.
 */
#ifndef PUBLISHER_DIRECTORY_H
#define PUBLISHER_DIRECTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/stream_name.h"
#include "common/table.h"
#include "publisher/event.h"

enum {
    DIRECTORY_NAMES_MAX = 20000,
    DIRECTORY_SOURCE_MAX = 1000,
    DIRECTORY_PART_MS = 5000, /* a minute is counted in parts */
    DIRECTORY_PARTS = 12,
};

struct directory_entry {
    struct table_node node;
    const void *source; /* a mark, never followed */
    uint64_t part;      /* in which the newest event was */
    uint64_t first_ms, last_ms;
    uint32_t counts[DIRECTORY_PARTS];
    uint32_t total; /* of the last minute; set by directory_list() */
    size_t len;
    char name[];
};

struct directory {
    struct table table;
};

int directory_init(struct directory *d); /* 0; -ENOMEM */
void directory_fini(struct directory *d);

/* An event was taken. Without memory it is not noted. */
void directory_note(struct directory *d, const void *source, const struct event *event,
                    uint64_t now_ms);

/* What is to be told now, in *list, to be freed; its entries are valid until the next call of
 * anything here. Forgets what was silent for a minute. Returns the number; 0 without memory. */
size_t directory_list(struct directory *d, uint64_t now_ms, const struct directory_entry ***list);

/* Messages a second over the last minute, or since the first if that is not so long ago. */
double directory_rate(const struct directory_entry *entry, uint64_t now_ms);

#endif
