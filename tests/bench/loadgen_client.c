/* loadgen_client.c - see loadgen_client.h. */
#include "tests/bench/loadgen_client.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/bench_util.h"
#include "tests/bench/bench_ws.h"
#include "tests/bench/loadgen_inflate.h"

static const char handshake_key[] = "c2x1aWNlIGlzIG1lYXN1cg==";

static const char deflate_offer[] = "Sec-WebSocket-Extensions: permessage-deflate; "
                                    "server_no_context_takeover; client_no_context_takeover\r\n";

enum {
    REQUEST_MAX = 1 << 20, /* bytes of a SUBSCRIBE request: 20,000 streams fit */
    RSV1 = 0x40,           /* of a frame's first byte: the message is compressed */
};

static void watch(struct client_pool *pool, int op, struct client *c, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = c};
    if (epoll_ctl(pool->epoll, op, c->fd, &event) < 0)
        bench_die("epoll_ctl: %s", strerror(errno));
}

void client_end(struct client *c)
{
    wire_close(&c->wire);
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
    free(c->in);
    c->in = NULL;
    c->in_len = 0;
    c->state = CLIENT_CLOSED;
}

static void lost(struct client_pool *pool, struct client *c, unsigned code)
{
    pool->events->closed(pool->ctx, c, code); /* it may look at the state */
    client_end(c);
}

void client_start(struct client_pool *pool, struct client *c)
{
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0)
        bench_die("socket: %s", strerror(errno));
    if (c->never_reads)
        setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &(int){DEAF_RECEIVE_BUFFER}, sizeof(int));
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    c->state = CLIENT_CONNECTING;
    if (connect(c->fd, (struct sockaddr *)&pool->to, sizeof pool->to) < 0 && errno != EINPROGRESS)
        lost(pool, c, CLOSE_REFUSED);
    else
        watch(pool, EPOLL_CTL_ADD, c, EPOLLOUT);
}

/* Requests are small and the socket is empty: one that does not take them all is dead. */
static void send_all(struct client *c, const void *bytes, size_t len)
{
    ssize_t n = wire_send(&c->wire, bytes, len);
    if (n >= 0 && (size_t)n < len)
        bench_die("a socket took %zd of %zu bytes of a request", n, len);
}

static void send_request(struct client_pool *pool, struct client *c)
{
    char request[2048], path[1024];
    size_t path_len = pool->events->path(pool->ctx, c, path, sizeof path);
    int n = snprintf(
        request, sizeof request,
        "GET %.*s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n%s\r\n",
        (int)path_len, path, pool->host, handshake_key, pool->deflate ? deflate_offer : "");
    if (n >= (int)sizeof request)
        bench_die("the path is too long");
    send_all(c, request, (size_t)n);
    c->state = CLIENT_HANDSHAKE;
    watch(pool, EPOLL_CTL_MOD, c, EPOLLIN);
}

/* The socket has an event: go on with the TLS handshake, and send the request after it. */
static void shake_hands(struct client_pool *pool, struct client *c)
{
    c->state = CLIENT_TLS;
    int next = wire_shake_hands(&c->wire);
    if (next < 0)
        lost(pool, c, CLOSE_REFUSED);
    else if (next > 0)
        watch(pool, EPOLL_CTL_MOD, c, (uint32_t)next);
    else
        send_request(pool, c);
}

static void connected(struct client_pool *pool, struct client *c)
{
    int error = 0;
    getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &(socklen_t){sizeof error});
    if (error) {
        lost(pool, c, CLOSE_REFUSED);
        return;
    }
    wire_open(&c->wire, c->fd, pool->tls);
    shake_hands(pool, c);
}

/* The end of the server's answer; 0 when it is not all there, -EPROTO when it is no upgrade. */
static ssize_t check_answer(const struct client_pool *pool, const uint8_t *bytes, size_t len)
{
    char accept[WS_ACCEPT_SIZE];
    const uint8_t *end = memmem(bytes, len, "\r\n\r\n", 4);
    if (!end)
        return 0;
    size_t head = (size_t)(end + 4 - bytes);
    ws_accept(handshake_key, sizeof handshake_key - 1, accept);
    if (head < 12 || memcmp(bytes, "HTTP/1.1 101", 12) != 0 ||
        !memmem(bytes, head, accept, WS_ACCEPT_SIZE - 1))
        return -EPROTO;
    if (pool->deflate && !memmem(bytes, head, "server_no_context_takeover", 26))
        return -EPROTO;
    return (ssize_t)head;
}

static void subscribe(struct client_pool *pool, struct client *c)
{
    static char text[REQUEST_MAX];
    static uint8_t frame[REQUEST_MAX + WS_HEADER_MAX];
    size_t len = pool->events->request(pool->ctx, c, text, sizeof text);
    if (len)
        send_all(c, frame, ws_write_masked(frame, WS_TEXT, text, len));
    c->state = c->never_reads ? CLIENT_DEAF : CLIENT_OPEN;
    if (c->never_reads) /* errors and hang-ups are always reported */
        watch(pool, EPOLL_CTL_MOD, c, EPOLLRDHUP | EPOLLET);
    pool->events->opened(pool->ctx, c);
}

/* False when the text is none that should have come. */
static bool take_text(struct client_pool *pool, struct client *c, const struct ws_frame *f,
                      uint64_t now_us)
{
    static char text[REQUEST_MAX];
    static uint8_t frame[REQUEST_MAX + WS_HEADER_MAX];
    static uint8_t inflated[CLIENT_FRAME_MAX];
    const char *got = (const char *)f->payload;
    size_t got_len = f->len;
    if (f->reserved) {
        ssize_t n = inflate_message(f->payload, f->len, inflated, sizeof inflated);
        if (n < 0)
            return false;
        got = (const char *)inflated;
        got_len = (size_t)n;
        pool->deflated++;
    }
    size_t len = pool->events->answer(pool->ctx, c, got, got_len, text, sizeof text);
    if (len)
        send_all(c, frame, ws_write_masked(frame, WS_TEXT, text, len));
    return pool->events->text(pool->ctx, c, got, got_len, now_us);
}

/* False when the client is gone. */
static bool take_frame(struct client_pool *pool, struct client *c, struct ws_frame *f,
                       uint64_t now_us)
{
    uint8_t answer[WS_HEADER_MAX + 125];
    bool control = f->opcode >= WS_CLOSE;
    unsigned code = CLOSE_MALFORMED;
    bool compressed = pool->deflate && f->opcode == WS_TEXT && f->reserved == RSV1;
    if (f->masked || (f->reserved && !compressed) || !f->fin || (control && f->len > 125))
        goto gone;
    if (f->opcode == WS_TEXT) {
        if (take_text(pool, c, f, now_us))
            return true;
    } else if (f->opcode == WS_PING) {
        pool->pings++;
        send_all(c, answer, ws_write_masked(answer, WS_PONG, f->payload, f->len));
        return true;
    } else if (f->opcode == WS_PONG) {
        return true;
    } else if (f->opcode == WS_CLOSE) {
        code = f->len < 2 ? 1005 : (unsigned)(f->payload[0] << 8 | f->payload[1]);
        send_all(c, answer, ws_write_masked(answer, WS_CLOSE, f->payload, f->len));
    }
gone:
    lost(pool, c, code);
    return false;
}

/* Deals with what is whole; returns the bytes used, -1 when the client is gone. */
static ssize_t take_input(struct client_pool *pool, struct client *c, uint8_t *bytes, size_t len)
{
    uint64_t now_us = bench_now_us();
    size_t used = 0;
    struct ws_frame frame;
    int whole = 0;
    if (c->state == CLIENT_HANDSHAKE) {
        ssize_t n = check_answer(pool, bytes, len);
        if (n < 0)
            lost(pool, c, CLOSE_REFUSED);
        if (n <= 0)
            return n < 0 ? -1 : 0;
        used = (size_t)n;
        subscribe(pool, c);
        if (c->state == CLIENT_DEAF)
            return (ssize_t)len;
    }
    while (used < len && (whole = ws_read(bytes + used, len - used, &frame)) > 0) {
        if (!take_frame(pool, c, &frame, now_us))
            return -1;
        used += frame.total;
    }
    if (whole < 0 || len - used >= CLIENT_FRAME_MAX) {
        lost(pool, c, CLOSE_MALFORMED);
        return -1;
    }
    return (ssize_t)used;
}

static void client_read(struct client_pool *pool, struct client *c)
{
    if (c->in_len)
        memcpy(pool->in, c->in, c->in_len);
    ssize_t n = wire_recv(&c->wire, pool->in + c->in_len, CLIENT_READ_MAX - c->in_len);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        lost(pool, c, c->state == CLIENT_HANDSHAKE ? CLOSE_REFUSED : CLOSE_ABNORMAL);
        return;
    }
    pool->bytes += (uint64_t)n;
    size_t len = c->in_len + (size_t)n;
    ssize_t used = take_input(pool, c, pool->in, len);
    if (used < 0)
        return;
    free(c->in);
    c->in = NULL;
    c->in_len = len - (size_t)used;
    if (c->in_len) {
        c->in = bench_realloc(NULL, c->in_len);
        memcpy(c->in, pool->in + used, c->in_len);
    }
}

void client_take_event(struct client_pool *pool, struct client *c, uint32_t events)
{
    switch (c->state) {
    case CLIENT_CONNECTING: connected(pool, c); break;
    case CLIENT_TLS: shake_hands(pool, c); break;
    case CLIENT_HANDSHAKE:
    case CLIENT_OPEN: client_read(pool, c); break;
    case CLIENT_DEAF:
        if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
            lost(pool, c, CLOSE_ABNORMAL);
        break;
    case CLIENT_IDLE:
    case CLIENT_CLOSED: break;
    }
}
