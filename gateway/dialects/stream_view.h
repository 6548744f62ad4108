/* stream_view.h - the views of the exchange dialect and the Binance form: one stream each.
 *
 * What a message looks like is in stream_form.h. Clients of both dialects that see the same bytes
 * share one view. A subscription may begin in the past: stream_resume.h.
 */
#ifndef GATEWAY_DIALECTS_STREAM_VIEW_H
#define GATEWAY_DIALECTS_STREAM_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/dialects/stream_form.h"

struct client;
struct left_out;
struct member;

/* since: the client has had the stream up to this id; NULL: it begins now, or with the last value
 * if the client's options say so. 0; -EEXIST when it has the stream already; -ENOSPC over the
 * client's limit; -ENOMEM. */
int stream_view_join(struct client *c, const char *name, size_t len, bool combined,
                     const struct stream_id *since);

/* 0; -ENOENT when it has not. */
int stream_view_leave(struct client *c, const char *name, size_t len, bool combined);

/* A membership of the other form becomes one of this. 0; -ENOMEM, and it is gone. */
int stream_view_change(struct client *c, const char *name, size_t len, bool combined);

bool stream_view_has(struct client *c, const char *name, size_t len, bool combined);

/* To a client that asked for notices: what was left out of the streams that it still has. */
void stream_view_dropped(struct client *c, struct left_out *left);

/* The stream of a membership made here: borrowed, ends with NUL. */
const char *stream_view_name(const struct member *member);

#endif
