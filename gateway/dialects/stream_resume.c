/* stream_resume.c - see stream_resume.h.
 *
 *   WAITING --the stream is confirmed--> READING --all is read--> in the shared view
 *      ^                                    |
 *      +--------- answer lost --------------+   (last values; history.h asks again by itself)
 */
#include "gateway/dialects/stream_resume.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/stream_name.h"
#include "gateway/catchup.h"
#include "gateway/client.h"
#include "gateway/counters.h"
#include "gateway/gateway_settings.h"
#include "gateway/held.h"
#include "gateway/history.h"
#include "gateway/last_value.h"
#include "gateway/view.h"

enum { KEY_MAX = STREAM_NAME_MAX + 1 + sizeof(void *) };

struct resumes {
    struct last_value_source last_values;
    struct catchup_budget budget;
    struct list waiting; /* views in which a last value could not be asked for */
};

struct resume {
    struct list in_waiting;
    struct view *view;
    struct client *client;
    const struct view_type *live;
    const struct stream *stream;
    unsigned form;
    bool reading;
    bool wants_last;
    /* since an id */
    struct stream_id since;
    struct continuity at;
    struct catchup *catchup;
    bool owes_notice; /* the history does not reach back to it */
    /* the last value */
    struct history_question newest;
    struct last_value *question;
    struct held_queue held;
    uint64_t dropped; /* the oldest of those held */
};

static struct resumes *resumes_of(const struct client_host *host)
{
    return host->shared[SHARED_STREAMS];
}

/* ---- to the client -------------------------------------------------------------------------- */

static void deliver(struct resume *s, struct frame *frame, bool is_message)
{
    if (!frame) {
        client_close(s->client, CLOSE_no_memory);
        return;
    }
    if (is_message)
        frame_of_stream(frame, s->stream->class_id, s->stream->serial);
    client_deliver(s->client, frame);
    frame_unref(&frame);
}

static void give_message(struct resume *s, const struct message *m, bool late)
{
    struct frame *frame = stream_form_message(s->form, s->stream->name, s->stream->name_len, m);

    s->client->host->counters->replayed += late;
    if (frame || !(s->form & FORM_WRAPPED))
        deliver(s, frame, true);
}

static void give_notice(struct resume *s, uint64_t missed, const struct stream_id *after,
                        const struct stream_id *next)
{
    deliver(s, stream_form_gap(s->stream->name, s->stream->name_len, missed, after, next), false);
}

/* Nothing is missing between here and the next message. */
static void go_live(struct resume *s)
{
    const char *name = s->view->key;

    catchup_free(&s->catchup);
    if (s->client->state != CLIENT_OPEN)
        return; /* it leaves anyway */
    if (client_change(s->client, s->view->type, s->view->key, s->view->key_len, s->live, name,
                      strlen(name)) < 0)
        client_close(s->client, CLOSE_no_memory); /* s is gone either way */
}

/* ---- since an id ---------------------------------------------------------------------------- */

/* What is newer than an id that nobody has cannot be told: everything there is goes out. */
static void on_unproven(void *ctx)
{
    struct resume *s = ctx;

    s->owes_notice = true;
    s->at = (struct continuity){.known = true};
}

/* The first message after an id that the history has not got. */
static void tell_unproven(struct resume *s, const struct message *m)
{
    struct stream_id next = {m->epoch, m->seq};
    bool countable =
        m->has_head && m->epoch == s->since.epoch && m->seq > s->since.seq + 1 && s->since.seq;

    s->owes_notice = false;
    give_notice(s, countable ? m->seq - s->since.seq - 1 : 0, &s->since,
                m->has_head ? &next : NULL);
}

static void on_pass(void *ctx, const struct message *m, const struct gap *gap, bool late)
{
    struct resume *s = ctx;

    if (s->owes_notice) {
        tell_unproven(s, m);
    } else if (gap) {
        struct stream_id after = {gap->epoch, gap->seq}, next = {m->epoch, m->seq};
        give_notice(s, gap->missed, &after, &next);
    }
    give_message(s, m, late);
}

static void on_done(void *ctx)
{
    struct resume *s = ctx;

    if (s->owes_notice)
        give_notice(s, 0, &s->since, NULL);
    go_live(s);
}

/* Half of what may wait for it: the rest is for what comes live. */
static bool is_ready(void *ctx)
{
    const struct resume *s = ctx;
    const struct gateway_settings *settings = s->client->host->settings;

    return s->client->queue.bytes <= settings->queue_bytes / 2 &&
           s->client->queue.n <= settings->queue_messages / 2;
}

static const struct catchup_events since_events = {
    .pass = on_pass, .unproven = on_unproven, .done = on_done, .ready = is_ready};

/* ---- the last value ------------------------------------------------------------------------- */

static bool is_older(const struct message *m, const struct message *last)
{
    return last && last->has_head && m->has_head && !continuity_is_newer(m, last->epoch, last->seq);
}

/* Some of what waited is gone: they lie before the first that still waits. */
static void tell_dropped(struct resume *s)
{
    const struct held *first = held_first(&s->held);

    if (s->dropped == 0 || !(s->form & FORM_NOTICES))
        return;
    bool has_id = first && first->m.has_head;
    struct stream_id next = {has_id ? first->m.epoch : 0, has_id ? first->m.seq : 0};
    give_notice(s, s->dropped, NULL, has_id ? &next : NULL);
}

/* bytes: the last value; NULL: there is none. */
static void give_last(struct resume *s, const char *bytes, size_t len)
{
    struct message last;
    struct held *held;
    bool there = bytes && message_read(bytes, len, &last) == 0;

    if (there)
        give_message(s, &last, true);
    tell_dropped(s);
    while ((held = held_first(&s->held))) {
        if (!is_older(&held->m, there ? &last : NULL))
            give_message(s, &held->m, false);
        held_pop(&s->held);
    }
    go_live(s);
}

static void wait_to_ask(struct resume *s)
{
    list_remove(&s->in_waiting);
    list_append(&resumes_of(s->client->host)->waiting, &s->in_waiting);
}

static void on_last_value(void *ctx, enum last_value_answer answer, const char *bytes, size_t len)
{
    struct resume *s = ctx;

    s->question = NULL;
    if (answer == LAST_VALUE_LOST)
        wait_to_ask(s);
    else
        give_last(s, answer == LAST_VALUE_IS ? bytes : NULL, len);
}

static void ask_last_value(struct resume *s)
{
    struct last_value *question;
    struct last_value_source *from = &resumes_of(s->client->host)->last_values;

    list_remove(&s->in_waiting);
    if (last_value_ask(from, s->stream->name, s->stream->name_len, on_last_value, s, &question) < 0)
        wait_to_ask(s);
    else
        s->question = question;
}

static void on_newest(void *ctx, const struct history_page *page)
{
    struct resume *s = ctx;

    if (page->n > 0)
        give_last(s, page->entries[0].bytes, page->entries[0].len);
    else
        ask_last_value(s);
}

/* Who wants the last value can do without the oldest of what waits. */
static void hold(struct resume *s, const struct message *m)
{
    uint64_t *dropped = &s->client->host->counters->of_class[s->stream->class_id].dropped_memory;

    while (s->held.n >= RESUME_HELD_MAX ||
           (s->held.n > 0 && s->held.bytes > RESUME_HELD_BYTES_MAX)) {
        held_pop(&s->held);
        s->dropped++;
        ++*dropped;
    }
    if (!held_push(&s->held, m))
        ++*dropped;
}

/* ---- the view ------------------------------------------------------------------------------- */

static void begin(struct resume *s)
{
    struct client_host *host = s->client->host;
    const struct stream *stream = s->stream;

    if (s->reading)
        return;
    s->reading = true;
    host->counters->resumed++;
    if (!s->wants_last) {
        s->catchup = catchup_new(host->history, stream->name, stream->name_len, &s->at,
                                 &resumes_of(host)->budget, &since_events, s);
        if (!s->catchup)
            client_close(s->client, CLOSE_no_memory);
    } else if (host->history) {
        history_newest(host->history, &s->newest, stream->name, stream->name_len);
    } else {
        ask_last_value(s);
    }
}

static int open_view(struct view *view, struct hub *hub, const void *how)
{
    const struct stream_resume_request *request = how;
    struct resume *s = view->state;
    size_t len = strlen(view->key);

    s->view = view;
    s->client = request->client;
    s->live = request->live;
    s->form = request->form;
    s->wants_last = !request->since;
    if (request->since)
        s->since = *request->since;
    s->at = (struct continuity){.epoch = s->since.epoch, .seq = s->since.seq, .known = true};
    s->newest.fn = on_newest;
    s->newest.ctx = s;
    list_init(&s->in_waiting);
    held_init(&s->held);
    int err = hub_listen(hub, &view->listener, view->key, len);
    if (err)
        return err;
    s->stream = hub_find(hub, view->key, len);
    if (s->stream->confirmed)
        begin(s);
    return 0;
}

/* It may come from within hub_listen(): then open_view() begins. */
static void confirmed(struct view *view, const struct stream *stream)
{
    struct resume *s = view->state;

    (void)stream;
    if (s->stream)
        begin(s);
}

/* Before it reads, what comes is in the history, which is read later. */
static void take_message(struct view *view, const struct stream *stream, const struct message *m)
{
    struct resume *s = view->state;

    (void)stream;
    if (s->catchup)
        catchup_hold(s->catchup, m);
    else if (s->wants_last)
        hold(s, m);
}

static void close_view(struct view *view)
{
    struct resume *s = view->state;

    if (!s->view)
        return;
    list_remove(&s->in_waiting);
    catchup_free(&s->catchup);
    history_cancel(&s->newest);
    last_value_forget(&s->question);
    held_clear(&s->held);
}

static const struct view_type resuming = {.name = "resume",
                                          .state_size = sizeof(struct resume),
                                          .open = open_view,
                                          .confirmed = confirmed,
                                          .message = take_message,
                                          .close = close_view};

/* ---- for stream_view.c ---------------------------------------------------------------------- */

/* The stream's name, NUL, and whose it is. */
static size_t write_key(char key[KEY_MAX], const struct client *c, const char *name, size_t len)
{
    memcpy(key, name, len);
    key[len] = '\0';
    memcpy(key + len + 1, &c, sizeof(void *));
    return len + 1 + sizeof(void *);
}

bool stream_resume_has_history(const struct client_host *host)
{
    return host->history != NULL;
}

int stream_resume_join(const struct stream_resume_request *request, const char *name, size_t len)
{
    char key[KEY_MAX];

    return client_join(request->client, &resuming, key, write_key(key, request->client, name, len),
                       request);
}

struct member *stream_resume_member(struct client *c, const char *name, size_t len)
{
    char key[KEY_MAX];

    return views_member(c->host->views, &resuming, key, write_key(key, c, name, len), c);
}

int stream_resume_leave(struct client *c, const char *name, size_t len)
{
    char key[KEY_MAX];

    return client_leave(c, &resuming, key, write_key(key, c, name, len));
}

void stream_resume_change(struct member *member, unsigned form, const struct view_type *live)
{
    struct resume *s = member->view->state;

    s->form = form;
    s->live = live;
}

int stream_resume_start(struct client_host *host)
{
    struct resumes *r = calloc(1, sizeof *r);

    if (!r)
        return -ENOMEM;
    r->last_values.asker = host->asker;
    r->last_values.settings = host->settings;
    r->budget.max = RESUME_BUDGET_BYTES_MAX;
    list_init(&r->waiting);
    host->shared[SHARED_STREAMS] = r;
    return 0;
}

void stream_resume_stop(struct client_host *host)
{
    free(host->shared[SHARED_STREAMS]);
    host->shared[SHARED_STREAMS] = NULL;
}

void stream_resume_tick(struct client_host *host)
{
    struct resumes *r = resumes_of(host);
    struct list due;

    list_init(&due);
    while (!list_empty(&r->waiting)) {
        struct resume *s = list_first(&r->waiting, struct resume, in_waiting);
        list_remove(&s->in_waiting);
        list_append(&due, &s->in_waiting);
    }
    while (!list_empty(&due))
        ask_last_value(list_first(&due, struct resume, in_waiting));
}
