/* history_rules.c - see history_rules.h. */
#include "publisher/history_rules.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/stream_name.h"

enum { PATTERN_MAX = STREAM_NAME_MAX };

static const char wanted[] = "ENTRIES,AGE, e.g. 1000,10m: 0 to 1000000 and 1s to 168h";

static int read_age(const char *text, uint32_t *age_ms)
{
    static const struct {
        const char *unit;
        uint64_t ms;
    } units[] = {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60 * 1000}, {"h", 3600 * 1000}};
    char *end;
    unsigned long long n = strtoull(text, &end, 10);

    if (end == text || *text < '0' || *text > '9' || n > HISTORY_AGE_MAX_MS)
        return -EINVAL;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(end, units[i].unit) != 0)
            continue;
        uint64_t ms = n * units[i].ms;
        *age_ms = (uint32_t)ms;
        return ms >= 1000 && ms <= HISTORY_AGE_MAX_MS ? 0 : -EINVAL;
    }
    return -EINVAL;
}

static int read_limits(const char *text, struct history_limits *into)
{
    char *end;
    unsigned long long entries = strtoull(text, &end, 10);

    if (end == text || *text < '0' || *text > '9' || entries > HISTORY_ENTRIES_MAX)
        return -EINVAL;
    *into = (struct history_limits){.entries = (uint32_t)entries};
    if (entries == 0 && !*end)
        return 0;
    return *end == ',' ? read_age(end + 1, &into->age_ms) : -EINVAL;
}

int history_limits_parse(const char *text, struct history_limits *into,
                         char error[HISTORY_ERROR_MAX])
{
    int err = read_limits(text, into);

    if (err)
        snprintf(error, HISTORY_ERROR_MAX, "'%.60s' is not %s", text, wanted);
    return err;
}

static int read_rule(struct history_rules *rules, const char *text, char error[HISTORY_ERROR_MAX])
{
    struct history_rule *rule = &rules->rules[rules->n];
    const char *equals = strrchr(text, '=');

    if (!equals || equals == text || read_limits(equals + 1, &rule->limits) < 0) {
        snprintf(error, HISTORY_ERROR_MAX, "'%.60s' is not PATTERN[,PATTERN...]=%s", text, wanted);
        return -EINVAL;
    }
    rule->patterns = text;
    rule->len = (size_t)(equals - text);
    rules->n++;
    return 0;
}

int history_rules_parse(struct history_rules *rules, const struct setting_list *values,
                        char error[HISTORY_ERROR_MAX])
{
    for (size_t i = 0; i < values->n; i++) {
        if (rules->n == HISTORY_RULES_MAX) {
            snprintf(error, HISTORY_ERROR_MAX, "more than %d", HISTORY_RULES_MAX);
            return -EINVAL;
        }
        int err = read_rule(rules, values->items[i], error);
        if (err)
            return err;
    }
    return 0;
}

static bool fits(const struct history_rule *rule, const char *stream, size_t len)
{
    char pattern[PATTERN_MAX + 1];
    const char *at = rule->patterns, *end = rule->patterns + rule->len;

    while (at < end) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        size_t n = (size_t)((comma ? comma : end) - at);
        if (n > 0 && n <= PATTERN_MAX) {
            memcpy(pattern, at, n);
            pattern[n] = '\0';
            if (glob_match(pattern, stream, len))
                return true;
        }
        at += n + 1;
    }
    return false;
}

struct history_limits history_rules_of(const struct history_rules *rules, const struct event *event)
{
    for (size_t i = 0; i < rules->n; i++)
        if (fits(&rules->rules[i], event->stream, event->stream_len))
            return rules->rules[i].limits;
    switch (event->history) {
    case EVENT_HISTORY_STREAM: return rules->streams;
    case EVENT_HISTORY_ENTITY: return rules->entities;
    case EVENT_HISTORY_NONE: break;
    }
    return (struct history_limits){0};
}
