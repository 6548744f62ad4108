/* stream_resume.h - a subscription that begins in the past: after an id, or with the last value.
 *
 *   since an id   notice if the history does not reach back, what came after it, then live
 *   last value    the stream's newest message, then live
 *
 * Such a client has a view of its own on the stream, in which live messages wait while the past is
 * read: catchup.h. When it has caught up it moves to the view that all others share, between two
 * messages: nothing is missing and nothing comes twice. A client that does not take what it gets
 * is given no more of the history until it does.
 */
#ifndef GATEWAY_DIALECTS_STREAM_RESUME_H
#define GATEWAY_DIALECTS_STREAM_RESUME_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/dialects/stream_form.h"

struct client;
struct client_host;
struct member;
struct view_type;

enum {
    RESUME_HELD_MAX = 1024,             /* live messages that wait for a last value */
    RESUME_HELD_BYTES_MAX = 1 << 20,    /* their bytes */
    RESUME_BUDGET_BYTES_MAX = 64 << 20, /* all that waits for replays of a process */
};

/* What all clients share: a dialect's start(), stop() and tick(). */
int stream_resume_start(struct client_host *host);
void stream_resume_stop(struct client_host *host);
void stream_resume_tick(struct client_host *host);

struct stream_resume_request {
    struct client *client;
    unsigned form;                 /* of its messages */
    const struct stream_id *since; /* NULL: the last value is wanted */
    const struct view_type *live;  /* the shared view's type; its key is the stream's name */
};

/* Can a stream be read from an id on? Otherwise only last values can be had. */
bool stream_resume_has_history(const struct client_host *host);

/* As client_join(). */
int stream_resume_join(const struct stream_resume_request *request, const char *name, size_t len);

/* The client's membership while it has not caught up; otherwise NULL. */
struct member *stream_resume_member(struct client *c, const char *name, size_t len);
int stream_resume_leave(struct client *c, const char *name, size_t len); /* 0; -ENOENT */

/* What it gets from here on looks like this. */
void stream_resume_change(struct member *member, unsigned form, const struct view_type *live);

#endif
