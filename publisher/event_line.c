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

static int read_event(struct json_value root, struct json_value stream, struct event_line *into,
                      char why[EVENT_LINE_WHY_MAX])
{
    struct json_value tag = json_member(root, "tag", JSON_STRICT);
    struct json_value class = json_member(root, "class", JSON_STRICT);
    struct json_value data = json_member(root, "data", JSON_STRICT);
    struct event *event = &into->event;

    if (take_text(stream, into->stream, &event->stream, &event->stream_len) < 0)
        return bad(why, "stream: no name");
    if (data.kind == JSON_NONE)
        return bad(why, "data: missing");
    if (tag.kind != JSON_NONE && take_text(tag, into->tag, &event->tag, &event->tag_len) < 0)
        return bad(why, "tag: no short text");
    if (class.kind != JSON_NONE && class.kind != JSON_STRING)
        return bad(why, "class: no text");
    take_class(class, event);
    event->data = data.at;
    event->data_len = data.len;
    return 0;
}

static int read_recorded(struct json_value root, struct json_value source, struct event_line *into,
                         char why[EVENT_LINE_WHY_MAX])
{
    if (source.kind != JSON_STRING)
        return bad(why, "source: no name");
    for (const struct normaliser *const *n = normalisers; *n && !into->normaliser; n++)
        if (json_string_is(source, (*n)->name))
            into->normaliser = *n;
    if (!into->normaliser)
        return unknown_source(source, why);
    into->message = json_member(root, "message", JSON_STRICT);
    return into->message.kind == JSON_NONE ? bad(why, "message: missing") : 0;
}

int event_line_read(const char *line, size_t len, struct event_line *into,
                    char why[EVENT_LINE_WHY_MAX])
{
    struct json_value root;
    struct json_error error;

    into->has_time = false;
    into->normaliser = NULL;
    into->event = (struct event){0};
    if (json_check(line, len, JSON_STRICT, &root, &error) < 0) {
        snprintf(why, EVENT_LINE_WHY_MAX, "no JSON: %s at byte %zu", error.reason,
                 error.offset + 1);
        return -EBADMSG;
    }
    struct json_value stream = json_member(root, "stream", JSON_STRICT);
    struct json_value source = json_member(root, "source", JSON_STRICT);
    if ((stream.kind == JSON_NONE) == (source.kind == JSON_NONE))
        return bad(why, "neither {\"stream\":...,\"data\":...} nor "
                        "{\"source\":...,\"message\":...}");
    if (take_time(json_member(root, "time", JSON_STRICT), into, why) < 0)
        return -EBADMSG;
    if (stream.kind == JSON_NONE)
        return read_recorded(root, source, into, why);
    if (into->has_time)
        into->event.time_ms = into->time_ms;
    return read_event(root, stream, into, why);
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
