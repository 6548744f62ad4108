/* outbox.c - see outbox.h for the picture and the invariants I1 and I2.
 *
 * One timer serves the two things that are waited for, never at the same time: the next attempt
 * while AWAY, an answer while ASKING or OPEN.
 */
#include "publisher/outbox.h"

#include <assert.h>
#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/backoff.h"
#include "common/log.h"
#include "common/redis_conn.h"
#include "publisher/entry.h"
#include "publisher/epoch.h"

enum { ADDRESS_MAX = 300, WHY_MAX = 256 };

enum outbox_state {
    OUTBOX_AWAY,       /* the timer counts to the next attempt */
    OUTBOX_CONNECTING, /* the connection counts for itself */
    OUTBOX_ASKING,     /* for an epoch; nothing is sent meanwhile */
    OUTBOX_LOADING,    /* the script; nothing is sent meanwhile */
    OUTBOX_OPEN,
};

struct outbox {
    struct backlog *backlog;
    const char *prefix;
    struct redis_conn *conn;
    uv_timer_t timer;
    enum outbox_state state;
    struct backoff backoff;
    uint32_t term; /* whose epoch this is; 0: of none yet */
    uint64_t epoch;
    char sha[ENTRY_SHA_LEN + 1]; /* of the script; empty: not loaded on this connection */
    size_t unsent; /* what the connection had not written at the end of the last turn */
    uint64_t
        answered_ms; /* of the loop: the last sign of life, or the first command after a rest */
    struct outbox_counts counts;
    char address[ADDRESS_MAX];
    char why[WHY_MAX]; /* of the last failure that was logged; empty while the link is up */
    struct log_limit failures, refusals;
};

static void on_timer(uv_timer_t *timer);

/* ---- states -------------------------------------------------------------------------------- */

static const char *const state_names[] = {"away", "connecting", "asking", "loading", "open"};

static void move(struct outbox *o, enum outbox_state state)
{
    log_debug("redis link", LOG_TEXT("from", state_names[o->state]),
              LOG_TEXT("to", state_names[state]));
    o->state = state;
    uv_timer_stop(&o->timer);
    if (state >= OUTBOX_ASKING) {
        o->answered_ms = uv_now(o->timer.loop);
        uv_timer_start(&o->timer, on_timer, OUTBOX_ANSWER_MS, 0);
    }
}

/* A new reason is always worth a line; the same one again once a minute. */
static void log_failure(struct outbox *o, const char *why)
{
    uint64_t held = 0;
    bool same = strncmp(o->why, why, sizeof o->why - 1) == 0;

    if (!log_allowed(&o->failures, &held) && same)
        return;
    snprintf(o->why, sizeof o->why, "%s", why);
    log_warn("redis takes no events; trying again", LOG_TEXT("address", o->address),
             LOG_TEXT("why", why), LOG_NUMBER("waiting", o->backlog->n));
}

/* The link is gone, or of no use: what was sent counts as not sent. */
static void lose(struct outbox *o, const char *why)
{
    uint32_t wait = backoff_next(&o->backoff, backoff_random());

    log_failure(o, why);
    redis_conn_close(o->conn);
    backlog_rewind(o->backlog);
    o->unsent = 0;
    o->sha[0] = '\0';
    move(o, OUTBOX_AWAY);
    uv_timer_start(&o->timer, on_timer, wait, 0);
}

static bool awaiting(const struct outbox *o)
{
    return o->state == OUTBOX_ASKING || o->state == OUTBOX_LOADING ||
           backlog_awaited(o->backlog) > 0;
}

/* Redis serves us: the next lost link begins with a short wait again. Not said of a link that is
 * merely up, since Redis may be up and refuse. */
static void succeeded(struct outbox *o)
{
    backoff_reset(&o->backoff);
    if (o->why[0])
        log_info("redis takes events again", LOG_TEXT("address", o->address));
    o->why[0] = '\0';
}

/* The answers' deadline moves on with every reply; the timer is armed anew only when it fires. */
static void check_answers(struct outbox *o)
{
    uint64_t silent = uv_now(o->timer.loop) - o->answered_ms;

    if (!awaiting(o)) {
        silent = 0;
        succeeded(o); /* there was nothing to refuse, and it is still there */
    }
    if (silent >= OUTBOX_ANSWER_MS)
        lose(o, "Redis has not answered for 10 s");
    else
        uv_timer_start(&o->timer, on_timer, OUTBOX_ANSWER_MS - silent, 0);
}

static void on_timer(uv_timer_t *timer)
{
    struct outbox *o = timer->data;

    if (o->state == OUTBOX_AWAY) {
        move(o, OUTBOX_CONNECTING);
        redis_conn_open(o->conn);
    } else {
        check_answers(o);
    }
}

static void on_up(void *ctx)
{
    move(ctx, OUTBOX_OPEN);
}

static void on_down(void *ctx, const char *why)
{
    lose(ctx, why);
}

/* ---- what Redis answers ---------------------------------------------------------------------- */

/* Errors that say "not now" or "not you", whatever the event: it is kept and sent again. */
static bool worth_repeating(const char *text)
{
    static const char *const codes[] = {"LOADING ",     "MASTERDOWN ", "READONLY ",
                                        "BUSY ",        "NOAUTH ",     "NOPERM ",
                                        "CLUSTERDOWN ", "TRYAGAIN ",   "NOSCRIPT "};

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (strncmp(text, codes[i], strlen(codes[i])) == 0)
            return true;
    return false;
}

static void lose_by_reply(struct outbox *o, const char *text)
{
    char why[WHY_MAX];

    snprintf(why, sizeof why, "Redis says: %s", text);
    lose(o, why);
}

static void on_epoch(struct outbox *o, const struct redisReply *reply)
{
    size_t len;
    const void *entry = backlog_next(o->backlog, &len);

    if (epoch_read(reply, &o->epoch) < 0) {
        lose_by_reply(o, reply->type == REDIS_REPLY_ERROR ? reply->str : "no epoch");
        return;
    }
    /* The entry that was asked for may have been dropped meanwhile, and a later term be next. */
    o->term = entry ? entry_term(entry) : 0;
    log_info("publishing", LOG_TEXT("address", o->address), LOG_NUMBER("epoch", o->epoch));
    succeeded(o);
    move(o, OUTBOX_OPEN);
}

static void on_script(struct outbox *o, const struct redisReply *reply)
{
    if (reply->type != REDIS_REPLY_STRING || reply->len != ENTRY_SHA_LEN) {
        lose_by_reply(o, reply->type == REDIS_REPLY_ERROR ? reply->str : "no name for a script");
        return;
    }
    memcpy(o->sha, reply->str, ENTRY_SHA_LEN + 1);
    move(o, OUTBOX_OPEN);
}

static void on_refused(struct outbox *o, const char *text)
{
    uint64_t held;

    o->counts.refused++;
    if (log_allowed(&o->refusals, &held))
        log_warn("redis refused an event", LOG_TEXT("why", text), LOG_NUMBER("held", held));
}

static void on_published(struct outbox *o, const struct redisReply *reply)
{
    bool error = reply->type == REDIS_REPLY_ERROR;

    if (error && worth_repeating(reply->str)) {
        lose_by_reply(o, reply->str);
        return;
    }
    if (!backlog_ack(o->backlog)) {
        lose(o, "Redis answered what was not asked");
        return;
    }
    if (error)
        on_refused(o, reply->str);
    else
        o->counts.published++;
    if (o->backoff.failures > 0 || o->why[0])
        succeeded(o);
}

static void on_reply(void *ctx, struct redisReply *reply)
{
    struct outbox *o = ctx;

    o->answered_ms = uv_now(o->timer.loop);
    if (o->state == OUTBOX_ASKING)
        on_epoch(o, reply);
    else if (o->state == OUTBOX_LOADING)
        on_script(o, reply);
    else
        on_published(o, reply);
}

/* ---- sending --------------------------------------------------------------------------------- */

/* I1: the epoch is asked for when nothing is under way. */
static void ask(struct outbox *o)
{
    if (backlog_awaited(o->backlog) > 0)
        return;
    if (epoch_ask(o->conn, o->prefix) < 0)
        lose(o, "out of memory");
    else
        move(o, OUTBOX_ASKING);
}

/* I2: the script is loaded when nothing is under way. */
static void load(struct outbox *o)
{
    const char *words[] = {"SCRIPT", "LOAD", entry_keep_script};

    if (backlog_awaited(o->backlog) > 0)
        return;
    if (redis_conn_command(o->conn, 3, words, NULL) < 0)
        lose(o, "out of memory");
    else
        move(o, OUTBOX_LOADING);
}

static int send_entry(struct outbox *o, const void *entry)
{
    char start[ENTRY_START_MAX];
    struct entry_command command;

    if (entry_keeps_last(entry))
        entry_keep_command(entry, o->prefix, o->epoch, o->sha, start, &command);
    else
        entry_command(entry, o->prefix, o->epoch, start, &command);
    int err = redis_conn_write(o->conn, start, command.start_len);
    return err ? err : redis_conn_write(o->conn, command.rest, command.rest_len);
}

/* Queue entries up to the limits. True: it may be worth another round. */
static bool fill(struct outbox *o)
{
    const void *entry;
    size_t len;

    while ((entry = backlog_next(o->backlog, &len)) && o->backlog->bytes_sent < OUTBOX_WINDOW) {
        if (redis_conn_unsent(o->conn) >= OUTBOX_UNSENT_MOST)
            return true;
        if (entry_term(entry) != o->term) {
            ask(o);
            return false;
        }
        if (entry_keeps_last(entry) && !o->sha[0]) {
            load(o);
            return false;
        }
        if (backlog_awaited(o->backlog) == 0)
            o->answered_ms = uv_now(o->timer.loop);
        if (send_entry(o, entry) < 0) {
            lose(o, "out of memory"); /* half a command may be queued */
            return false;
        }
        backlog_sent(o->backlog);
    }
    return false;
}

void outbox_turn(struct outbox *o)
{
    bool more = o->state == OUTBOX_OPEN;

    if (redis_conn_unsent(o->conn) < o->unsent)
        o->answered_ms = uv_now(o->timer.loop); /* it still takes our bytes: a long event */
    while (more) {
        more = fill(o);
        redis_conn_flush(o->conn);
        more = more && redis_conn_unsent(o->conn) < OUTBOX_UNSENT_MOST;
    }
    o->unsent = redis_conn_unsent(o->conn);
}

/* ---- life ------------------------------------------------------------------------------------ */

static const struct redis_conn_events events = {.up = on_up, .down = on_down, .reply = on_reply};

struct outbox *outbox_new(uv_loop_t *loop, struct backlog *backlog, const struct redis_url *url,
                          const char *prefix)
{
    struct outbox *o = calloc(1, sizeof *o);

    if (!o)
        return NULL;
    o->conn = redis_conn_new(loop, &url->seeds[0], &url->login, REDIS_REPLIES, &events, o);
    if (!o->conn) {
        free(o);
        return NULL;
    }
    o->backlog = backlog;
    o->prefix = prefix;
    o->backoff = (struct backoff){OUTBOX_RETRY_FIRST_MS, OUTBOX_RETRY_MOST_MS, 0};
    redis_url_address(url, o->address, sizeof o->address);
    uv_timer_init(loop, &o->timer);
    o->timer.data = o;
    return o;
}

static void on_timer_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void outbox_free(struct outbox **op)
{
    struct outbox *o = *op;

    *op = NULL;
    if (!o)
        return;
    redis_conn_free(&o->conn);
    uv_close((uv_handle_t *)&o->timer, on_timer_closed);
}

void outbox_start(struct outbox *o)
{
    assert(o->state == OUTBOX_AWAY);
    move(o, OUTBOX_CONNECTING);
    redis_conn_open(o->conn);
}

bool outbox_is_open(const struct outbox *o)
{
    return o->state >= OUTBOX_ASKING;
}

struct outbox_counts outbox_counts(const struct outbox *o)
{
    return o->counts;
}
