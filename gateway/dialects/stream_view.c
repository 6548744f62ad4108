/* stream_view.c - see stream_view.h. */
#include "gateway/dialects/stream_view.h"

#include <errno.h>

#include "common/message.h"
#include "gateway/client.h"
#include "gateway/counters.h"
#include "gateway/dialects/stream_resume.h"
#include "gateway/frame.h"
#include "gateway/gateway_settings.h"
#include "gateway/trim.h"
#include "gateway/view.h"

/* The key is the stream's name. */
static int open_stream(struct view *view, struct hub *hub, const void *request)
{
    (void)request;
    return hub_listen(hub, &view->listener, view->key, view->key_len);
}

static void message(struct view *view, const struct stream *stream, const struct message *m);

/* A type for each form: the form is its place. */
#define TYPE(form) [form] = {.name = "stream", .open = open_stream, .message = message}
static const struct view_type types[FORM_COUNT] = {
    TYPE(0), TYPE(1), TYPE(2),  TYPE(3),  TYPE(4),  TYPE(5),  TYPE(6),  TYPE(7),
    TYPE(8), TYPE(9), TYPE(10), TYPE(11), TYPE(12), TYPE(13), TYPE(14), TYPE(15)};

static struct counters *counters(const struct view *view)
{
    return view->members[0].client->host->counters; /* a view has a member, and so a host */
}

/* Messages without ids leave a lost link in doubt; of others it is known what is missing. */
static void tell_gap(struct view *view, const struct stream *stream, const struct message *m)
{
    struct stream_id after = {0}, next = {m->epoch, m->seq};
    const struct gap *gap = stream->gap;

    if (!gap && (!stream->doubtful || m->has_head))
        return;
    if (gap)
        after = (struct stream_id){gap->epoch, gap->seq};
    struct frame *frame = stream_form_gap(stream->name, stream->name_len, gap ? gap->missed : 0,
                                          gap ? &after : NULL, m->has_head ? &next : NULL);
    if (!frame) {
        counters(view)->of_class[stream->class_id].dropped_memory++;
        return;
    }
    view_deliver(view, frame);
    frame_unref(&frame);
}

static void message(struct view *view, const struct stream *stream, const struct message *m)
{
    unsigned form = (unsigned)(view->type - types);

    if (form & FORM_NOTICES)
        tell_gap(view, stream, m);
    struct frame *frame = stream_form_message(form, stream->name, stream->name_len, m);
    if (!frame) {
        counters(view)->of_class[stream->class_id].dropped_memory++;
        return;
    }
    frame_of_stream(frame, stream->class_id, stream->serial);
    view_deliver(view, frame);
    frame_unref(&frame);
}

static unsigned form_for(const struct client *c, bool combined)
{
    unsigned form = c->stream_options & (FORM_IDS | FORM_NOTICES);

    if (c->host->settings->payload == PAYLOAD_WRAPPED)
        form |= FORM_WRAPPED;
    return combined ? form | FORM_COMBINED : form;
}

static const struct view_type *type_for(const struct client *c, bool combined)
{
    return &types[form_for(c, combined)];
}

/* Nothing is kept of what was missed. */
static void tell_no_history(struct client *c, const char *name, size_t len,
                            const struct stream_id *since)
{
    struct frame *frame = stream_form_gap(name, len, 0, since, NULL);

    if (!frame) {
        client_close(c, CLOSE_no_memory);
        return;
    }
    client_deliver(c, frame);
    frame_unref(&frame);
}

int stream_view_join(struct client *c, const char *name, size_t len, bool combined,
                     const struct stream_id *since)
{
    const struct stream_resume_request request = {
        .client = c, .form = form_for(c, combined), .since = since, .live = type_for(c, combined)};
    bool readable = since && stream_resume_has_history(c->host);

    if (stream_view_has(c, name, len, combined))
        return -EEXIST;
    if (readable || (!since && c->stream_options & STREAM_LAST))
        return stream_resume_join(&request, name, len);
    int err = client_join(c, type_for(c, combined), name, len, NULL);
    if (!err && since)
        tell_no_history(c, name, len, since);
    return err;
}

int stream_view_leave(struct client *c, const char *name, size_t len, bool combined)
{
    int err = client_leave(c, type_for(c, combined), name, len);

    return err == -ENOENT ? stream_resume_leave(c, name, len) : err;
}

int stream_view_change(struct client *c, const char *name, size_t len, bool combined)
{
    const struct view_type *from = type_for(c, !combined), *to = type_for(c, combined);
    struct member *resuming = stream_resume_member(c, name, len);

    if (!resuming)
        return client_change(c, from, name, len, to, name, len);
    stream_resume_change(resuming, form_for(c, combined), to);
    list_remove(&resuming->in_client);
    list_append(&c->memberships, &resuming->in_client);
    return 0;
}

bool stream_view_has(struct client *c, const char *name, size_t len, bool combined)
{
    return views_member(c->host->views, type_for(c, combined), name, len, c) != NULL ||
           stream_resume_member(c, name, len) != NULL;
}

const char *stream_view_name(const struct member *member)
{
    return member->view->key;
}

static void tell_dropped(const struct stream *stream, struct left_out *left)
{
    uint32_t n = left_out_of(left, stream->serial);
    struct frame *frame = n > 0 ? stream_form_dropped(stream->name, stream->name_len, n) : NULL;

    if (frame)
        left_out_tell(left, stream->serial, frame);
    frame_unref(&frame);
}

/* A view here has one stream. */
void stream_view_dropped(struct client *c, struct left_out *left)
{
    const struct member *member;

    if (!(c->stream_options & FORM_NOTICES))
        return;
    list_each (member, &c->memberships, in_client)
        tell_dropped(hub_first(&member->view->listener), left);
}
