/* log.h - one JSON object per line on standard error.
 *
 *   log_info("redis link is up", LOG_TEXT("address", url), LOG_NUMBER("channels", n));
 *   {"time":"2026-01-31T12:00:00.123Z","level":"info","message":"redis link is up","address":…}
 *
 * What a peer sends wrongly is a counter, never a log line per message: log_allowed() says it at
 * most once a minute, with how many lines were held back.
 *
 * A line is valid JSON whatever is put into it: a long text is cut with "...", bytes that are not
 * UTF-8 become U+FFFD, and fields for which the line has no room are left out.
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include <stdint.h>

enum {
    LOG_LINE_MAX = 4096,  /* bytes: what a pipe takes in one piece */
    LOG_TEXT_MAX = 2048,  /* bytes of one text, before escapes */
    LOG_LIMIT_MS = 60000, /* between two lines of one kind: see log_allowed() */
};

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

extern const char *const log_level_names[]; /* "debug", ... NULL-terminated: for settings */

struct log_field {
    const char *key;  /* NULL: not printed */
    const char *text; /* NULL: the number is printed */
    int64_t number;
};
#define LOG_TEXT(k, t) ((struct log_field){.key = (k), .text = (t)})
#define LOG_NUMBER(k, n) ((struct log_field){.key = (k), .number = (int64_t)(n)})

/* The level below which nothing is printed; a process-wide variable, as style allows. */
void log_set_level(enum log_level level);

/* fields ends with one whose key is NULL and text is NULL and number is -1; use the macros. */
void log_write(enum log_level level, const char *message, const struct log_field *fields);

#define LOG_FIELDS_END ((struct log_field){.number = -1})
#define log_at(level, message, ...)                                                                \
    log_write(level, message, (const struct log_field[]){{.key = 0}, ##__VA_ARGS__, LOG_FIELDS_END})
#define log_debug(message, ...) log_at(LOG_LEVEL_DEBUG, message, ##__VA_ARGS__)
#define log_info(message, ...) log_at(LOG_LEVEL_INFO, message, ##__VA_ARGS__)
#define log_warn(message, ...) log_at(LOG_LEVEL_WARN, message, ##__VA_ARGS__)
#define log_error(message, ...) log_at(LOG_LEVEL_ERROR, message, ##__VA_ARGS__)

/* Rate limit of one kind of line: zero-initialised, one per kind. */
struct log_limit {
    uint64_t next_ms; /* not before this time of CLOCK_MONOTONIC */
    uint64_t held;    /* lines held back since the last */
};
/* True when a line may be printed now; *held then says how many were not. */
int log_allowed(struct log_limit *limit, uint64_t *held);

#endif
