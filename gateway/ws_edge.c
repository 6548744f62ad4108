/* ws_edge.c - see ws_edge.h. */
#include "gateway/ws_edge.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"
#include "common/utf8.h"
#include "gateway/acknowledged.h"
#include "gateway/client_rights.h"
#include "gateway/counters.h"
#include "gateway/dialects/dialect.h"
#include "gateway/gateway_settings.h"
#include "gateway/ws_connection.h"

enum {
    READ_MAX = 128,        /* libwebsockets keeps a buffer of this size per connection, in which a
                            * whole ping must fit (125); longer messages come in pieces */
    CLOSE_GRACE_MS = 5000, /* for the peer to answer our close frame */
    LAST_READ_MS = 30000,  /* for a slow reader to take what is queued before that */
};

/* ---- life of a connection ------------------------------------------------------------------- */

static struct connection *connection_new(struct ws_edge *edge, int fd,
                                         const struct listen_address *listener,
                                         const struct address *peer)
{
    struct connection *conn = calloc(1, sizeof *conn);

    if (!conn || client_host_reserve(edge->host, edge->n + 1) < 0 ||
        ws_http_begin(conn, peer) < 0) {
        free(conn);
        return NULL;
    }
    client_init(&conn->client, edge->host);
    conn->client.fd = fd;
    conn->edge = edge;
    conn->listener = listener;
    list_init(&conn->in_open);
    edge->n++;
    return conn;
}

static struct connection *connection_of(struct client *c)
{
    return list_entry(c, struct connection, client);
}

/* The one place where clients are freed. */
static void connection_free(struct connection *conn)
{
    conn->edge->n--;
    list_remove(&conn->in_open);
    ws_http_forget(conn);
    ws_admission_forget(conn);
    ws_deflate_forget(conn);
    client_fini(&conn->client);
    free(conn);
}

/* libwebsockets has let go of it. If it is on the list of this turn, the turn frees it. */
static void on_destroyed(struct connection *conn)
{
    conn->wsi = NULL;
    conn->ended = true;
    client_gone(&conn->client);
    if (!conn->client.dirty)
        connection_free(conn);
}

/* No frame, no handshake: both directions end, and libwebsockets finds out by itself. A reader
 * that does not read gets a reset, or what the kernel holds for it would stay for minutes. */
static void cut(struct connection *conn, bool reset)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};

    conn->ended = true;
    if (!conn->wsi)
        return;
    if (reset)
        setsockopt(conn->client.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    shutdown(conn->client.fd, SHUT_RDWR);
}

/* Left alone, the kernel takes 4 MB for a client that does not read, before we hear of it. What is
 * on its way is not limited by this: a fast connection over a long distance stays fast. */
static void limit_kernel_queue(int fd, uint64_t bytes)
{
    int limit = (int)bytes;

    setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &limit, sizeof limit); /* no-op but for TCP */
}

void ws_edge_adopt(struct ws_edge *edge, int fd, const struct listen_address *listener,
                   const struct address *peer)
{
    struct connection *conn = connection_new(edge, fd, listener, peer);

    edge->host->counters->accepted++;
    if (!conn || !ws_admission_accept(conn)) {
        if (conn)
            connection_free(conn);
        close(fd);
        return;
    }
    limit_kernel_queue(fd, edge->host->settings->kernel_queue);
    lws_adopt_desc_t how = {.vh = edge->vhost,
                            .type = LWS_ADOPT_SOCKET | LWS_ADOPT_HTTP |
                                    (listener->tls == LISTEN_TLS_ON ? LWS_ADOPT_ALLOW_SSL : 0),
                            .fd = {.sockfd = fd},
                            .opaque = conn};
    wheel_set(edge->host->wheel, &conn->client.timer,
              edge->host->now_ms + edge->host->settings->handshake_timeout_ms);
    struct lws *wsi = lws_adopt_descriptor_vhost_via_info(&how);
    if (wsi)
        conn->wsi = wsi; /* otherwise it is closed, and WSI_DESTROY has come or will come */
}

/* ---- writing -------------------------------------------------------------------------------- */

/* The rest of a cut frame goes out through libwebsockets, which keeps what the socket does not
 * take; it adds to the stream as it is, with LWS_WRITE_RAW. */
static bool finish_frame(struct connection *conn, struct span rest)
{
    if (lws_write(conn->wsi, (unsigned char *)(uintptr_t)rest.at, rest.len, LWS_WRITE_RAW) < 0) {
        client_close(&conn->client, CLOSE_write_error);
        return false;
    }
    conn->client.blocked = lws_partial_buffered(conn->wsi);
    slow_reader_copied(&conn->client, conn->client.blocked ? rest.len : 0);
    return !conn->client.blocked;
}

static bool enciphers(const struct connection *conn)
{
    return conn->listener->tls == LISTEN_TLS_ON;
}

static enum outlet_result write_queue(struct connection *conn, struct span *rest)
{
    const struct outlet_detour enciphered = {.send = ws_tls_send, .ctx = conn};
    struct client *c = &conn->client;

    return outlet_write(&conn->edge->outlet, c->fd, enciphers(conn) ? &enciphered : NULL, &c->queue,
                        c->deflate, rest);
}

static void flush(struct connection *conn)
{
    struct client *c = &conn->client;
    struct span rest;

    while (!c->blocked && !conn->ended && c->queue.n > 0) {
        switch (write_queue(conn, &rest)) {
        case OUTLET_EMPTIED: c->blocked = enciphers(conn) && lws_partial_buffered(conn->wsi); break;
        case OUTLET_FULL:
            c->blocked = true;
            lws_callback_on_writable(conn->wsi);
            break;
        case OUTLET_CUT:
            if (!finish_frame(conn, rest) && c->state == CLIENT_CLOSING)
                return;
            break;
        case OUTLET_FAILED: client_close(c, CLOSE_write_error); return;
        }
    }
    if (c->queue.n > 0 || c->blocked || c->place == CLIENT_WAITS)
        slow_reader_check(c);
}

/* libwebsockets sends the frame when the socket is ready for it, and waits for the peer's.
 * Returning -1 from its callbacks would be the documented way; a library built for debugging, as
 * that of Debian 12, then closes twice, and the frame never goes out. May end in on_destroyed(). */
static void send_close(struct connection *conn)
{
    const struct client *c = &conn->client;
    const struct close_reason_info *reason = &close_reasons[c->close_reason];
    int code = c->close_code ? c->close_code : reason->code;
    const char *text = c->close_code ? c->close_text : reason->text;

    lws_close_reason(conn->wsi, (enum lws_close_status)code, (unsigned char *)(uintptr_t)text,
                     strlen(text));
    lws_set_timeout(conn->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_SYNC);
}

/* It gains nothing any more, and on_writable() has it ended when the queue is empty. */
static void finish_first(struct connection *conn)
{
    struct client *c = &conn->client;

    if (conn->finishing)
        return;
    conn->finishing = true;
    client_leave_all(c);
    wheel_set(c->host->wheel, &c->timer, c->host->now_ms + LAST_READ_MS);
}

static bool reads_slowly(const struct client *c)
{
    return c->close_reason == CLOSE_slow_reader || c->close_reason == CLOSE_queue_budget ||
           c->close_reason == CLOSE_stalled;
}

/* Only from the turn, never from within a callback of its own.
 *
 * The client is marked for closing and has been given what it was due, as far as the socket took
 * it. A close frame can only follow whole frames. */
static void end(struct connection *conn)
{
    struct client *c = &conn->client;
    bool frame = close_reasons[c->close_reason].code != 0 || c->close_code != 0;
    bool polite = frame && !c->blocked && c->dialect;

    if (c->after_queue && c->blocked && !conn->ended) {
        finish_first(conn);
        return;
    }
    client_gone(c);
    if (conn->ended)
        return;
    if (!polite) {
        cut(conn, reads_slowly(c));
        return;
    }
    conn->ended = true;
    wheel_set(c->host->wheel, &c->timer, c->host->now_ms + CLOSE_GRACE_MS);
    send_close(conn);
}

/* Ten thousand clients are more than fits into the caches. */
static void fetch(struct client *c)
{
    __builtin_prefetch(&connection_of(c)->client);
    __builtin_prefetch(&c->queue);
    __builtin_prefetch(&c->dialect);
}

void ws_edge_turn(struct ws_edge *edge)
{
    struct client_host *host = edge->host;

    /* Clients that a flush marks for closing are added to the list while it is walked. */
    for (size_t i = 0; i < host->n_dirty; i++) {
        struct client *c = host->dirty[i];
        struct connection *conn = connection_of(c);
        if (i + 1 < host->n_dirty) /* while this one is written, which takes long */
            fetch(host->dirty[i + 1]);
        if (conn->wsi)
            flush(conn);
        if (c->state == CLIENT_CLOSING && conn->wsi) {
            if (c->overdue)
                cut(conn, true);
            else
                end(conn);
        }
        c->dirty = false;
        if (!conn->wsi)
            connection_free(conn);
    }
    host->n_dirty = 0;
    slow_readers_keep_budget(host);
}

static int on_writable(struct connection *conn)
{
    conn->client.blocked = lws_partial_buffered(conn->wsi);
    if (!conn->client.blocked)
        slow_reader_copied(&conn->client, 0);
    slow_reader_moved(&conn->client);
    flush(conn);
    if (conn->finishing && !conn->client.blocked)
        client_look_at(&conn->client);
    return 0;
}

/* ---- what libwebsockets tells us ------------------------------------------------------------ */

static int on_pong(struct connection *conn)
{
    struct client *c = &conn->client;

    client_heard(c);
    if (c->state == CLIENT_OPEN && c->dialect->pong)
        c->dialect->pong(c);
    return 0;
}

static void on_closed(struct connection *conn, enum close_reason reason)
{
    client_close(&conn->client, reason);
    conn->ended = true;
    client_gone(&conn->client);
}

/* libwebsockets answers with what it was sent, once we are done with it; it puts its own code into
 * that itself, where the peer's is none. */
static int on_peer_close(struct connection *conn, unsigned char *payload, size_t len)
{
    if (len > 2 && !utf8_valid((const char *)payload + 2, len - 2)) {
        payload[0] = 1007 >> 8;
        payload[1] = 1007 & 0xff;
        memset(payload + 2, '?', len - 2);
    }
    on_closed(conn, CLOSE_by_client);
    return 0;
}

static int on_receive(struct connection *conn, const char *bytes, size_t len)
{
    client_rights_spend(&conn->client, len, !conn->in_frame);
    ws_deflate_receive(conn, bytes, len);
    return 0;
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t len)
{
    struct connection *conn = wsi ? lws_get_opaque_user_data(wsi) : NULL;

    if (reason == LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS)
        return ws_tls_context(lws_context_user(lws_get_context(wsi)), user);
    if (!conn)
        return 0;
    conn->wsi = wsi; /* callbacks may come before ws_edge_adopt() has been told */
    switch (reason) {
    case LWS_CALLBACK_HTTP: return ws_http_request(conn, in);
    case LWS_CALLBACK_HTTP_WRITEABLE: return ws_http_writable(conn);
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE: return ws_http_upgrade(conn, in);
    case LWS_CALLBACK_ESTABLISHED: return ws_http_established(conn);
    case LWS_CALLBACK_CONFIRM_EXTENSION_OKAY: return ws_deflate_confirm(conn, in);
    case LWS_CALLBACK_RECEIVE: return on_receive(conn, in, len);
    case LWS_CALLBACK_RECEIVE_PONG: return on_pong(conn);
    case LWS_CALLBACK_SERVER_WRITEABLE: return on_writable(conn);
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE: return on_peer_close(conn, in, len);
    case LWS_CALLBACK_WS_SERVER_DROP_PROTOCOL: /* before its close frame, e.g. 1002 */
    case LWS_CALLBACK_CLOSED: on_closed(conn, CLOSE_lost); return 0;
    case LWS_CALLBACK_CLOSED_HTTP: on_closed(conn, CLOSE_handshake); return 0;
    case LWS_CALLBACK_WSI_DESTROY: on_destroyed(conn); return 0;
    default: return 0;
    }
}

/* ---- the whole ------------------------------------------------------------------------------ */

static void make_protocols(struct ws_edge *edge)
{
    struct lws_protocols p = {.name = "",
                              .callback = on_event,
                              .rx_buffer_size = READ_MAX,
                              .tx_packet_size = OUTLET_BATCH_BYTES};

    edge->protocols[0] = p;
    p.name = edge->protocol;
    edge->protocols[1] = p;
}

/* What it complains of is nearly always a peer's doing. */
static void on_lws_log(int level, const char *line)
{
    (void)level;
    log_debug("libwebsockets", LOG_TEXT("says", line));
}

static const uint64_t TLS_OPTIONS =
    LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_CREATE_VHOST_SSL_CTX;

static bool make_context(struct ws_edge *edge, uv_loop_t *loop)
{
    void *loops[1] = {loop};
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN_SERVER,
        .protocols = edge->protocols,
        .extensions = ws_deflate_extensions,
        .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_DISABLE_IPV6 |
                   (edge->host->settings->security.tls ? TLS_OPTIONS : 0),
        .alpn = "http/1.1",
        .user = edge,
        .foreign_loops = loops,
        .max_http_header_data = WS_HEADERS_MAX,
        .max_http_header_pool = 1024,
        .pcontext = &edge->context,
    };

    make_protocols(edge);
    lws_set_log_level(LLL_ERR | LLL_WARN, on_lws_log);
    edge->context = lws_create_context(&info);
    if (!edge->context)
        return false;
    edge->vhost = lws_get_vhost_by_name(edge->context, "default");
    return edge->vhost != NULL;
}

int ws_edge_reload(struct ws_edge *edge)
{
    if (!edge->tls_context)
        return 0;
    return ws_tls_use(edge);
}

struct ws_edge *ws_edge_new(uv_loop_t *loop, struct client_host *host,
                            const struct http_sources *http, struct security_settings *security,
                            struct limits *limits)
{
    struct ws_edge *edge = calloc(1, sizeof *edge);

    if (!edge)
        return NULL;
    edge->host = host;
    edge->http = http;
    host->acknowledged = acknowledged_bytes;
    edge->security = security;
    edge->limits = limits;
    list_init(&edge->open);
    edge->headers = malloc(WS_HEADERS_MAX + 1);
    if (!edge->headers || outlet_init(&edge->outlet, host->counters) < 0 ||
        !make_context(edge, loop)) {
        log_error("libwebsockets could not be started (is libwebsockets-evlib-uv installed?)");
        ws_edge_free(&edge);
        return NULL;
    }
    return edge;
}

size_t ws_edge_connections(const struct ws_edge *edge)
{
    return edge->n;
}

/* Whoever was looked at leaves the list: those that close take their time to go. */
size_t ws_edge_drain(struct ws_edge *edge, size_t n)
{
    size_t marked = 0;

    while (marked < n && !list_empty(&edge->open)) {
        struct connection *conn = list_first(&edge->open, struct connection, in_open);
        struct client *c = &conn->client;
        list_remove(&conn->in_open);
        if (c->state != CLIENT_OPEN)
            continue;
        if (c->dialect->drain)
            c->dialect->drain(c);
        client_close(c, CLOSE_drain);
        marked++;
    }
    return marked;
}

void ws_edge_stop(struct ws_edge *edge)
{
    if (edge->context)
        lws_context_destroy(edge->context); /* the first of two: closes every connection */
}

void ws_edge_free(struct ws_edge **edgep)
{
    struct ws_edge *edge = *edgep;

    *edgep = NULL;
    if (!edge)
        return;
    if (edge->context)
        lws_context_destroy(edge->context);
    outlet_fini(&edge->outlet);
    free(edge->headers);
    free(edge);
}
