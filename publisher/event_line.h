/* event_line.h - one line of `lines` or `replay`, in either of its two forms.
 *
 *   {"stream":S,"data":D}          published as it is; optional "tag" and "class"
 *   {"source":NAME,"message":M}    what a server of that kind sent; its normaliser makes the events
 *
 * The class says what Redis keeps of the stream: "entity" the short history of one of very many
 * (an account), "snapshot" its newest message alone, "none" nothing; any other, or none, the
 * history of a stream.
 *
 * Both may have "time", Unix milliseconds, by which a replay is paced. Other members are ignored.
 * Reading and handing over are two steps, because a replay reads a line before its time has come.
 */
#ifndef PUBLISHER_EVENT_LINE_H
#define PUBLISHER_EVENT_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/stream_name.h"
#include "publisher/event.h"
#include "publisher/sources/normaliser.h"

enum {
    EVENT_LINE_WHY_MAX = 200,
    EVENT_LINE_TEXT_MAX = 256, /* bytes of a name or tag once decoded; longer cannot be valid */
};
#define EVENT_LINE_TIME_MAX ((int64_t)1 << 53) /* milliseconds: beyond it is no time */

struct event_line {
    bool has_time;
    int64_t time_ms;
    const struct normaliser *normaliser;                        /* NULL: the event is ready */
    struct json_value message;                                  /* for the normaliser */
    struct event event;                                         /* without a normaliser */
    char stream[EVENT_LINE_TEXT_MAX], tag[EVENT_LINE_TEXT_MAX]; /* where they had escapes */
};

/* Every kind of server that can be read, NULL-terminated. */
extern const struct normaliser *const normalisers[];

/* True for a line of nothing but white space, which is no event and no mistake. */
bool event_line_blank(const char *line, size_t len);

/* 0; -EBADMSG with one line in why. *into borrows from the line and must stay where it is. */
int event_line_read(const char *line, size_t len, struct event_line *into,
                    char why[EVENT_LINE_WHY_MAX]);

/* Hand over its events. 0; -EBADMSG with one line in why, having handed over none. */
int event_line_emit(const struct event_line *line, event_fn *emit, void *ctx,
                    char why[EVENT_LINE_WHY_MAX]);

#endif
