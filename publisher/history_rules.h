/* history_rules.h - how much history Redis keeps of which stream.
 *
 *   --history-streams 1000,10m    everything of a type, a market, a symbol
 *   --history-entities 50,10m     one of very many: an account, a subaccount, an address
 *   --history PATTERN[,PATTERN...]=ENTRIES,AGE    whatever the kind; the first that fits
 *
 * ENTRIES 0: none. AGE: the whole history goes when nothing was written for so long.
 */
#ifndef PUBLISHER_HISTORY_RULES_H
#define PUBLISHER_HISTORY_RULES_H

#include <stddef.h>
#include <stdint.h>

#include "common/settings.h"
#include "publisher/event.h"

enum {
    HISTORY_RULES_MAX = 64,
    HISTORY_ENTRIES_MAX = 1000000,
    HISTORY_AGE_MAX_MS = 7 * 24 * 3600 * 1000, /* and at least a second */
    HISTORY_ERROR_MAX = 200,
};

struct history_limits {
    uint32_t entries, age_ms; /* entries 0: no history */
};

struct history_rule {
    const char *patterns; /* borrowed; comma-separated, not NUL-terminated */
    size_t len;
    struct history_limits limits;
};

struct history_rules {
    struct history_limits streams, entities;
    struct history_rule rules[HISTORY_RULES_MAX];
    size_t n;
};

/* "ENTRIES,AGE" (AGE as durations are written elsewhere: 600s, 10m). 0; -EINVAL with one line. */
int history_limits_parse(const char *text, struct history_limits *into,
                         char error[HISTORY_ERROR_MAX]);

/* Add the values of --history, which are borrowed. 0; -EINVAL with one line in error. */
int history_rules_parse(struct history_rules *rules, const struct setting_list *values,
                        char error[HISTORY_ERROR_MAX]);

struct history_limits history_rules_of(const struct history_rules *rules,
                                       const struct event *event);

#endif
