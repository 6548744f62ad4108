/* client.c - see client.h for the picture and the invariants C1-C3. */
#include "gateway/client.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/utf8.h"
#include "gateway/client_rights.h"
#include "gateway/counters.h"
#include "gateway/dialects/dialect.h"
#include "gateway/gateway_settings.h"
#include "gateway/view.h"

enum { INPUT_FIRST = 512, RATE_WINDOW_MS = 1000 };

void client_init(struct client *c, struct client_host *host)
{
    *c = (struct client){.host = host, .fd = -1};
    c->opened_ms = c->heard_ms = host->now_ms;
    queue_init(&c->queue, &host->slow.pool);
    list_init(&c->memberships);
    list_init(&c->in_place);
    wheel_entry_init(&c->timer);
}

void client_fini(struct client *c)
{
    client_gone(c);
    assert(!c->dirty);
}

/* On the list of those that the end of the turn looks at. The list has room for every client
 * (host_reserve_dirty()), so this cannot fail. */
static void mark_dirty(struct client *c)
{
    struct client_host *host = c->host;

    if (c->dirty)
        return;
    c->dirty = true;
    assert(host->n_dirty < host->dirty_cap);
    host->dirty[host->n_dirty++] = c;
}

void client_look_at(struct client *c)
{
    mark_dirty(c);
}

void client_close(struct client *c, enum close_reason reason)
{
    if (c->state == CLIENT_CLOSING)
        return;
    c->state = CLIENT_CLOSING;
    c->close_reason = (uint8_t)reason;
    mark_dirty(c);
}

void client_cut(struct client *c, enum close_reason reason)
{
    c->overdue |= c->state == CLIENT_CLOSING;
    client_close(c, reason);
    mark_dirty(c);
}

void client_close_saying(struct client *c, enum close_reason reason, uint16_t code,
                         const char *text)
{
    if (c->state == CLIENT_CLOSING)
        return;
    c->close_code = code;
    c->close_text = text;
    client_close(c, reason);
}

void client_close_after_queue(struct client *c, enum close_reason reason, uint16_t code,
                              const char *text)
{
    if (c->state != CLIENT_CLOSING)
        c->after_queue = true;
    client_close_saying(c, reason, code, text);
}

static void enqueue(struct client *c, struct frame *frame)
{
    if (c->state != CLIENT_OPEN)
        return;
    if (queue_push(&c->queue, frame) < 0) {
        client_close(c, CLOSE_no_memory);
        return;
    }
    c->host->counters->deliveries++;
    if (c->host->settings->stream_classes.delays && write_delay_holds(c, frame))
        return;
    mark_dirty(c);
}

void client_deliver(struct client *c, struct frame *frame)
{
    if (c->state != CLIENT_OPEN)
        return;
    if (c->dialect->takes && !c->dialect->takes(c))
        c->host->counters->held_back++;
    else
        enqueue(c, frame);
}

void client_reply(struct client *c, const struct span *parts, size_t n_parts)
{
    struct frame *frame = frame_new(WS_TEXT, parts, n_parts);

    if (!frame) {
        client_close(c, CLOSE_no_memory);
        return;
    }
    enqueue(c, frame);
    frame_unref(&frame);
}

/* ---- its time ------------------------------------------------------------------------------- */

static uint64_t min(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t ping_interval(const struct client *c)
{
    return c->dialect->ping_ms ? c->dialect->ping_ms : c->host->settings->ping_interval_ms;
}

static uint64_t pong_timeout(const struct client *c)
{
    return c->dialect->pong_ms ? c->dialect->pong_ms : c->host->settings->pong_timeout_ms;
}

static uint64_t next_due(const struct client *c)
{
    const struct gateway_settings *s = c->host->settings;
    uint64_t due = min(c->ping_ms, c->heard_ms + pong_timeout(c));

    if (!c->has_subscribed)
        due = min(due, c->opened_ms + s->first_subscription_ms);
    if (c->dialect->max_age)
        due = min(due, c->opened_ms + c->dialect->max_age(s));
    if (c->dialect->beat)
        due = min(due, c->beat_ms);
    due = min(due, client_rights_due(c));
    if (c->place == CLIENT_WAITS)
        due = min(due, c->place_until_ms);
    return due;
}

static void plan_tick(struct client *c)
{
    wheel_set(c->host->wheel, &c->timer, next_due(c));
}

void client_plan(struct client *c)
{
    if (c->state == CLIENT_OPEN)
        plan_tick(c);
}

/* With a payload, which the pong repeats: libwebsockets does not tell of a pong without one. */
static void ping(struct client *c)
{
    struct frame *frame = frame_new(WS_PING, &SPAN("sluice"), 1);

    c->ping_ms = c->host->now_ms + ping_interval(c);
    if (!frame)
        return; /* the next one may do better */
    enqueue(c, frame);
    frame_unref(&frame);
}

void client_tick(struct client *c)
{
    const struct gateway_settings *s = c->host->settings;
    uint64_t now = c->host->now_ms;

    if (c->state == CLIENT_HANDSHAKE)
        client_close(c, CLOSE_handshake);
    if (c->state == CLIENT_CLOSING && !c->dirty) {
        c->overdue = true;
        mark_dirty(c);
    }
    if (c->state != CLIENT_OPEN)
        return;
    if (!c->has_subscribed && now >= c->opened_ms + s->first_subscription_ms)
        client_close(c, CLOSE_no_subscription);
    else if (now >= c->heard_ms + pong_timeout(c))
        client_close(c, c->dialect->cuts_dead ? CLOSE_dead : CLOSE_no_pong);
    else if (c->dialect->max_age && now >= c->opened_ms + c->dialect->max_age(s))
        client_close(c, CLOSE_max_age);
    else if (slow_reader_stalled(c))
        client_close(c, CLOSE_stalled);
    else if (now >= c->ping_ms)
        ping(c);
    if (c->state == CLIENT_OPEN)
        client_rights_tick(c);
    if (c->state == CLIENT_OPEN && c->dialect->beat && now >= c->beat_ms) {
        c->beat_ms += c->dialect->beat_interval_ms;
        if (c->beat_ms <= now) /* the process was held up: one is enough */
            c->beat_ms = now + c->dialect->beat_interval_ms;
        c->dialect->beat(c);
    }
    if (c->state == CLIENT_OPEN)
        plan_tick(c);
}

/* The wheel is not touched: client_tick() finds out that there is more time. */
void client_heard(struct client *c)
{
    c->heard_ms = c->host->now_ms;
    if (c->dialect)
        c->ping_ms = c->heard_ms + ping_interval(c);
}

bool client_rate(struct client *c, uint64_t limit)
{
    uint32_t now = (uint32_t)c->host->now_ms;

    if (limit == 0)
        return true;
    if (now - c->window_ms >= RATE_WINDOW_MS) {
        c->window_ms = now;
        c->window_messages = 0;
    }
    if (++c->window_messages <= limit)
        return true;
    client_close(c, CLOSE_too_many_messages);
    return false;
}

/* ---- its life ------------------------------------------------------------------------------- */

void client_open(struct client *c, const struct dialect *dialect, enum profile profile,
                 const char *path, const char *query)
{
    assert(c->state == CLIENT_HANDSHAKE);
    c->state = CLIENT_OPEN;
    c->dialect = dialect;
    c->profile = (uint8_t)profile;
    c->opened_ms = c->host->now_ms;
    c->host->counters->clients++;
    c->host->counters->handshakes++;
    c->beat_ms = c->opened_ms + dialect->beat_interval_ms;
    client_heard(c);
    if (dialect->open && dialect->open(c, path, query) < 0)
        client_close(c, CLOSE_no_memory);
    else
        plan_tick(c);
}

void client_leave_all(struct client *c)
{
    while (!list_empty(&c->memberships))
        views_leave(c->host->views, list_first(&c->memberships, struct member, in_client));
    c->n_memberships = 0;
}

void client_gone(struct client *c)
{
    client_leave_all(c);
    if (c->dialect) {
        c->host->counters->clients--;
        c->host->counters->closes[c->close_reason]++;
        if (c->dialect->closed)
            c->dialect->closed(c);
        c->dialect = NULL;
    }
    c->state = CLIENT_CLOSING;
    wheel_stop(&c->timer);
    client_drop_queue(c);
    slow_reader_forget(c);
    write_delay_forget(c);
    client_rights_forget(c);
    free(c->input);
    c->input = NULL;
}

int client_join(struct client *c, const struct view_type *type, const char *key, size_t key_len,
                const void *request)
{
    if (c->state != CLIENT_OPEN)
        return -ECONNRESET;
    if (c->n_memberships >= c->host->settings->max_subscriptions &&
        !views_member(c->host->views, type, key, key_len, c)) {
        client_bad_request(c);
        return -ENOSPC;
    }
    struct member *member = NULL;
    int err = views_join(c->host->views, type, key, key_len, request, c, &c->memberships, &member);
    if (err)
        return err;
    if (!client_allows_view(c, member->view)) {
        views_leave(c->host->views, member);
        c->host->counters->denied++;
        return -EACCES;
    }
    c->n_memberships++;
    c->has_subscribed = true;
    return 0;
}

int client_leave(struct client *c, const struct view_type *type, const char *key, size_t key_len)
{
    struct member *member = views_member(c->host->views, type, key, key_len, c);

    if (!member)
        return -ENOENT;
    views_leave(c->host->views, member);
    c->n_memberships--;
    return 0;
}

int client_change(struct client *c, const struct view_type *from, const char *from_key,
                  size_t from_len, const struct view_type *to, const char *to_key, size_t to_len)
{
    struct member *before = views_member(c->host->views, from, from_key, from_len, c);
    int err = views_join(c->host->views, to, to_key, to_len, NULL, c, &c->memberships, NULL);

    if (!err)
        c->n_memberships++;
    if (before) {
        views_leave(c->host->views, before);
        c->n_memberships--;
    }
    return err;
}

/* ---- what it sends -------------------------------------------------------------------------- */

void client_bad_request(struct client *c)
{
    c->host->counters->bad_requests++;
}

static void message(struct client *c, const char *bytes, size_t len, bool binary)
{
    c->host->counters->requests++;
    if (!binary && !utf8_valid(bytes, len))
        client_close(c, CLOSE_bad_utf8);
    else
        c->dialect->message(c, bytes, len, binary);
}

/* What is allocated for so many bytes. */
static size_t input_cap(size_t len)
{
    size_t cap = INPUT_FIRST;

    while (cap < len)
        cap *= 2;
    return cap;
}

static int append_input(struct client *c, const char *bytes, size_t len)
{
    size_t cap = input_cap(c->input_len + len);

    if (!c->input || cap != input_cap(c->input_len)) {
        char *bigger = realloc(c->input, cap);
        if (!bigger)
            return -ENOMEM;
        c->input = bigger;
    }
    memcpy(c->input + c->input_len, bytes, len);
    c->input_len += (uint32_t)len;
    return 0;
}

static size_t max_message(const struct client *c)
{
    if (c->dialect->message_max)
        return c->dialect->message_max(c->host->settings);
    return c->dialect->max_message ? c->dialect->max_message : c->host->settings->max_message;
}

void client_receive(struct client *c, const char *bytes, size_t len, bool first, bool last,
                    bool binary)
{
    client_heard(c);
    if (c->state != CLIENT_OPEN)
        return;
    if (c->input_len + len > max_message(c)) {
        client_close(c, CLOSE_message_too_big);
        return;
    }
    if (first && last) {
        message(c, bytes, len, binary);
        return;
    }
    if (first)
        c->binary = binary;
    if (append_input(c, bytes, len) < 0) {
        client_close(c, CLOSE_no_memory);
        return;
    }
    if (!last) {
        if (c->dialect->part)
            c->dialect->part(c);
        return;
    }
    message(c, c->input, c->input_len, c->binary);
    free(c->input);
    c->input = NULL;
    c->input_len = 0;
}

/* ---- its queue ------------------------------------------------------------------------------ */

void client_drop_queue(struct client *c)
{
    unsigned other = c->host->settings->stream_classes.n - 1;

    for (uint32_t i = 0; i < c->queue.n; i++) {
        unsigned class_id = queue_at(&c->queue, i)->class_id;
        c->host->counters->of_class[class_id < other ? class_id : other].frames_unsent++;
    }
    queue_clear(&c->queue);
}

/* ---- the turn's list ------------------------------------------------------------------------ */

void client_host_init(struct client_host *host)
{
    slow_readers_init(&host->slow);
    write_delays_init(&host->delays);
}

int client_host_reserve(struct client_host *host, size_t clients)
{
    size_t cap = host->dirty_cap ? host->dirty_cap : 64;

    while (cap < clients)
        cap *= 2;
    if (cap == host->dirty_cap)
        return 0;
    struct client **bigger = realloc(host->dirty, cap * sizeof *bigger);
    if (!bigger)
        return -ENOMEM;
    host->dirty = bigger;
    host->dirty_cap = cap;
    return 0;
}
