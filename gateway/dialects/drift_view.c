/* drift_view.c - see drift_view.h.
 *
 *   WAITING --confirmed, asked--> ASKING --answered, or too much waits--> LIVE
 *      ^                            |  ^                                   |
 *      +------ answer lost ---------+  +------ link lost, confirmed -------+
 *
 * While WAITING for the command connection a live order book needs no older one before it: LIVE.
 */
#include "gateway/dialects/drift_view.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/message.h"
#include "gateway/client.h"
#include "gateway/counters.h"
#include "gateway/dialects/drift.h"
#include "gateway/view.h"

enum book_state { BOOK_WAITING, BOOK_ASKING, BOOK_LIVE };

/* An order book as it goes out, and what it is judged by. */
struct book {
    struct frame *frame; /* NULL: there is none */
    bool has_slot;
    int64_t slot;
    uint64_t epoch, seq, time_us; /* 0 where the message has no head */
};

struct book_view {
    struct list unasked; /* in drift->unasked while WAITING */
    struct drift *drift;
    struct view *view;
    const struct stream *stream;
    enum book_state state;
    struct last_value *question; /* while ASKING */
    struct book last;            /* what the members were given last */
    bool kept;                   /* somebody keeps last values of this stream */
    struct book held[DRIFT_HELD_MAX];
    unsigned n_held;
    size_t held_bytes;
};

/* ---- frames --------------------------------------------------------------------------------- */

/* A valid JSON text doubles at most: of what it may contain only '"', '\' and white space are
 * escaped, with two bytes each. */
static bool reserve(struct drift *drift, size_t len)
{
    size_t need = 2 * len + 2;

    if (need <= drift->quoted_cap)
        return true;
    char *bigger = realloc(drift->quoted, need);
    if (!bigger)
        return false;
    drift->quoted = bigger;
    drift->quoted_cap = need;
    return true;
}

/* NULL: out of memory, or the data has control characters, which no JSON may have. A stream's name
 * needs no escapes: see stream_name.h. */
static struct frame *make_frame(struct drift *drift, const char *stream, size_t stream_len,
                                const struct message *m)
{
    if (!reserve(drift, m->data_len))
        return NULL;
    size_t len = json_quote(drift->quoted, drift->quoted_cap, m->data, m->data_len);
    if (len > drift->quoted_cap)
        return NULL;
    const struct span parts[] = {SPAN("{\"channel\":\""),
                                 {stream, stream_len},
                                 SPAN("\",\"data\":"),
                                 {drift->quoted, len},
                                 SPAN("}")};
    return frame_new(WS_TEXT, parts, 5);
}

/* ---- trades and fees: every message as it comes --------------------------------------------- */

static int open_plain(struct view *view, struct hub *hub, const void *request)
{
    struct drift **state = view->state;

    *state = (struct drift *)(uintptr_t)request;
    return hub_listen(hub, &view->listener, view->key, view->key_len);
}

static void on_plain(struct view *view, const struct stream *stream, const struct message *m)
{
    struct drift **state = view->state;
    struct frame *frame = make_frame(*state, stream->name, stream->name_len, m);

    if (!frame)
        return;
    view_deliver(view, frame);
    frame_unref(&frame);
}

static const struct view_type plain_type = {
    .name = "drift", .state_size = sizeof(struct drift *), .open = open_plain, .message = on_plain};

/* ---- order books: what is newer ------------------------------------------------------------- */

static bool make_book(struct book_view *v, const struct message *m, struct book *book)
{
    struct json_value root;

    *book = (struct book){.epoch = m->epoch, .seq = m->seq, .time_us = m->time_us};
    if (json_check(m->data, m->data_len, JSON_STRICT, &root, NULL) < 0)
        return false;
    book->has_slot = json_int64(json_member(root, "slot", JSON_STRICT), &book->slot) == 0;
    book->frame = make_frame(v->drift, v->view->key, v->view->key_len, m);
    return book->frame != NULL;
}

static bool older_id(const struct book *a, const struct book *b)
{
    return a->epoch < b->epoch || (a->epoch == b->epoch && a->seq <= b->seq);
}

/* A recording played in a loop, or a test network that was reset, goes back for good: nothing of
 * the higher slots comes any more. Its publisher has begun a new term then, long after. */
static bool begun_anew(const struct book *last, const struct book *book)
{
    return book->epoch > last->epoch && last->epoch &&
           book->time_us > last->time_us + DRIFT_ANEW_US;
}

static bool may_follow(const struct book *last, const struct book *book)
{
    if (!last->frame)
        return true;
    if (last->epoch && book->epoch && older_id(book, last))
        return false;
    return !last->has_slot || !book->has_slot || book->slot >= last->slot || begun_anew(last, book);
}

/* Of a last value it must be known that it is newer: it may well be what was sent live. */
static bool is_news(const struct book *last, const struct book *book)
{
    bool by_id = last->epoch && book->epoch, by_slot = last->has_slot && book->has_slot;

    return !last->frame ||
           (may_follow(last, book) && (by_id || (by_slot && book->slot > last->slot)));
}

static void give(struct book_view *v, const struct book *book)
{
    struct frame *before = v->last.frame;

    view_deliver(v->view, book->frame);
    v->last = *book;
    v->last.frame = frame_ref(book->frame);
    frame_unref(&before);
    v->kept |= book->epoch != 0;
}

static void give_if_newer(struct book_view *v, struct book *book)
{
    if (may_follow(&v->last, book))
        give(v, book);
    else
        v->drift->host->counters->of_class[v->stream->class_id].dropped_older++;
    frame_unref(&book->frame);
}

/* ---- order books: asking -------------------------------------------------------------------- */

static void set_state(struct book_view *v, enum book_state state)
{
    v->state = state;
    list_remove(&v->unasked);
    if (state == BOOK_WAITING)
        list_append(&v->drift->unasked, &v->unasked);
    if (state != BOOK_ASKING)
        last_value_forget(&v->question);
}

static void go_live(struct book_view *v)
{
    set_state(v, BOOK_LIVE);
    for (unsigned i = 0; i < v->n_held; i++)
        give_if_newer(v, &v->held[i]);
    v->n_held = 0;
    v->held_bytes = 0;
}

static void give_last_value(struct book_view *v, const char *bytes, size_t len)
{
    struct message m;
    struct book book;

    v->kept = true;
    if (message_read(bytes, len, &m) < 0 || !make_book(v, &m, &book)) {
        v->drift->host->counters->of_class[v->stream->class_id].dropped_bad++;
        return;
    }
    if (is_news(&v->last, &book))
        give(v, &book);
    frame_unref(&book.frame);
}

static void on_answer(void *ctx, enum last_value_answer answer, const char *bytes, size_t len)
{
    struct book_view *v = ctx;

    v->question = NULL; /* answered: not to be forgotten any more */
    if (answer == LAST_VALUE_IS)
        give_last_value(v, bytes, len);
    if (answer == LAST_VALUE_LOST && v->n_held == 0)
        set_state(v, BOOK_WAITING);
    else
        go_live(v);
}

static void ask(struct book_view *v)
{
    struct last_value *question;

    if (v->state == BOOK_ASKING)
        go_live(v); /* the link was lost meanwhile: what has come since must be asked for again */
    int err = last_value_ask(&v->drift->last_values, v->view->key, v->view->key_len, on_answer, v,
                             &question);
    set_state(v, err ? BOOK_WAITING : BOOK_ASKING);
    if (!err)
        v->question = question;
}

static void on_confirmed(struct view *view, const struct stream *stream)
{
    struct book_view *v = view->state;

    v->stream = stream;
    ask(v);
}

void drift_view_tick(struct drift *drift)
{
    struct book_view *v, *next;

    list_each_safe (v, next, &drift->unasked, unasked)
        if (hub_confirmed(&v->view->listener))
            ask(v);
}

/* ---- order books: the view ------------------------------------------------------------------ */

static int open_book(struct view *view, struct hub *hub, const void *request)
{
    struct book_view *v = view->state;

    v->drift = (struct drift *)(uintptr_t)request;
    v->view = view;
    list_init(&v->unasked);
    set_state(v, BOOK_WAITING);
    int err = hub_listen(hub, &view->listener, view->key, view->key_len);
    if (err)
        return err;
    v->stream = hub_find(hub, view->key, view->key_len);
    if (v->state == BOOK_WAITING && v->stream->confirmed)
        ask(v); /* somebody else listens already */
    return 0;
}

static void hold(struct book_view *v, const struct book *book)
{
    v->held[v->n_held++] = *book;
    v->held_bytes += book->frame->len;
    if (v->n_held == DRIFT_HELD_MAX || v->held_bytes > DRIFT_HELD_BYTES_MAX)
        go_live(v);
}

static void on_book(struct view *view, const struct stream *stream, const struct message *m)
{
    struct book_view *v = view->state;
    struct book book;

    if (!make_book(v, m, &book)) {
        v->drift->host->counters->of_class[stream->class_id].dropped_bad++;
        return;
    }
    if (v->state == BOOK_ASKING) {
        hold(v, &book);
        return;
    }
    if (v->state == BOOK_WAITING)
        set_state(v, BOOK_LIVE);
    give_if_newer(v, &book);
}

static void close_book(struct view *view)
{
    struct book_view *v = view->state;

    if (!v->view)
        return;
    last_value_forget(&v->question);
    list_remove(&v->unasked);
    frame_unref(&v->last.frame);
    for (unsigned i = 0; i < v->n_held; i++)
        frame_unref(&v->held[i].frame);
}

static const struct view_type book_type = {.name = "drift-book",
                                           .state_size = sizeof(struct book_view),
                                           .open = open_book,
                                           .confirmed = on_confirmed,
                                           .message = on_book,
                                           .close = close_book};

/* ---- for drift.c ---------------------------------------------------------------------------- */

static const struct view_type *type_of(const struct drift_request *r)
{
    return r->is_book ? &book_type : &plain_type;
}

int drift_view_join(struct client *c, struct drift *drift, const struct drift_request *r)
{
    return client_join(c, type_of(r), r->stream, r->stream_len, drift);
}

/* What a foreign publisher's stream had last is nobody's last value unless Redis keeps it. */
void drift_view_greet(struct client *c, const struct drift_request *r)
{
    struct member *member = views_member(c->host->views, type_of(r), r->stream, r->stream_len, c);

    if (!member || !r->is_book)
        return;
    struct book_view *v = member->view->state;
    if (v->last.frame && v->kept)
        client_deliver(c, v->last.frame);
}

int drift_view_leave(struct client *c, const struct drift_request *r)
{
    return client_leave(c, type_of(r), r->stream, r->stream_len);
}
