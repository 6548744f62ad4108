/* stream_view.c - see stream_view.h. */
#include "gateway/dialects/stream_view.h"

#include "common/json_span.h"
#include "common/message.h"
#include "gateway/client.h"
#include "gateway/counters.h"
#include "gateway/frame.h"
#include "gateway/gateway_settings.h"
#include "gateway/view.h"

/* The key is the stream's name. */
static int open_stream(struct view *view, struct hub *hub, const void *request)
{
    (void)request;
    return hub_listen(hub, &view->listener, view->key, view->key_len);
}

static void deliver(struct view *view, const struct stream *stream, const struct span *parts,
                    size_t n)
{
    struct frame *frame = frame_new(WS_TEXT, parts, n);

    if (!frame) { /* a view has a member, and so a host */
        view->members[0].client->host->counters->of_class[stream->class_id].dropped_memory++;
        return;
    }
    frame_of_stream(frame, stream->class_id, stream->serial);
    view_deliver(view, frame);
    frame_unref(&frame);
}

/* A stream's name needs no escapes in JSON: see stream_name.h. */
static void wrap(struct view *view, const struct stream *stream, const struct message *m)
{
    const struct span parts[] = {SPAN("{\"stream\":\""),
                                 {stream->name, stream->name_len},
                                 SPAN("\",\"data\":"),
                                 {m->data, m->data_len},
                                 SPAN("}")};

    deliver(view, stream, parts, 5);
}

static void verbatim(struct view *view, const struct stream *stream, const struct message *m)
{
    deliver(view, stream, &(struct span){m->data, m->data_len}, 1);
}

/* The engine wrapped it and this client wants it bare. */
static void unwrap(struct view *view, const struct stream *stream, const struct message *m)
{
    struct json_value root, data;

    if (json_check(m->data, m->data_len, JSON_STRICT, &root, NULL) < 0)
        return;
    data = json_member(root, "data", JSON_STRICT);
    if (data.kind != JSON_NONE)
        deliver(view, stream, &(struct span){data.at, data.len}, 1);
}

static const struct view_type wrapping = {.name = "wrap", .open = open_stream, .message = wrap};
static const struct view_type passing = {
    .name = "verbatim", .open = open_stream, .message = verbatim};
static const struct view_type unwrapping = {
    .name = "unwrap", .open = open_stream, .message = unwrap};

static const struct view_type *type_for(const struct client *c, bool combined)
{
    if (c->host->settings->payload == PAYLOAD_WRAPPED)
        return combined ? &passing : &unwrapping;
    return combined ? &wrapping : &passing;
}

int stream_view_join(struct client *c, const char *name, size_t len, bool combined)
{
    return client_join(c, type_for(c, combined), name, len, NULL);
}

int stream_view_leave(struct client *c, const char *name, size_t len, bool combined)
{
    return client_leave(c, type_for(c, combined), name, len);
}

int stream_view_change(struct client *c, const char *name, size_t len, bool combined)
{
    return client_change(c, type_for(c, !combined), type_for(c, combined), name, len);
}

bool stream_view_has(struct client *c, const char *name, size_t len, bool combined)
{
    return views_member(c->host->views, type_for(c, combined), name, len, c) != NULL;
}

const char *stream_view_name(const struct member *member)
{
    return member->view->key;
}
