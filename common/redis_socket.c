/* redis_socket.c - see redis_socket.h.
 *
 *   CLOSED -> RESOLVING -> CONNECTING [-> HANDSHAKE] -> OPEN -> CLOSED
 */
#include "common/redis_socket.h"

#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/redis_tls.h"
#include "common/resolver.h"

enum { WHY_MAX = 256, WRITE_MOST = 1 << 30 };

enum state {
    STATE_CLOSED,
    STATE_RESOLVING,
    STATE_CONNECTING, /* the socket's connect() is under way */
    STATE_HANDSHAKE,  /* of TLS */
    STATE_OPEN,
};

struct redis_socket {
    uv_loop_t *loop;
    const struct redis_address *address;
    const struct redis_tls *tls;
    const struct redis_socket_events *events;
    void *ctx;
    enum state state;
    int fd;
    SSL *session;    /* NULL: in the clear */
    uv_poll_t *poll; /* on the heap: libuv lets go of it later than we do */
    int polled;      /* what it is armed for */
    struct resolver *resolver;
    struct addrinfo *found, *trying; /* all addresses of the host, and the one being tried */
    char why[WHY_MAX];
};

static void try_addresses(struct redis_socket *s);
static void on_poll(uv_poll_t *poll, int status, int events);

static void arm(struct redis_socket *s, int events)
{
    if (s->polled == events)
        return; /* uv_poll_start() costs system calls even when nothing changes */
    s->polled = events;
    uv_poll_start(s->poll, events, on_poll);
}

static void fail(struct redis_socket *s, const char *why)
{
    char text[WHY_MAX];

    snprintf(text, sizeof text, "%s", why);
    redis_socket_close(s);
    s->events->broken(s->ctx, text);
}

/* ---- reading and writing --------------------------------------------------------------------- */

static ssize_t broken(struct redis_socket *s, const char *why)
{
    snprintf(s->why, sizeof s->why, "%s", why);
    return -1;
}

static ssize_t session_read(struct redis_socket *s, void *buf, size_t cap)
{
    char why[WHY_MAX];

    ERR_clear_error();
    int n = SSL_read(s->session, buf, (int)cap);
    if (n > 0)
        return n;
    switch (SSL_get_error(s->session, n)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return 0;
    case SSL_ERROR_ZERO_RETURN: return broken(s, "Redis closed the connection");
    default: return broken(s, redis_tls_why(s->session, why, sizeof why));
    }
}

ssize_t redis_socket_read(struct redis_socket *s, void *buf, size_t cap)
{
    assert(s->state == STATE_OPEN);
    if (s->session)
        return session_read(s, buf, cap);
    ssize_t n = recv(s->fd, buf, cap, 0);
    if (n == 0)
        return broken(s, "Redis closed the connection");
    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : broken(s, strerror(errno));
    return n;
}

bool redis_socket_has_more(const struct redis_socket *s)
{
    return s->state == STATE_OPEN && s->session && SSL_has_pending(s->session);
}

ssize_t redis_socket_write(struct redis_socket *s, const void *bytes, size_t len)
{
    ssize_t n;

    assert(s->state == STATE_OPEN);
    if (s->session) {
        ERR_clear_error();
        n = SSL_write(s->session, bytes, (int)(len < WRITE_MOST ? len : WRITE_MOST));
    } else {
        do
            n = send(s->fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        while (n < 0 && errno == EINTR);
    }
    return n > 0 ? n : 0;
}

void redis_socket_want_write(struct redis_socket *s, bool wanted)
{
    arm(s, wanted ? UV_READABLE | UV_WRITABLE : UV_READABLE);
}

const char *redis_socket_why(const struct redis_socket *s)
{
    return s->why;
}

/* ---- connecting ------------------------------------------------------------------------------ */

static void opened(struct redis_socket *s)
{
    s->state = STATE_OPEN;
    arm(s, UV_READABLE);
    s->events->open(s->ctx);
}

static void handshake(struct redis_socket *s)
{
    char why[WHY_MAX];

    ERR_clear_error();
    int done = SSL_connect(s->session);
    if (done == 1) {
        opened(s);
        return;
    }
    switch (SSL_get_error(s->session, done)) {
    case SSL_ERROR_WANT_READ: arm(s, UV_READABLE); break;
    case SSL_ERROR_WANT_WRITE: arm(s, UV_READABLE | UV_WRITABLE); break;
    default: fail(s, redis_tls_why(s->session, why, sizeof why));
    }
}

static void connected(struct redis_socket *s)
{
    int err = 0;
    socklen_t len = sizeof err;

    getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &err, &len);
    if (err && s->trying && s->trying->ai_next) {
        s->trying = s->trying->ai_next;
        try_addresses(s);
    } else if (err) {
        fail(s, strerror(err));
    } else if (!s->tls) {
        opened(s);
    } else if (!(s->session = redis_tls_session(s->tls, s->address->host, s->fd))) {
        fail(s, "out of memory");
    } else {
        s->state = STATE_HANDSHAKE;
        handshake(s);
    }
}

static void connection_broke(struct redis_socket *s)
{
    int err = 0;
    socklen_t len = sizeof err;

    getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &err, &len);
    fail(s, err ? strerror(err) : "the connection broke");
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct redis_socket *s = poll->data;

    if (!s)
        return; /* being closed */
    if (s->state == STATE_CONNECTING)
        connected(s); /* an error, too, is told by SO_ERROR; libuv makes EBADF of every one */
    else if (status < 0)
        connection_broke(s);
    else if (s->state == STATE_HANDSHAKE)
        handshake(s);
    else {
        if (events & UV_WRITABLE)
            s->events->writable(s->ctx);
        if (events & UV_READABLE && poll->data == s)
            s->events->readable(s->ctx);
    }
}

static void on_poll_closed(uv_handle_t *handle)
{
    free(handle);
}

static void drop(struct redis_socket *s)
{
    if (s->poll) {
        s->poll->data = NULL;
        uv_close((uv_handle_t *)s->poll, on_poll_closed);
        s->poll = NULL;
        s->polled = 0;
    }
    SSL_free(s->session);
    s->session = NULL;
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

/* Begin a connect() to an address; its end is seen by the poll handle. */
static int start_connect(struct redis_socket *s, int family, const struct sockaddr *to,
                         socklen_t len)
{
    int on = 1;

    drop(s);
    s->fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s->fd < 0)
        return -errno;
    if (family != AF_UNIX) {
        setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        setsockopt(s->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    }
    if (connect(s->fd, to, len) < 0 && errno != EINPROGRESS)
        return -errno;
    s->poll = calloc(1, sizeof *s->poll);
    if (!s->poll)
        return -ENOMEM;
    int err = uv_poll_init(s->loop, s->poll, s->fd);
    if (err) {
        free(s->poll);
        s->poll = NULL;
        return err;
    }
    s->poll->data = s;
    s->state = STATE_CONNECTING;
    arm(s, UV_WRITABLE);
    return 0;
}

static void try_addresses(struct redis_socket *s)
{
    int err = -EADDRNOTAVAIL;

    for (; s->trying; s->trying = s->trying->ai_next) {
        err = start_connect(s, s->trying->ai_family, s->trying->ai_addr, s->trying->ai_addrlen);
        if (err == 0)
            return;
    }
    fail(s, strerror(-err));
}

static void on_resolved(void *ctx, int status, struct addrinfo *found)
{
    struct redis_socket *s = ctx;

    s->resolver = NULL;
    if (status < 0) {
        fail(s, uv_strerror(status));
        return;
    }
    s->found = s->trying = found;
    try_addresses(s);
}

static int connect_unix(struct redis_socket *s)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};

    memcpy(to.sun_path, s->address->path, strlen(s->address->path) + 1);
    return start_connect(s, AF_UNIX, (const struct sockaddr *)&to, sizeof to);
}

int redis_socket_open(struct redis_socket *s)
{
    int err;

    assert(s->state == STATE_CLOSED);
    s->state = STATE_RESOLVING;
    if (s->address->path[0])
        err = connect_unix(s);
    else
        err = resolver_start(s->loop, s->address->host, s->address->port, on_resolved, s,
                             &s->resolver);
    if (err)
        redis_socket_close(s);
    return err;
}

/* ---- life ------------------------------------------------------------------------------------ */

void redis_socket_close(struct redis_socket *s)
{
    s->state = STATE_CLOSED;
    resolver_cancel(&s->resolver);
    drop(s);
    uv_freeaddrinfo(s->found);
    s->found = s->trying = NULL;
}

struct redis_socket *redis_socket_new(uv_loop_t *loop, const struct redis_address *address,
                                      const struct redis_tls *tls,
                                      const struct redis_socket_events *events, void *ctx)
{
    struct redis_socket *s = calloc(1, sizeof *s);

    if (!s)
        return NULL;
    s->loop = loop;
    s->address = address;
    s->tls = tls;
    s->events = events;
    s->ctx = ctx;
    s->fd = -1;
    return s;
}

void redis_socket_free(struct redis_socket **socketp)
{
    struct redis_socket *s = *socketp;

    *socketp = NULL;
    if (!s)
        return;
    redis_socket_close(s);
    free(s);
}
