/* redis_conn.c - see redis_conn.h.
 *
 *   CLOSED -> CONNECTING -> GREETING -> UP -> CLOSED
 *
 * One timer serves both the deadline of a connect and the report of a failure that happened within
 * redis_conn_open(): down() never comes from within that call.
 */
#include "common/redis_conn.h"

#include <assert.h>
#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/redis_socket.h"
#include "common/text.h"

enum { CONNECT_MS = 5000, WHY_MAX = 256 };

enum state {
    STATE_CLOSED,
    STATE_CONNECTING,
    STATE_GREETING, /* AUTH, SELECT and PING are sent, their answers awaited */
    STATE_UP,
};

struct redis_conn {
    const struct redis_login *login;
    const struct redis_conn_events *events;
    void *ctx;
    enum redis_mode mode;
    enum state state;
    struct redis_socket *socket;
    uv_timer_t timer;
    unsigned greetings; /* answers still to come */
    struct redis_pubsub *pubsub;
    redisReader *reader;
    struct text out; /* queued bytes, of which the first out_at are written */
    size_t out_at;
    char why[WHY_MAX]; /* a failure to be reported by the timer; empty: none */
    char input[REDIS_READ_SLICE];
};

static void fail(struct redis_conn *conn, const char *why);

/* ---- replies ------------------------------------------------------------------------------- */

static bool refused(const char *text, size_t len)
{
    /* PING is only a question whether Redis serves us; an ACL that forbids it has answered. */
    return len >= 6 ? memcmp(text, "NOPERM", 6) != 0 : true;
}

static void greeted(struct redis_conn *conn, bool error, const char *text, size_t len)
{
    if (error && refused(text, len)) {
        char why[WHY_MAX];
        snprintf(why, sizeof why, "Redis says: %.*s", (int)(len < 200 ? len : 200), text);
        fail(conn, why);
        return;
    }
    if (--conn->greetings > 0)
        return;
    uv_timer_stop(&conn->timer);
    conn->state = STATE_UP;
    conn->events->up(conn->ctx);
}

static void on_notice(void *ctx, const struct redis_notice *notice)
{
    struct redis_conn *conn = ctx;

    if (conn->state == STATE_UP)
        conn->events->pubsub.notice(conn->ctx, notice);
    else
        greeted(conn, notice->kind_len == 5, notice->channel, notice->channel_len);
}

static void on_message(void *ctx, const char *channel, size_t channel_len, const char *payload,
                       size_t len)
{
    struct redis_conn *conn = ctx;

    if (conn->state == STATE_UP)
        conn->events->pubsub.message(conn->ctx, channel, channel_len, payload, len);
}

static const struct redis_pubsub_events pubsub_events = {.message = on_message,
                                                         .notice = on_notice};

static int feed_replies(struct redis_conn *conn, const char *bytes, size_t len)
{
    redisReader *reader = conn->reader;
    void *reply;

    if (redisReaderFeed(reader, bytes, len) != REDIS_OK)
        return -EPROTO;
    while (conn->state >= STATE_GREETING && conn->reader == reader) {
        reply = NULL;
        if (redisReaderGetReply(reader, &reply) != REDIS_OK)
            return -EPROTO;
        if (!reply)
            return reader->len - reader->pos > REDIS_REPLY_MAX ? -EPROTO : 0;
        redisReply *r = reply;
        if (conn->state == STATE_UP)
            conn->events->reply(conn->ctx, r);
        else
            greeted(conn, r->type == REDIS_REPLY_ERROR, r->str ? r->str : "", r->len);
        freeReplyObject(reply);
    }
    return 0;
}

/* ---- reading and writing --------------------------------------------------------------------- */

static int feed(struct redis_conn *conn, const char *bytes, size_t len)
{
    if (conn->mode == REDIS_PUBSUB)
        return redis_pubsub_feed(conn->pubsub, bytes, len, REDIS_REPLY_MAX);
    return feed_replies(conn, bytes, len);
}

/* One slice per turn of the loop; of TLS, what was read with it as well. */
static void on_readable(void *ctx)
{
    struct redis_conn *conn = ctx;

    do {
        ssize_t n = redis_socket_read(conn->socket, conn->input, sizeof conn->input);
        if (n == 0)
            return;
        if (n < 0) {
            fail(conn, redis_socket_why(conn->socket));
        } else if (feed(conn, conn->input, (size_t)n) < 0 && conn->state != STATE_CLOSED) {
            fail(conn, "what Redis sent is no RESP, or longer than a reply may be");
        }
    } while (conn->state >= STATE_GREETING && redis_socket_has_more(conn->socket));
}

void redis_conn_flush(struct redis_conn *conn)
{
    if (conn->state < STATE_GREETING)
        return;
    while (conn->out_at < conn->out.len) {
        ssize_t n = redis_socket_write(conn->socket, conn->out.at + conn->out_at,
                                       conn->out.len - conn->out_at);
        if (n == 0)
            break; /* when it is writable; if it is broken, reading tells */
        conn->out_at += (size_t)n;
    }
    if (conn->out_at == conn->out.len)
        conn->out_at = conn->out.len = 0;
    redis_socket_want_write(conn->socket, conn->out.len > 0);
}

static void on_writable(void *ctx)
{
    struct redis_conn *conn = ctx;

    if (conn->state == STATE_UP && conn->events->writable)
        conn->events->writable(conn->ctx);
    else
        redis_conn_flush(conn);
}

static void on_broken(void *ctx, const char *why)
{
    fail(ctx, why);
}

/* Without memory nothing more can be queued on this connection: a command cut short must not be
 * followed by another. */
static int queue(struct redis_conn *conn, const void *bytes, size_t len)
{
    struct text *out = &conn->out;

    if (conn->out_at > out->len / 2) { /* most of it is written: make room */
        memmove(out->at, out->at + conn->out_at, out->len - conn->out_at);
        out->len -= conn->out_at;
        conn->out_at = 0;
    }
    text_add_bytes(out, bytes, len);
    return out->failed ? -ENOMEM : 0;
}

static int queue_command(struct redis_conn *conn, int argc, const char *const *argv,
                         const size_t *lens)
{
    char *text = NULL;
    /* hiredis declares the array without const and only reads it. */
    long long len = redisFormatCommandArgv(&text, argc, (const char **)(uintptr_t)argv, lens);

    if (len < 0)
        return -ENOMEM;
    int err = queue(conn, text, (size_t)len);
    redisFreeCommand(text);
    return err;
}

int redis_conn_write(struct redis_conn *conn, const void *bytes, size_t len)
{
    return conn->state == STATE_UP ? queue(conn, bytes, len) : -ENOTCONN;
}

int redis_conn_command(struct redis_conn *conn, int argc, const char *const *argv,
                       const size_t *lens)
{
    return conn->state == STATE_UP ? queue_command(conn, argc, argv, lens) : -ENOTCONN;
}

size_t redis_conn_unsent(const struct redis_conn *conn)
{
    return conn->out.len - conn->out_at;
}

/* ---- connecting ---------------------------------------------------------------------------- */

static void on_open(void *ctx)
{
    struct redis_conn *conn = ctx;
    const struct redis_login *login = conn->login;
    char db[12];
    int err = 0;

    conn->state = STATE_GREETING;
    conn->greetings = 0;
    if (login->user[0] || login->password[0]) {
        const char *with_user[] = {"AUTH", login->user, login->password};
        const char *without[] = {"AUTH", login->password};
        err = login->user[0] ? queue_command(conn, 3, with_user, NULL)
                             : queue_command(conn, 2, without, NULL);
        conn->greetings++;
    }
    if (login->db > 0 && !err) {
        snprintf(db, sizeof db, "%u", login->db);
        err = queue_command(conn, 2, (const char *[]){"SELECT", db}, NULL);
        conn->greetings++;
    }
    if (!err)
        err = queue_command(conn, 1, (const char *[]){"PING"}, NULL);
    conn->greetings++;
    if (err)
        fail(conn, "out of memory");
    else
        redis_conn_flush(conn);
}

static int make_reader(struct redis_conn *conn)
{
    redis_pubsub_free(&conn->pubsub);
    if (conn->reader)
        redisReaderFree(conn->reader);
    conn->reader = NULL;
    if (conn->mode == REDIS_PUBSUB)
        conn->pubsub = redis_pubsub_new(&pubsub_events, conn);
    else
        conn->reader = redisReaderCreate();
    return conn->pubsub || conn->reader ? 0 : -ENOMEM;
}

static void on_timer(uv_timer_t *timer)
{
    struct redis_conn *conn = timer->data;
    char why[WHY_MAX];

    memcpy(why, conn->why, sizeof why);
    if (why[0])
        fail(conn, why);
    else if (conn->login->tls && conn->state == STATE_CONNECTING)
        fail(conn, "Redis did not answer within 5 s: does it speak TLS at this port?");
    else
        fail(conn, "Redis did not answer within 5 s");
}

void redis_conn_open(struct redis_conn *conn)
{
    assert(conn->state == STATE_CLOSED);
    conn->state = STATE_CONNECTING;
    conn->why[0] = '\0';
    int err = make_reader(conn);
    if (!err)
        err = redis_socket_open(conn->socket);
    if (err)
        snprintf(conn->why, sizeof conn->why, "%s", strerror(-err));
    uv_timer_start(&conn->timer, on_timer, err ? 0 : CONNECT_MS, 0);
}

/* ---- ending -------------------------------------------------------------------------------- */

void redis_conn_close(struct redis_conn *conn)
{
    conn->state = STATE_CLOSED;
    uv_timer_stop(&conn->timer);
    redis_socket_close(conn->socket);
    conn->out_at = conn->out.len = 0;
    conn->out.failed = false;
    if (conn->pubsub)
        redis_pubsub_stop(conn->pubsub); /* freed by the next open: we may be in its callback */
}

static void fail(struct redis_conn *conn, const char *why)
{
    char text[WHY_MAX];

    snprintf(text, sizeof text, "%s", why);
    redis_conn_close(conn);
    conn->events->down(conn->ctx, text);
}

static const struct redis_socket_events socket_events = {
    .open = on_open, .readable = on_readable, .writable = on_writable, .broken = on_broken};

struct redis_conn *redis_conn_new(uv_loop_t *loop, const struct redis_address *address,
                                  const struct redis_login *login, enum redis_mode mode,
                                  const struct redis_conn_events *events, void *ctx)
{
    struct redis_conn *conn = calloc(1, sizeof *conn);

    if (conn)
        conn->socket = redis_socket_new(loop, address, login->tls, &socket_events, conn);
    if (!conn || !conn->socket) {
        free(conn);
        return NULL;
    }
    conn->login = login;
    conn->mode = mode;
    conn->events = events;
    conn->ctx = ctx;
    uv_timer_init(loop, &conn->timer);
    conn->timer.data = conn;
    return conn;
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct redis_conn *conn = handle->data;

    redis_pubsub_free(&conn->pubsub);
    if (conn->reader)
        redisReaderFree(conn->reader);
    redis_socket_free(&conn->socket);
    text_free(&conn->out);
    free(conn);
}

void redis_conn_free(struct redis_conn **connp)
{
    struct redis_conn *conn = *connp;

    *connp = NULL;
    if (!conn)
        return;
    redis_conn_close(conn);
    uv_close((uv_handle_t *)&conn->timer, on_timer_closed);
}

bool redis_conn_is_up(const struct redis_conn *conn)
{
    return conn->state == STATE_UP;
}
