/* floor.c - the least a server can do to fan Redis Pub/Sub out to WebSocket clients.
 *
 *   Redis --> link --> fanout --> one send() per client and wake-up
 *
 * It stands beside the gateway as the lower bound of the same work: bare epoll, no library, no
 * limits, no pings, no check of what clients send. It knows the exchange dialect's SUBSCRIBE
 * alone, and sends the very bytes that the gateway sends there. What does not fit into a socket
 * is kept per client without a limit, and goes on with EPOLLOUT, which is armed only then.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/bench_util.h"
#include "tests/bench/bench_ws.h"
#include "tests/bench/floor_fanout.h"
#include "tests/bench/floor_link.h"

enum {
    IN_MAX = 256 * 1024,   /* unfinished request or frame of a client; at the limit it is closed */
    EVENTS_MAX = 512,      /* taken from epoll at once */
    SUBSCRIBE_MAX = 20000, /* streams in one request; more are ignored */
};

struct client {
    bool upgraded;
    uint8_t *in; /* the beginning of a request or frame; NULL as a rule */
    size_t in_len;
    uint8_t *rest; /* what the socket did not take; NULL as a rule */
    size_t rest_at, rest_len, rest_cap;
};

struct floor {
    int epoll, listener;
    struct link *link;
    struct fanout *fanout;
    struct client *clients; /* by descriptor, like members */
    struct membership *members;
    size_t n_clients;
    uint8_t in[IN_MAX]; /* what was read last */
};

static volatile sig_atomic_t stopped;

static void watch(struct floor *fl, int op, int fd, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.fd = fd};
    if (epoll_ctl(fl->epoll, op, fd, &event) < 0)
        bench_die("epoll_ctl: %s", strerror(errno));
}

/* ---- sending ------------------------------------------------------------------------------ */

static void keep_rest(struct client *c, const uint8_t *bytes, size_t len)
{
    if (c->rest_at && c->rest_cap - c->rest_len < len) {
        memmove(c->rest, c->rest + c->rest_at, c->rest_len - c->rest_at);
        c->rest_len -= c->rest_at;
        c->rest_at = 0;
    }
    if (c->rest_cap - c->rest_len < len)
        c->rest = bench_realloc(c->rest, c->rest_cap = (c->rest_len + len) * 2);
    memcpy(c->rest + c->rest_len, bytes, len);
    c->rest_len += len;
}

/* A dead socket is not dealt with here: epoll reports it, and no set changes meanwhile. */
static void send_to(void *ctx, int fd, const void *bytes, size_t len)
{
    struct floor *fl = ctx;
    struct client *c = &fl->clients[fd];
    if (c->rest) {
        keep_rest(c, bytes, len);
        return;
    }
    ssize_t n = send(fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n == (ssize_t)len || (n < 0 && errno != EAGAIN))
        return;
    size_t taken = n > 0 ? (size_t)n : 0;
    keep_rest(c, (const uint8_t *)bytes + taken, len - taken);
    watch(fl, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLOUT);
}

static void send_rest(struct floor *fl, int fd)
{
    struct client *c = &fl->clients[fd];
    ssize_t n =
        send(fd, c->rest + c->rest_at, c->rest_len - c->rest_at, MSG_DONTWAIT | MSG_NOSIGNAL);
    c->rest_at += n > 0 ? (size_t)n : 0;
    if (c->rest_at < c->rest_len)
        return;
    free(c->rest);
    c->rest = NULL;
    c->rest_at = c->rest_len = c->rest_cap = 0;
    watch(fl, EPOLL_CTL_MOD, fd, EPOLLIN);
}

/* ---- what clients send -------------------------------------------------------------------- */

static void client_close(struct floor *fl, int fd)
{
    struct client *c = &fl->clients[fd];
    fanout_leave(fl->fanout, fl->members, fd);
    free(c->in);
    free(c->rest);
    *c = (struct client){0};
    close(fd);
}

/* Answer the handshake. Returns the bytes used, 0 when the request is not all there. */
static size_t take_request(struct floor *fl, int fd, const uint8_t *bytes, size_t len)
{
    static const char name[] = "sec-websocket-key:";
    const char *end = memmem(bytes, len, "\r\n\r\n", 4), *key;
    char accept[WS_ACCEPT_SIZE] = "", answer[256];
    if (!end)
        return 0;
    for (key = (const char *)bytes; key < end; key++)
        if (*key == '\n' && strncasecmp(key + 1, name, sizeof name - 1) == 0)
            break;
    if (key < end) {
        key += sizeof name;
        key += strspn(key, " \t");
        ws_accept(key, strcspn(key, " \t\r"), accept);
    }
    int n = snprintf(answer, sizeof answer,
                     "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                     "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                     accept);
    send_to(fl, fd, answer, (size_t)n);
    fl->clients[fd].upgraded = true;
    return (size_t)(end + 4 - (const char *)bytes);
}

/* {"method":"SUBSCRIBE","params":["s0",...],...}: every string of the first array. */
static void take_subscribe(struct floor *fl, int fd, const char *text, size_t len)
{
    static unsigned streams[SUBSCRIBE_MAX];
    const char *at = memchr(text, '[', len), *end = text + len;
    const char *stop = at ? memchr(at, ']', (size_t)(end - at)) : NULL;
    size_t n = 0;
    while (stop && n < SUBSCRIBE_MAX) {
        const char *open = memchr(at, '"', (size_t)(stop - at));
        const char *close = open ? memchr(open + 1, '"', (size_t)(stop - open - 1)) : NULL;
        if (!close)
            break;
        streams[n++] = fanout_stream(fl->fanout, open + 1, (size_t)(close - open - 1));
        at = close + 1;
    }
    if (n)
        fanout_join(fl->fanout, fl->members, fd, streams, n);
}

/* False when the client is to be closed. */
static bool take_frame(struct floor *fl, int fd, struct ws_frame *frame)
{
    uint8_t pong[2 + 125];
    ws_unmask(frame);
    if (frame->opcode == WS_TEXT) {
        take_subscribe(fl, fd, (const char *)frame->payload, frame->len);
    } else if (frame->opcode == WS_PING && frame->len <= 125) {
        size_t header = ws_write_header(pong, WS_PONG, frame->len);
        memcpy(pong + header, frame->payload, frame->len);
        send_to(fl, fd, pong, header + frame->len);
    }
    return frame->opcode != WS_CLOSE;
}

/* Whatever is whole is dealt with; returns the bytes used, -1 when the client is to be closed. */
static ssize_t take_input(struct floor *fl, int fd, uint8_t *bytes, size_t len)
{
    size_t used = 0;
    struct ws_frame frame;
    int whole;
    if (!fl->clients[fd].upgraded && (used = take_request(fl, fd, bytes, len)) == 0)
        return 0;
    while ((whole = ws_read(bytes + used, len - used, &frame)) > 0) {
        if (!take_frame(fl, fd, &frame))
            return -1;
        used += frame.total;
    }
    return whole < 0 ? -1 : (ssize_t)used;
}

static void client_read(struct floor *fl, int fd)
{
    struct client *c = &fl->clients[fd];
    if (c->in_len)
        memcpy(fl->in, c->in, c->in_len);
    ssize_t n = recv(fd, fl->in + c->in_len, IN_MAX - c->in_len, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    size_t len = c->in_len + (size_t)(n > 0 ? n : 0);
    ssize_t used = n > 0 && len < IN_MAX ? take_input(fl, fd, fl->in, len) : -1;
    if (used < 0) {
        client_close(fl, fd);
        return;
    }
    free(c->in);
    c->in = NULL;
    c->in_len = len - (size_t)used;
    if (c->in_len) {
        c->in = bench_realloc(NULL, c->in_len);
        memcpy(c->in, fl->in + used, c->in_len);
    }
}

/* ---- the loop ----------------------------------------------------------------------------- */

static void accept_clients(struct floor *fl)
{
    int fd;
    while ((fd = accept4(fl->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        fl->members[fd].set = FANOUT_NO_SET;
        watch(fl, EPOLL_CTL_ADD, fd, EPOLLIN);
    }
    if (errno != EAGAIN && errno != ECONNABORTED)
        bench_die("accept: %s", strerror(errno));
}

static void take_event(struct floor *fl, const struct epoll_event *event)
{
    int fd = event->data.fd;
    if (fd == fl->listener) {
        accept_clients(fl);
    } else if (fd == link_fd(fl->link)) {
        link_read(fl->link);
        fanout_flush(fl->fanout);
    } else {
        if (event->events & EPOLLOUT)
            send_rest(fl, fd);
        if (event->events & (EPOLLIN | EPOLLHUP | EPOLLERR))
            client_read(fl, fd);
    }
}

static void message_came(void *ctx, const char *stream, size_t stream_len, const char *data,
                         size_t len)
{
    struct floor *fl = ctx;
    fanout_message(fl->fanout, stream, stream_len, data, len);
}

static void stream_wanted(void *ctx, const char *stream, size_t len)
{
    struct floor *fl = ctx;
    link_subscribe(fl->link, stream, len);
}

static void stop(int signal_number)
{
    (void)signal_number;
    stopped = 1;
}

static void listen_on(struct floor *fl, uint64_t port)
{
    struct sockaddr_in at = bench_loopback(port);
    fl->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(fl->listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(fl->listener, (struct sockaddr *)&at, sizeof at) < 0 || listen(fl->listener, 4096) < 0)
        bench_die("cannot listen on port %u: %s", (unsigned)port, strerror(errno));
    watch(fl, EPOLL_CTL_ADD, fl->listener, EPOLLIN);
}

static void start(struct floor *fl, uint64_t port, uint64_t redis, const char *prefix)
{
    size_t limit = bench_raise_fd_limit();
    fl->n_clients = limit;
    fl->clients = bench_calloc(limit, sizeof *fl->clients);
    fl->members = bench_calloc(limit, sizeof *fl->members);
    for (size_t i = 0; i < limit; i++)
        fl->members[i].set = FANOUT_NO_SET;
    fl->epoll = epoll_create1(EPOLL_CLOEXEC);
    fl->fanout = fanout_new(stream_wanted, send_to, fl);
    fl->link = link_new(redis, prefix, message_came, fl);
    watch(fl, EPOLL_CTL_ADD, link_fd(fl->link), EPOLLIN);
    listen_on(fl, port);
}

static void finish(struct floor *fl)
{
    for (size_t i = 0; i < fl->n_clients; i++) {
        free(fl->clients[i].in);
        free(fl->clients[i].rest);
    }
    free(fl->clients);
    free(fl->members);
    link_free(&fl->link);
    fanout_free(&fl->fanout);
}

int main(int argc, char **argv)
{
    static struct floor fl;
    struct epoll_event events[EVENTS_MAX];
    uint64_t port = 0, redis = 6379;
    const char *prefix = "sluice:";
    const struct bench_option table[] = {
        {.name = "listen", .number = &port, .max = 65535, .help = "port on 127.0.0.1"},
        {.name = "redis", .number = &redis, .max = 65535, .help = "port of the Redis (6379)"},
        {.name = "prefix", .text = &prefix, .help = "of every channel (sluice:)"},
    };
    bench_options(argc, argv, table, sizeof table / sizeof *table);
    signal(SIGTERM, stop);
    signal(SIGINT, stop);
    start(&fl, port, redis, prefix);
    while (!stopped) {
        int n = epoll_wait(fl.epoll, events, EVENTS_MAX, -1);
        for (int i = 0; i < n; i++)
            take_event(&fl, &events[i]);
    }
    finish(&fl);
    return 0;
}
