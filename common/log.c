/* log.c - see log.h. A line is built on the stack and goes out in one write(2), so that lines of
 * several processes on one pipe do not mix. */
#include "common/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/utf8.h"

const char *const log_level_names[] = {"debug", "info", "warn", "error", NULL};

static enum log_level least = LOG_LEVEL_INFO;

enum {
    LINE_TAIL = 2,  /* "}\n": always has room */
    NUMBER_MAX = 20 /* bytes of an int64_t */
};

struct line {
    char at[LOG_LINE_MAX];
    size_t len;
};

void log_set_level(enum log_level level)
{
    least = level;
}

static size_t room(const struct line *line)
{
    return sizeof line->at - LINE_TAIL - line->len;
}

static void put(struct line *line, const char *bytes, size_t len)
{
    memcpy(line->at + line->len, bytes, len);
    line->len += len;
}

static void put_text(struct line *line, const char *text)
{
    put(line, text, strlen(text));
}

/* One character of a JSON string, escaped, in out; returns how many bytes of text it is. What is
 * not UTF-8 is shown as U+FFFD, one for each byte. */
static size_t escape(const char *text, size_t len, char out[8])
{
    unsigned char c = (unsigned char)*text;
    size_t n = utf8_sequence(text, len);

    if (n == 0)
        strcpy(out, "\\ufffd");
    else if (c == '"' || c == '\\')
        snprintf(out, 8, "\\%c", c);
    else if (c == '\n')
        strcpy(out, "\\n");
    else if (c == '\t')
        strcpy(out, "\\t");
    else if (c < 0x20 || c == 0x7f)
        snprintf(out, 8, "\\u%04x", c);
    else
        snprintf(out, 8, "%.*s", (int)n, text);
    return n ? n : 1;
}

/* Text in quotes; cut with "..." when it is too long for itself or for the line. The caller has
 * seen to it that there is room for the quotes and the dots. */
static void put_string(struct line *line, const char *text)
{
    static const char dots[] = "...\"";
    size_t len = strnlen(text, LOG_TEXT_MAX + 4); /* the last character may end past the limit */
    size_t end = len > LOG_TEXT_MAX ? LOG_TEXT_MAX : len, at = 0;
    char out[8];

    put_text(line, "\"");
    while (at < end) {
        size_t n = escape(text + at, len - at, out);
        if (strlen(out) + strlen(dots) > room(line))
            break;
        put_text(line, out);
        at += n;
    }
    put_text(line, at < len ? dots : "\"");
}

static void put_field(struct line *line, const struct log_field *field)
{
    char number[NUMBER_MAX + 1];

    if (strlen(field->key) + strlen(",\"\":\"...\"") + NUMBER_MAX > room(line))
        return; /* the line is full */
    put_text(line, ",\"");
    put_text(line, field->key);
    put_text(line, "\":");
    if (field->text) {
        put_string(line, field->text);
        return;
    }
    snprintf(number, sizeof number, "%" PRId64, field->number);
    put_text(line, number);
}

static void put_time(struct line *line)
{
    char text[sizeof "2026-01-31T12:00:00"], milliseconds[16];
    struct timespec now;
    struct tm tm;

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(milliseconds, sizeof milliseconds, ".%03dZ", (int)(now.tv_nsec / 1000000));
    put_text(line, "{\"time\":\"");
    put_text(line, text);
    put_text(line, milliseconds);
    put_text(line, "\"");
}

/* Nobody can be told that standard error is gone: what it does not take is lost. */
static void write_out(const struct line *line)
{
    int saved = errno;
    size_t done = 0;

    while (done < line->len) {
        ssize_t n = write(STDERR_FILENO, line->at + done, line->len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        done += (size_t)n;
    }
    errno = saved;
}

static bool is_end(const struct log_field *field)
{
    return !field->key && !field->text && field->number == -1;
}

void log_write(enum log_level level, const char *message, const struct log_field *fields)
{
    struct line line;

    if (level < least)
        return;
    line.len = 0;
    put_time(&line);
    put_text(&line, ",\"level\":\"");
    put_text(&line, log_level_names[level]);
    put_text(&line, "\",\"message\":");
    put_string(&line, message);
    for (; !is_end(fields); fields++)
        if (fields->key)
            put_field(&line, fields);
    put(&line, "}\n", LINE_TAIL);
    write_out(&line);
}

int log_allowed(struct log_limit *limit, uint64_t *held)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t now_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;

    if (now_ms < limit->next_ms) {
        limit->held++;
        return 0;
    }
    *held = limit->held;
    *limit = (struct log_limit){.next_ms = now_ms + LOG_LIMIT_MS};
    return 1;
}
