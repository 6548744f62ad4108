/* redis_conn.c - see redis_conn.h.
 *
 *   CLOSED -> RESOLVING -> CONNECTING -> GREETING -> UP -> CLOSED
 *
 * One timer serves both the deadline of a connect and the report of a failure that happened within
 * redis_conn_open(): down() never comes from within that call.
 */
#include "common/redis_conn.h"

#include <assert.h>
#include <errno.h>
#include <hiredis/hiredis.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/resolver.h"
#include "common/text.h"

enum { CONNECT_MS = 5000, WHY_MAX = 256 };

enum state {
    STATE_CLOSED,
    STATE_RESOLVING,
    STATE_CONNECTING, /* the socket's connect() is under way */
    STATE_GREETING,   /* AUTH, SELECT and PING are sent, their answers awaited */
    STATE_UP,
};

struct redis_conn {
    uv_loop_t *loop;
    const struct redis_url *url;
    const struct redis_conn_events *events;
    void *ctx;
    enum redis_mode mode;
    enum state state;
    int fd;
    uv_poll_t *poll; /* on the heap: libuv lets go of it later than we do */
    int polled;      /* what it is armed for */
    uv_timer_t timer;
    struct resolver *resolver;
    struct addrinfo *addresses, *address; /* all, and the one being tried */
    unsigned greetings;                   /* answers still to come */
    struct redis_pubsub *pubsub;
    redisReader *reader;
    struct text out; /* queued bytes, of which the first out_at are written */
    size_t out_at;
    char why[WHY_MAX]; /* a failure to be reported by the timer; empty: none */
    char input[REDIS_READ_SLICE];
};

static void fail(struct redis_conn *conn, const char *why);
static void try_address(struct redis_conn *conn);
static void on_poll(uv_poll_t *poll, int status, int events);

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

/* ---- the socket ---------------------------------------------------------------------------- */

static void arm(struct redis_conn *conn, int events)
{
    if (conn->polled == events)
        return; /* uv_poll_start() costs system calls even when nothing changes */
    conn->polled = events;
    uv_poll_start(conn->poll, events, on_poll);
}

static void readable(struct redis_conn *conn)
{
    ssize_t n = recv(conn->fd, conn->input, sizeof conn->input, 0);
    int err;

    if (n == 0) {
        fail(conn, "Redis closed the connection");
        return;
    }
    if (n < 0) {
        if (errno != EAGAIN && errno != EINTR)
            fail(conn, strerror(errno));
        return;
    }
    if (conn->mode == REDIS_PUBSUB)
        err = redis_pubsub_feed(conn->pubsub, conn->input, (size_t)n, REDIS_REPLY_MAX);
    else
        err = feed_replies(conn, conn->input, (size_t)n);
    if (err && conn->state != STATE_CLOSED)
        fail(conn, "what Redis sent is no RESP, or longer than a reply may be");
}

void redis_conn_flush(struct redis_conn *conn)
{
    if (conn->state < STATE_GREETING)
        return;
    while (conn->out_at < conn->out.len) {
        ssize_t n = send(conn->fd, conn->out.at + conn->out_at, conn->out.len - conn->out_at,
                         MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            break; /* EAGAIN: when writable; anything else: reading tells */
        conn->out_at += (size_t)n;
    }
    if (conn->out_at == conn->out.len)
        conn->out_at = conn->out.len = 0;
    arm(conn, conn->out.len ? UV_READABLE | UV_WRITABLE : UV_READABLE);
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

static void greet(struct redis_conn *conn)
{
    const struct redis_url *url = conn->url;
    char db[12];
    int err = 0;

    conn->state = STATE_GREETING;
    conn->greetings = 0;
    if (url->user[0] || url->password[0]) {
        const char *with_user[] = {"AUTH", url->user, url->password};
        const char *without[] = {"AUTH", url->password};
        err = url->user[0] ? queue_command(conn, 3, with_user, NULL)
                           : queue_command(conn, 2, without, NULL);
        conn->greetings++;
    }
    if (url->db > 0 && !err) {
        snprintf(db, sizeof db, "%u", url->db);
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

static void connected(struct redis_conn *conn)
{
    int err = 0;
    socklen_t len = sizeof err;

    getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &err, &len);
    if (err == 0) {
        greet(conn);
    } else if (conn->address && conn->address->ai_next) {
        conn->address = conn->address->ai_next;
        try_address(conn);
    } else {
        fail(conn, strerror(err));
    }
}

static void broken(struct redis_conn *conn)
{
    int err = 0;
    socklen_t len = sizeof err;

    getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &err, &len);
    fail(conn, err ? strerror(err) : "the connection broke");
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct redis_conn *conn = poll->data;

    if (!conn)
        return; /* being closed */
    if (conn->state == STATE_CONNECTING)
        connected(conn); /* an error, too, is told by SO_ERROR; libuv makes EBADF of every one */
    else if (status < 0)
        broken(conn);
    else {
        if (events & UV_WRITABLE)
            redis_conn_flush(conn);
        if (events & UV_READABLE)
            readable(conn);
    }
}

static void on_poll_closed(uv_handle_t *handle)
{
    free(handle);
}

static void drop_socket(struct redis_conn *conn)
{
    if (conn->poll) {
        conn->poll->data = NULL;
        uv_close((uv_handle_t *)conn->poll, on_poll_closed);
        conn->poll = NULL;
        conn->polled = 0;
    }
    if (conn->fd >= 0)
        close(conn->fd);
    conn->fd = -1;
    conn->out_at = conn->out.len = 0;
    conn->out.failed = false;
}

/* Begin a connect() to an address; its end is seen by the poll handle. */
static int start_connect(struct redis_conn *conn, int family, const struct sockaddr *to,
                         socklen_t len)
{
    int on = 1;

    drop_socket(conn);
    conn->fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (conn->fd < 0)
        return -errno;
    if (family != AF_UNIX) {
        setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        setsockopt(conn->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    }
    if (connect(conn->fd, to, len) < 0 && errno != EINPROGRESS)
        return -errno;
    conn->poll = calloc(1, sizeof *conn->poll);
    if (!conn->poll)
        return -ENOMEM;
    int err = uv_poll_init(conn->loop, conn->poll, conn->fd);
    if (err) {
        free(conn->poll);
        conn->poll = NULL;
        return err;
    }
    conn->poll->data = conn;
    conn->state = STATE_CONNECTING;
    arm(conn, UV_WRITABLE);
    return 0;
}

static void try_address(struct redis_conn *conn)
{
    int err = -EADDRNOTAVAIL;

    for (; conn->address; conn->address = conn->address->ai_next) {
        err = start_connect(conn, conn->address->ai_family, conn->address->ai_addr,
                            conn->address->ai_addrlen);
        if (err == 0)
            return;
    }
    fail(conn, strerror(-err));
}

static void on_resolved(void *ctx, int status, struct addrinfo *addresses)
{
    struct redis_conn *conn = ctx;

    conn->resolver = NULL;
    if (status < 0) {
        fail(conn, uv_strerror(status));
        return;
    }
    conn->addresses = conn->address = addresses;
    try_address(conn);
}

static int resolve(struct redis_conn *conn)
{
    conn->state = STATE_RESOLVING;
    return resolver_start(conn->loop, conn->url->host, conn->url->port, on_resolved, conn,
                          &conn->resolver);
}

static int connect_unix(struct redis_conn *conn)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};

    memcpy(to.sun_path, conn->url->path, strlen(conn->url->path) + 1);
    return start_connect(conn, AF_UNIX, (const struct sockaddr *)&to, sizeof to);
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
    fail(conn, why[0] ? why : "Redis did not answer within 5 s");
}

void redis_conn_open(struct redis_conn *conn)
{
    assert(conn->state == STATE_CLOSED);
    conn->state = STATE_CONNECTING;
    conn->why[0] = '\0';
    int err = make_reader(conn);
    if (!err)
        err = conn->url->path[0] ? connect_unix(conn) : resolve(conn);
    if (err)
        snprintf(conn->why, sizeof conn->why, "%s", strerror(-err));
    uv_timer_start(&conn->timer, on_timer, err ? 0 : CONNECT_MS, 0);
}

/* ---- ending -------------------------------------------------------------------------------- */

void redis_conn_close(struct redis_conn *conn)
{
    conn->state = STATE_CLOSED;
    uv_timer_stop(&conn->timer);
    resolver_cancel(&conn->resolver);
    drop_socket(conn);
    uv_freeaddrinfo(conn->addresses);
    conn->addresses = conn->address = NULL;
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

struct redis_conn *redis_conn_new(uv_loop_t *loop, const struct redis_url *url,
                                  enum redis_mode mode, const struct redis_conn_events *events,
                                  void *ctx)
{
    struct redis_conn *conn = calloc(1, sizeof *conn);

    if (!conn)
        return NULL;
    conn->loop = loop;
    conn->url = url;
    conn->mode = mode;
    conn->events = events;
    conn->ctx = ctx;
    conn->fd = -1;
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
