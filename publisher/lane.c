/* lane.c - see lane.h for the picture and the invariants I1 and I2.
 *
 * One timer serves the two things that are waited for, never at the same time: the next attempt
 * while AWAY, an answer while GREETING or OPEN.
 */
#include "publisher/lane.h"

#include <assert.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/backoff.h"
#include "common/redis_conn.h"
#include "publisher/entry_command.h"

enum { RUN_ID_LEN = 40 };

enum lane_state {
    LANE_AWAY,       /* the timer counts to the next attempt */
    LANE_CONNECTING, /* the connection counts for itself */
    LANE_GREETING,   /* who the server is, and the script; nothing is sent meanwhile */
    LANE_OPEN,
};

struct lane {
    struct lane_host *host;
    struct backlog_queue queue;
    struct redis_address address;
    struct redis_conn *conn;
    uv_timer_t timer;
    enum lane_state state;
    struct backoff backoff;
    unsigned greetings;           /* answers that came while GREETING */
    char sha[ENTRY_SHA_LEN + 1];  /* of the script, on this connection */
    char run_id[RUN_ID_LEN + 1];  /* of the server we were connected to last; empty: none yet */
    size_t unsent;                /* what the connection had not written at the last turn's end */
    uint64_t answered_ms;         /* the last sign of life, or the first command after a rest */
    char text[REDIS_ADDRESS_MAX]; /* the address */
    char why[LANE_WHY_MAX]; /* of the last failure that was logged; empty while the link is up */
};

static void on_timer(uv_timer_t *timer);

/* ---- states ---------------------------------------------------------------------------------- */

static const char *const state_names[] = {"away", "connecting", "greeting", "open"};

static void move(struct lane *lane, enum lane_state state)
{
    log_debug("redis link", LOG_TEXT("address", lane->text),
              LOG_TEXT("from", state_names[lane->state]), LOG_TEXT("to", state_names[state]));
    lane->state = state;
    uv_timer_stop(&lane->timer);
    if (state >= LANE_GREETING) {
        lane->answered_ms = uv_now(lane->timer.loop);
        uv_timer_start(&lane->timer, on_timer, LANE_ANSWER_MS, 0);
    }
}

/* A new reason is always worth a line; the same one again once a minute. */
static void log_failure(struct lane *lane, const char *why)
{
    uint64_t held = 0;
    bool same = strncmp(lane->why, why, sizeof lane->why - 1) == 0;

    if (!log_allowed(&lane->host->failures, &held) && same)
        return;
    snprintf(lane->why, sizeof lane->why, "%s", why);
    log_warn("redis takes no events; trying again", LOG_TEXT("address", lane->text),
             LOG_TEXT("why", why), LOG_NUMBER("waiting", lane->host->backlog->n));
}

static void drop(struct lane *lane, bool kept, uint32_t wait)
{
    redis_conn_close(lane->conn);
    backlog_rewind(&lane->queue, kept);
    lane->unsent = 0;
    move(lane, LANE_AWAY);
    uv_timer_start(&lane->timer, on_timer, wait, 0);
}

/* The link is gone, or of no use: what was sent counts as not sent. */
static void lose(struct lane *lane, const char *why)
{
    log_failure(lane, why);
    drop(lane, false, backoff_next(&lane->backoff, backoff_random()));
    lane->host->wrong(lane->host->ctx);
}

void lane_reset(struct lane *lane, bool kept)
{
    drop(lane, kept, 0);
}

static bool awaiting(const struct lane *lane)
{
    return lane->state == LANE_GREETING || lane->queue.n_sent > 0;
}

/* Redis serves us: the next lost link begins with a short wait again. Not said of a link that is
 * merely up, since Redis may be up and refuse. */
static void succeeded(struct lane *lane)
{
    backoff_reset(&lane->backoff);
    if (lane->why[0])
        log_info("redis takes events again", LOG_TEXT("address", lane->text));
    lane->why[0] = '\0';
}

/* The answers' deadline moves on with every reply; the timer is armed anew only when it fires. */
static void check_answers(struct lane *lane)
{
    uint64_t silent = uv_now(lane->timer.loop) - lane->answered_ms;

    if (!awaiting(lane)) {
        silent = 0;
        succeeded(lane); /* there was nothing to refuse, and it is still there */
    }
    if (silent >= LANE_ANSWER_MS)
        lose(lane, "Redis has not answered for 10 s");
    else
        uv_timer_start(&lane->timer, on_timer, LANE_ANSWER_MS - silent, 0);
}

static void on_timer(uv_timer_t *timer)
{
    struct lane *lane = timer->data;

    if (lane->state == LANE_AWAY) {
        move(lane, LANE_CONNECTING);
        redis_conn_open(lane->conn);
    } else {
        check_answers(lane);
    }
}

/* ---- greeting -------------------------------------------------------------------------------- */

static void on_up(void *ctx)
{
    struct lane *lane = ctx;
    const char *load[] = {"SCRIPT", "LOAD", entry_script(lane->host->naming)};

    lane->greetings = 0;
    move(lane, LANE_GREETING);
    if (redis_conn_command(lane->conn, 2, (const char *[]){"INFO", "server"}, NULL) < 0 ||
        redis_conn_command(lane->conn, 3, load, NULL) < 0)
        lose(lane, "out of memory");
    else
        redis_conn_flush(lane->conn);
}

static void on_down(void *ctx, const char *why)
{
    lose(ctx, why);
}

static void lose_by_reply(struct lane *lane, const struct redisReply *reply, const char *otherwise)
{
    char why[LANE_WHY_MAX];

    snprintf(why, sizeof why, "Redis says: %s",
             reply->type == REDIS_REPLY_ERROR ? reply->str : otherwise);
    lose(lane, why);
}

/* A server that will not say who it is counts as another: what is sent again does no harm. */
static void on_server(struct lane *lane, const struct redisReply *reply)
{
    const char *at = reply->type == REDIS_REPLY_STRING ? strstr(reply->str, "run_id:") : NULL;
    char run_id[RUN_ID_LEN + 1] = "?";

    if (at)
        snprintf(run_id, sizeof run_id, "%.*s", (int)strcspn(at + 7, "\r\n"), at + 7);
    if (lane->run_id[0] && (!at || strcmp(lane->run_id, run_id) != 0))
        backlog_rewind(&lane->queue, true);
    memcpy(lane->run_id, run_id, sizeof run_id);
}

static void on_greeting(struct lane *lane, const struct redisReply *reply)
{
    if (lane->greetings++ == 0) {
        on_server(lane, reply);
    } else if (reply->type != REDIS_REPLY_STRING || reply->len != ENTRY_SHA_LEN) {
        lose_by_reply(lane, reply, "no name for a script");
    } else {
        memcpy(lane->sha, reply->str, ENTRY_SHA_LEN + 1);
        move(lane, LANE_OPEN);
    }
}

/* ---- what Redis answers ---------------------------------------------------------------------- */

/* Errors that say "not now", "not here" or "not you", whatever the event: it is sent again. */
static bool worth_repeating(const char *text)
{
    static const char *const codes[] = {
        "LOADING ",     "MASTERDOWN ", "READONLY ", "BUSY ",  "NOAUTH ", "NOPERM ",  "OOM ",
        "CLUSTERDOWN ", "TRYAGAIN ",   "NOSCRIPT ", "MOVED ", "ASK ",    "MISCONF ", "NOREPLICAS "};

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (strncmp(text, codes[i], strlen(codes[i])) == 0)
            return true;
    return false;
}

static void on_refused(struct lane *lane, const char *text)
{
    uint64_t held;

    lane->host->counts.refused++;
    if (log_allowed(&lane->host->refusals, &held))
        log_warn("redis refused an event", LOG_TEXT("why", text), LOG_NUMBER("held", held));
}

static void on_written(struct lane *lane, const char *error)
{
    struct lane_counts *counts = &lane->host->counts;
    bool again;

    if (!backlog_ack(&lane->queue, lane->answered_ms, &again))
        lose(lane, "Redis answered what was not asked");
    else if (again)
        counts->repeated++;
    else if (error)
        on_refused(lane, error);
    else
        counts->published++;
    if (lane->state == LANE_OPEN && (lane->backoff.failures > 0 || lane->why[0]))
        succeeded(lane);
}

static void on_answer(struct lane *lane, const struct redisReply *reply)
{
    const char *error = reply->type == REDIS_REPLY_ERROR ? reply->str : NULL;
    const struct entry *entry = backlog_awaited(&lane->queue);
    size_t code = strlen(ENTRY_SUPERSEDED);

    if (error && entry && strncmp(error, ENTRY_SUPERSEDED, code) == 0)
        lane->host->superseded(lane->host->ctx, entry, error + code);
    else if (error && worth_repeating(error))
        lose_by_reply(lane, reply, "");
    else
        on_written(lane, error);
}

static void on_reply(void *ctx, struct redisReply *reply)
{
    struct lane *lane = ctx;

    lane->answered_ms = uv_now(lane->timer.loop);
    if (lane->state == LANE_GREETING)
        on_greeting(lane, reply);
    else
        on_answer(lane, reply);
}

/* ---- sending --------------------------------------------------------------------------------- */

static void flush(void *ctx)
{
    struct lane *lane = ctx;

    if (lane->state < LANE_OPEN || lane->host->may_send(lane->host->ctx))
        redis_conn_flush(lane->conn);
}

/* The table of numbers has room for whatever a block needs, so that none is torn. */
static bool has_room(struct lane_host *host, const struct entry *entry)
{
    const struct streams *streams = host->streams;

    return entry->block == EVENT_NO_BLOCK || streams->table.n <= streams->most - streams->most / 8;
}

static bool number(struct lane_host *host, struct entry *entry)
{
    bool over = entry->block != EVENT_NO_BLOCK;

    if (entry->seq > 0)
        return true;
    int err =
        streams_next(host->streams, entry_stream(entry), entry->stream_len, over, &entry->seq);
    if (err)
        host->full = true; /* without memory a term's end frees the most */
    return err == 0;
}

static int write_entry(struct lane *lane, const struct entry *entry)
{
    const struct entry_target to = {lane->host->naming, lane->host->epoch, lane->sha};
    char start[ENTRY_START_MAX];
    struct entry_command command;

    entry_command(entry, &to, start, &command);
    int err = redis_conn_write(lane->conn, start, command.start_len);
    return err ? err : redis_conn_write(lane->conn, command.rest, command.rest_len);
}

/* One entry, or all of a block. False: no more can be sent for now. */
static bool send_unit(struct lane *lane, struct entry *entry)
{
    bool open = entry->block == EVENT_BLOCK_PART;

    if (!has_room(lane->host, entry)) {
        lane->host->full = true;
        return false;
    }
    do {
        if (!number(lane->host, entry))
            return false;
        if (write_entry(lane, entry) < 0) {
            lose(lane, "out of memory"); /* half a command may be queued */
            return false;
        }
        backlog_sent(&lane->queue);
        open = open && entry->block != EVENT_BLOCK_END;
    } while (open && (entry = backlog_next(&lane->queue)));
    return true;
}

/* Queue entries up to the limits. True: it may be worth another round. */
static bool fill(struct lane *lane)
{
    struct lane_host *host = lane->host;
    struct entry *entry;

    while (!host->full && !host->paused && (entry = backlog_next(&lane->queue)) &&
           entry->term == host->term && lane->queue.bytes_sent < host->window) {
        if (redis_conn_unsent(lane->conn) >= LANE_UNSENT_MOST)
            return true;
        if (lane->queue.n_sent == 0)
            lane->answered_ms = uv_now(lane->timer.loop);
        if (!send_unit(lane, entry))
            return false;
    }
    return false;
}

void lane_turn(struct lane *lane)
{
    bool more = lane->state == LANE_OPEN && lane->host->epoch > 0;

    if (lane->state == LANE_OPEN)
        backlog_age(&lane->queue, uv_now(lane->timer.loop));
    if (redis_conn_unsent(lane->conn) < lane->unsent)
        lane->answered_ms = uv_now(lane->timer.loop); /* it still takes our bytes: a long event */
    while (more) {
        more = fill(lane);
        if (lane->state == LANE_OPEN)
            flush(lane);
        more = more && lane->state == LANE_OPEN && redis_conn_unsent(lane->conn) < LANE_UNSENT_MOST;
    }
    lane->unsent = redis_conn_unsent(lane->conn);
}

/* ---- life ------------------------------------------------------------------------------------ */

static const struct redis_conn_events events = {
    .up = on_up, .down = on_down, .reply = on_reply, .writable = flush};

struct lane *lane_new(struct lane_host *host, const struct redis_address *address)
{
    struct lane *lane = calloc(1, sizeof *lane);

    if (!lane)
        return NULL;
    lane->host = host;
    lane->address = *address;
    lane->conn =
        redis_conn_new(host->loop, &lane->address, host->login, REDIS_REPLIES, &events, lane);
    if (!lane->conn) {
        free(lane);
        return NULL;
    }
    lane->backoff = (struct backoff){LANE_RETRY_FIRST_MS, LANE_RETRY_MOST_MS, 0};
    redis_address_text(address, lane->text, sizeof lane->text);
    uv_timer_init(host->loop, &lane->timer);
    lane->timer.data = lane;
    backlog_queue_init(host->backlog, &lane->queue);
    return lane;
}

static void on_timer_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void lane_free(struct lane **lanep)
{
    struct lane *lane = *lanep;

    *lanep = NULL;
    if (!lane)
        return;
    backlog_queue_fini(&lane->queue);
    redis_conn_free(&lane->conn);
    uv_close((uv_handle_t *)&lane->timer, on_timer_closed);
}

void lane_start(struct lane *lane)
{
    assert(lane->state == LANE_AWAY);
    move(lane, LANE_CONNECTING);
    redis_conn_open(lane->conn);
}

struct backlog_queue *lane_queue(struct lane *lane)
{
    return &lane->queue;
}

const struct redis_address *lane_address(const struct lane *lane)
{
    return &lane->address;
}

bool lane_is_open(const struct lane *lane)
{
    return lane->state == LANE_OPEN;
}
