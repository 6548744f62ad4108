/* nano_view.c - see nano_view.h. */
#include "gateway/dialects/nano_view.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/message.h"
#include "common/stream_name.h"
#include "gateway/frame.h"

/* The last events, oldest first to go. */
struct seen {
    uint64_t hashes[NANO_SEEN];
    unsigned next;
};

struct state {
    struct nano *nano;
    struct hub *hub;
    bool own;                    /* one client's alone, for as long as it lives */
    struct nano_options options; /* its accounts are in the view's key, or the view's own */
    struct seen *seen;           /* NULL: it has one stream at most */
};

const struct nano_options *nano_view_options(const struct view *view)
{
    const struct state *state = view->state;

    return &state->options;
}

/* ---- its streams ---------------------------------------------------------------------------- */

static int listen_on(struct view *view, struct hub *hub, const char *stream, size_t len)
{
    int err = hub_listen(hub, &view->listener, stream, len);

    return err == -EEXIST ? 0 : err;
}

static size_t stream_of(const struct view *view, const struct nano_key *key,
                        char stream[STREAM_NAME_MAX + 1])
{
    bool vote = nano_view_options(view)->topic == NANO_VOTE;
    char account[NANO_ACCOUNT_LEN + 1], value[STREAM_VALUE_MAX + 1];

    nano_account_write(key, account);
    stream_name_encode(account, NANO_ACCOUNT_LEN, value);
    int len = snprintf(stream, STREAM_NAME_MAX + 1, "nano.%s.%s",
                       vote ? "vote.representative" : "confirmation.account", value);
    assert(len > 0 && len <= STREAM_NAME_MAX);
    return (size_t)len;
}

/* To those of o that are not in `but`. */
static int listen_to_keys(struct view *view, struct hub *hub, const struct nano_options *o,
                          const struct nano_options *but)
{
    char stream[STREAM_NAME_MAX + 1];

    for (uint32_t i = 0; i < o->n; i++) {
        if (but && nano_options_has(but, &o->keys[i]))
            continue;
        int err = listen_on(view, hub, stream, stream_of(view, &o->keys[i], stream));
        if (err)
            return err;
    }
    return 0;
}

static void leave_keys(struct view *view, struct hub *hub, const struct nano_options *o,
                       const struct nano_options *but)
{
    char stream[STREAM_NAME_MAX + 1];

    for (uint32_t i = 0; i < o->n; i++)
        if (!nano_options_has(but, &o->keys[i]))
            hub_unlisten(hub, &view->listener, stream, stream_of(view, &o->keys[i], stream));
}

static int listen_to_topic(struct view *view, struct hub *hub)
{
    char stream[STREAM_NAME_MAX + 1];
    int len = snprintf(stream, sizeof stream, "nano.%s",
                       nano_topic_name((enum nano_topic)nano_view_options(view)->topic));

    return listen_on(view, hub, stream, (size_t)len);
}

/* "Because account filtering needs block content to function, setting this flag to false is
 * currently incompatible with account filtering": the node then sends nothing. */
static int listen_by_account(struct view *view, struct hub *hub)
{
    static const char local[] = "nano.confirmation.local";
    const struct nano_options *o = nano_view_options(view);

    if (!(o->flags & NANO_BLOCK))
        return 0;
    int err = o->flags & NANO_LOCAL ? listen_on(view, hub, local, sizeof local - 1) : 0;
    return err ? err : listen_to_keys(view, hub, o, NULL);
}

static int listen_to_all(struct view *view, struct hub *hub)
{
    const struct nano_options *o = nano_view_options(view);

    if (o->flags & NANO_BY_ACCOUNT)
        return listen_by_account(view, hub);
    if (o->topic == NANO_VOTE && o->n > 0)
        return listen_to_keys(view, hub, o, NULL);
    return listen_to_topic(view, hub);
}

/* Its own view takes the accounts over: whoever made the list has an empty one left. */
static void take_keys(struct nano_options *to, struct nano_options *from)
{
    to->keys = from->keys;
    to->n = from->n;
    to->cap = from->cap;
    from->keys = NULL;
    from->n = from->cap = 0;
}

static void set_options(struct view *view, struct nano_options *from)
{
    struct state *state = view->state;

    nano_options_of_key(&state->options, view->key, view->key_len);
    state->own = state->options.flags & NANO_OWN;
    if (!state->own)
        return;
    state->options.flags &= (uint16_t)~NANO_OWN;
    take_keys(&state->options, from);
}

static int open_view(struct view *view, struct hub *hub, const void *how)
{
    const struct nano_request *request = how;
    const struct state *before = request->before ? request->before->state : NULL;
    struct state *state = view->state;

    state->nano = request->nano;
    state->hub = hub;
    set_options(view, request->options);
    int err = listen_to_all(view, hub);
    if (err || view->listener.n_streams <= 1)
        return err;
    state->seen = calloc(1, sizeof *state->seen);
    if (!state->seen)
        return -ENOMEM;
    if (before && before->seen)
        *state->seen = *before->seen;
    return 0;
}

static void close_view(struct view *view)
{
    struct state *state = view->state;

    free(state->seen);
    if (state->own)
        nano_options_fini(&state->options);
}

bool nano_view_can_update(const struct view *view, const struct nano_options *o)
{
    const struct state *state = view->state;

    return state->own && o->flags == state->options.flags && o->topic == state->options.topic;
}

int nano_view_update(struct view *view, struct nano_options *o)
{
    struct state *state = view->state;
    struct nano_options old = state->options;

    if (old.flags & NANO_BLOCK) { /* otherwise it listens to none of them */
        int err = listen_to_keys(view, state->hub, o, &old);
        if (err)
            return err;
        leave_keys(view, state->hub, &old, o);
    }
    take_keys(&state->options, o);
    nano_options_fini(&old);
    return 0;
}

/* ---- its messages --------------------------------------------------------------------------- */

/* An event is known by its tag, and within a term: a recording that is played again is news. */
static uint64_t hash_of(const struct nano *nano, const struct message *m)
{
    if (!m->tag)
        return table_hash(&nano->hashes, m->data, m->data_len);
    return table_hash(&nano->hashes, m->tag, m->tag_len) ^ m->epoch;
}

static bool seen_before(struct state *state, const struct message *m)
{
    struct seen *seen = state->seen;

    if (!seen)
        return false;
    uint64_t hash = hash_of(state->nano, m);
    for (unsigned i = 0; i < NANO_SEEN; i++)
        if (seen->hashes[i] == hash)
            return true;
    seen->hashes[seen->next] = hash;
    seen->next = (seen->next + 1) % NANO_SEEN;
    return false;
}

static void take_message(struct view *view, const struct stream *stream, const struct message *m)
{
    struct state *state = view->state;
    struct nano_events *events = &state->nano->events;
    const struct nano_options *o = &state->options;

    struct nano_event *event = nano_event_of(events, m->data, m->data_len);
    if (!event || !nano_event_wanted(event, o) || seen_before(state, m))
        return;
    struct frame *frame =
        nano_event_frame(events, event, (enum profile)o->profile, o->flags % NANO_SHAPES);
    if (!frame)
        return;
    frame_of_stream(frame, stream->class_id, 0); /* no event replaces another */
    view_deliver(view, frame);
}

const struct view_type nano_view = {.name = "nano",
                                    .state_size = sizeof(struct state),
                                    .open = open_view,
                                    .message = take_message,
                                    .close = close_view};
