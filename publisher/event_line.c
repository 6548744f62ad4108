/* event_line.c - see event_line.h. */
#include "publisher/event_line.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const struct normaliser *const normalisers[] = {&exchange_normaliser,  &drift_normaliser,
                                                &injective_normaliser, &nano_normaliser,
                                                &zilliqa_normaliser,   NULL};

enum { SHOWN_MAX = 40 }; /* bytes of an unknown name repeated in the reason */

static int bad(char why[EVENT_LINE_WHY_MAX], const char *reason)
{
    snprintf(why, EVENT_LINE_WHY_MAX, "%s", reason);
    return -EBADMSG;
}

bool event_line_blank(const char *line, size_t len)
{
    while (len > 0 && (*line == ' ' || *line == '\t' || *line == '\r')) {
        line++;
        len--;
    }
    return len == 0;
}

static int unknown_source(struct json_value name, char why[EVENT_LINE_WHY_MAX])
{
    int len = (int)(name.len < SHOWN_MAX ? name.len : SHOWN_MAX);
    int at = snprintf(why, EVENT_LINE_WHY_MAX, "unknown source %.*s; known:", len, name.at);

    for (const struct normaliser *const *n = normalisers; *n && at < EVENT_LINE_WHY_MAX; n++)
        at += snprintf(why + at, EVENT_LINE_WHY_MAX - (size_t)at, " %s", (*n)->name);
    return -EBADMSG;
}

/* A string in place where it has no escapes, else decoded into buf. 0; -EBADMSG. */
static int take_text(struct json_value value, char buf[EVENT_LINE_TEXT_MAX], const char **at,
                     size_t *len)
{
    if (json_string_plain(value, at, len))
        return 0;
    int n = json_decode(value, buf, EVENT_LINE_TEXT_MAX);
    if (n < 0)
        return -EBADMSG;
    *at = buf;
    *len = (size_t)n;
    return 0;
}

static int take_time(struct json_value time, struct event_line *into, char why[EVENT_LINE_WHY_MAX])
{
    if (time.kind == JSON_NONE)
        return 0;
    if (json_int64(time, &into->time_ms) < 0 || into->time_ms < 0 ||
        into->time_ms > EVENT_LINE_TIME_MAX)
        return bad(why, "time: not whole Unix milliseconds");
    into->has_time = true;
    return 0;
}

/* What Redis keeps of the stream; any other class is the reader's own affair. */
static void take_class(struct json_value class, struct event *event)
{
    event->keep_last = json_string_is(class, "snapshot");
    if (event->keep_last || json_string_is(class, "none"))
        event->history = EVENT_HISTORY_NONE;
    else if (json_string_is(class, "entity"))
        event->history = EVENT_HISTORY_ENTITY;
    else
        event->history = EVENT_HISTORY_STREAM;
}

/* The members that a line may have. */
struct members {
    struct json_value stream, source, time, tag, class, data, message;
};

static int read_event(const struct members *m, struct event_line *into,
                      char why[EVENT_LINE_WHY_MAX])
{
    struct event *event = &into->event;

    if (take_text(m->stream, into->stream, &event->stream, &event->stream_len) < 0)
        return bad(why, "stream: no name");
    if (m->data.kind == JSON_NONE)
        return bad(why, "data: missing");
    if (m->tag.kind != JSON_NONE && take_text(m->tag, into->tag, &event->tag, &event->tag_len) < 0)
        return bad(why, "tag: no short text");
    if (m->class.kind != JSON_NONE && m->class.kind != JSON_STRING)
        return bad(why, "class: no text");
    take_class(m->class, event);
    event->data = m->data.at;
    event->data_len = m->data.len;
    event->time_ms = into->has_time ? into->time_ms : 0;
    return 0;
}

static int read_recorded(const struct members *m, struct event_line *into,
                         char why[EVENT_LINE_WHY_MAX])
{
    if (m->source.kind != JSON_STRING)
        return bad(why, "source: no name");
    for (const struct normaliser *const *n = normalisers; *n && !into->normaliser; n++)
        if (json_string_is(m->source, (*n)->name))
            into->normaliser = *n;
    if (!into->normaliser)
        return unknown_source(m->source, why);
    into->message = m->message;
    return into->message.kind == JSON_NONE ? bad(why, "message: missing") : 0;
}

int event_line_read(const char *line, size_t len, struct event_line *into,
                    char why[EVENT_LINE_WHY_MAX])
{
    struct json_value root;
    struct json_error error;
    struct members m;
    const struct json_field fields[] = {
        {"stream", &m.stream}, {"source", &m.source},   {"time", &m.time}, {"tag", &m.tag},
        {"class", &m.class},   {"message", &m.message}, {"data", &m.data}};

    into->has_time = false;
    into->normaliser = NULL;
    into->event = (struct event){0};
    if (json_check(line, len, JSON_STRICT, &root, &error) < 0) {
        snprintf(why, EVENT_LINE_WHY_MAX, "no JSON: %s at byte %zu", error.reason,
                 error.offset + 1);
        return -EBADMSG;
    }
    json_members(root, fields, sizeof fields / sizeof *fields, JSON_STRICT);
    if ((m.stream.kind == JSON_NONE) == (m.source.kind == JSON_NONE))
        return bad(why, "neither {\"stream\":...,\"data\":...} nor "
                        "{\"source\":...,\"message\":...}");
    if (take_time(m.time, into, why) < 0)
        return -EBADMSG;
    return m.stream.kind == JSON_NONE ? read_recorded(&m, into, why) : read_event(&m, into, why);
}

int event_line_emit(const struct event_line *line, event_fn *emit, void *ctx,
                    char why[EVENT_LINE_WHY_MAX])
{
    const char *reason = "";

    if (!line->normaliser) {
        emit(ctx, &line->event);
        return 0;
    }
    if (line->normaliser->normalise(line->message, emit, ctx, &reason) == 0)
        return 0;
    return bad(why, reason);
}
