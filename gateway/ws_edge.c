/* ws_edge.c - see ws_edge.h. */
#include "gateway/ws_edge.h"

#include <assert.h>
#include <errno.h>
#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/list.h"
#include "common/log.h"
#include "gateway/client.h"
#include "gateway/counters.h"
#include "gateway/dialects/dialect.h"
#include "gateway/gateway_settings.h"
#include "gateway/http.h"
#include "gateway/outlet.h"
#include "gateway/route.h"

enum {
    HEADERS_MAX = 32 * 1024, /* of one handshake; 1,024 stream names fit */
    READ_MAX = 512,          /* libwebsockets keeps a buffer of this size per connection */
    CLOSE_GRACE_MS = 5000,   /* for the peer to answer our close frame */
    LAST_READ_MS = 30000,    /* for a slow reader to take what is queued before that */
};

/* One connection from accept() to the end; the client is its part that the rest of the gateway
 * knows. */
struct connection {
    struct client *client;
    struct ws_edge *edge;
    struct lws *wsi; /* NULL once libwebsockets has let go of it */
    const struct listen_address *listener;
    struct list in_edge;
    struct upgrade *upgrade; /* between the decision to upgrade and its end */
    struct http_answer *answer;
    bool ended;     /* nothing may be written any more */
    bool finishing; /* marked for closing, but what is queued goes out first */
};

struct upgrade {
    struct route route;
    char *path, *query; /* in the same memory */
};

struct ws_edge {
    struct client_host *host;
    const struct http_sources *http;
    struct lws_context *context;
    struct lws_vhost *vhost;
    struct outlet outlet;
    struct list connections;
    size_t n;
    char *headers; /* HEADERS_MAX + 1: for the handshake at hand */
};

/* ---- life of a connection ------------------------------------------------------------------- */

static struct connection *connection_new(struct ws_edge *edge, int fd,
                                         const struct listen_address *listener)
{
    struct connection *conn = calloc(1, sizeof *conn);

    if (!conn || client_host_reserve(edge->host, edge->n + 1) < 0 ||
        !(conn->client = client_new(edge->host))) {
        free(conn);
        return NULL;
    }
    conn->edge = edge;
    conn->listener = listener;
    conn->client->wire = conn;
    conn->client->fd = fd;
    list_append(&edge->connections, &conn->in_edge);
    edge->n++;
    return conn;
}

static void forget_answer(struct connection *conn)
{
    if (conn->answer)
        text_free(&conn->answer->body);
    free(conn->answer);
    conn->answer = NULL;
}

/* The one place where clients are freed. */
static void connection_free(struct connection *conn)
{
    conn->edge->n--;
    list_remove(&conn->in_edge);
    forget_answer(conn);
    free(conn->upgrade);
    client_free(&conn->client);
    free(conn);
}

/* libwebsockets has let go of it. If it is on the list of this turn, the turn frees it. */
static void on_destroyed(struct connection *conn)
{
    conn->wsi = NULL;
    conn->ended = true;
    client_gone(conn->client);
    if (!conn->client->dirty)
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
        setsockopt(conn->client->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    shutdown(conn->client->fd, SHUT_RDWR);
}

void ws_edge_adopt(struct ws_edge *edge, int fd, const struct listen_address *listener)
{
    struct connection *conn = connection_new(edge, fd, listener);

    edge->host->counters->accepted++;
    if (!conn) {
        close(fd);
        return;
    }
    lws_adopt_desc_t how = {.vh = edge->vhost,
                            .type = LWS_ADOPT_SOCKET | LWS_ADOPT_HTTP,
                            .fd = {.sockfd = fd},
                            .opaque = conn};
    wheel_set(edge->host->wheel, &conn->client->timer,
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
        client_close(conn->client, CLOSE_write_error);
        return false;
    }
    conn->client->blocked = lws_partial_buffered(conn->wsi);
    return !conn->client->blocked;
}

static void flush(struct connection *conn)
{
    struct client *c = conn->client;
    struct span rest;

    while (!c->blocked && !conn->ended && c->queue.n > 0) {
        switch (outlet_write(&conn->edge->outlet, c->fd, &c->queue, &rest)) {
        case OUTLET_EMPTIED: break;
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
    if (c->queue.n > 0 || c->counted_bytes > 0)
        client_check_queue(c);
}

/* libwebsockets sends the frame when the socket is ready for it, and waits for the peer's.
 * Returning -1 from its callbacks would be the documented way; a library built for debugging, as
 * that of Debian 12, then closes twice, and the frame never goes out. May end in on_destroyed(). */
static void send_close(struct connection *conn)
{
    const struct client *c = conn->client;
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
    struct client *c = conn->client;

    if (conn->finishing)
        return;
    conn->finishing = true;
    client_leave_all(c);
    wheel_set(c->host->wheel, &c->timer, c->host->now_ms + LAST_READ_MS);
}

/* Only from the turn, never from within a callback of its own.
 *
 * The client is marked for closing and has been given what it was due, as far as the socket took
 * it. A close frame can only follow whole frames. */
static void end(struct connection *conn)
{
    struct client *c = conn->client;
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
        cut(conn, c->close_reason == CLOSE_slow_reader);
        return;
    }
    conn->ended = true;
    wheel_set(c->host->wheel, &c->timer, c->host->now_ms + CLOSE_GRACE_MS);
    send_close(conn);
}

void ws_edge_turn(struct ws_edge *edge)
{
    struct client_host *host = edge->host;

    /* Clients that a flush marks for closing are added to the list while it is walked. */
    for (size_t i = 0; i < host->n_dirty; i++) {
        struct client *c = host->dirty[i];
        struct connection *conn = c->wire;
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
}

static int on_writable(struct connection *conn)
{
    conn->client->blocked = lws_partial_buffered(conn->wsi);
    flush(conn);
    if (conn->finishing && !conn->client->blocked)
        client_look_at(conn->client);
    return 0;
}

/* ---- plain HTTP ----------------------------------------------------------------------------- */

static int write_answer(struct connection *conn, const struct http_answer *a)
{
    unsigned char buf[LWS_PRE + 1024], *start = buf + LWS_PRE, *p = start;
    unsigned char *limit = buf + sizeof buf - 1;
    const char *extra = a->extra_header, *colon = extra ? strchr(extra, ':') : NULL;
    char name[40];

    if (lws_add_http_common_headers(conn->wsi, (unsigned)a->status, a->content_type,
                                    (lws_filepos_t)a->body.len, &p, limit))
        return -1;
    if (colon) {
        snprintf(name, sizeof name, "%.*s:", (int)(colon - extra), extra);
        if (lws_add_http_header_by_name(conn->wsi, (const unsigned char *)name,
                                        (const unsigned char *)colon + 2, (int)strlen(colon + 2),
                                        &p, limit))
            return -1;
    }
    if (lws_finalize_write_http_header(conn->wsi, start, &p, limit))
        return -1;
    return 0;
}

/* Answer and keep the body until the socket is ready for it. */
static int answer(struct connection *conn, struct http_answer a)
{
    struct http_answer *kept = malloc(sizeof *kept);

    forget_answer(conn);
    if (!kept || a.body.failed || write_answer(conn, &a) < 0) {
        text_free(&a.body);
        free(kept);
        return -1;
    }
    *kept = a;
    conn->answer = kept;
    lws_callback_on_writable(conn->wsi);
    return 0;
}

static int on_http(struct connection *conn, const char *path)
{
    struct ws_edge *edge = conn->edge;

    edge->host->counters->http_requests++;
    if (lws_hdr_total_length(conn->wsi, WSI_TOKEN_GET_URI) == 0) {
        answer(conn, http_plain(405, "only GET is answered here"));
        return -1;
    }
    wheel_set(edge->host->wheel, &conn->client->timer,
              edge->host->now_ms + edge->host->settings->handshake_timeout_ms);
    return answer(conn, http_get(edge->http, path));
}

static int on_http_writable(struct connection *conn)
{
    struct http_answer *a = conn->answer;

    if (!a)
        return 0;
    int n = lws_write(conn->wsi, (unsigned char *)a->body.at, a->body.len, LWS_WRITE_HTTP_FINAL);
    forget_answer(conn);
    if (n < 0 || lws_http_transaction_completed(conn->wsi))
        return -1;
    return 0;
}

/* ---- the handshake -------------------------------------------------------------------------- */

static const char *header(struct connection *conn, enum lws_token_indexes token)
{
    int n = lws_hdr_copy(conn->wsi, conn->edge->headers, HEADERS_MAX, token);

    return n > 0 ? conn->edge->headers : "";
}

/* The values of the headers that libwebsockets knows: it gives no others. */
static size_t header_bytes(struct lws *wsi)
{
    size_t n = 0;

    for (int token = 0; token < WSI_TOKEN_COUNT; token++) {
        int len = lws_hdr_total_length(wsi, (enum lws_token_indexes)token);
        n += len > 0 ? (size_t)len : 0;
    }
    return n;
}

static struct upgrade *upgrade_new(const char *path, const char *query)
{
    size_t path_size = strlen(path) + 1, query_size = strlen(query) + 1;
    struct upgrade *up = calloc(1, sizeof *up + path_size + query_size);

    if (!up)
        return NULL;
    up->path = (char *)(up + 1);
    up->query = up->path + path_size;
    memcpy(up->path, path, path_size);
    memcpy(up->query, query, query_size);
    return up;
}

/* An answer that ends a handshake: written at once, since there is no callback to come back to.
 * 1 tells libwebsockets that it was answered. */
static int refuse(struct connection *conn, int status, const char *why)
{
    struct http_answer a = http_plain(status, why);
    int err = -1;

    conn->edge->host->counters->refused++;
    if (!a.body.failed && write_answer(conn, &a) == 0 &&
        lws_write(conn->wsi, (unsigned char *)a.body.at, a.body.len, LWS_WRITE_HTTP_FINAL) >= 0)
        err = 1;
    text_free(&a.body);
    return err;
}

static int on_upgrade(struct connection *conn, const char *to)
{
    struct ws_edge *edge = conn->edge;
    char path[2048];

    if (strcasecmp(to, "websocket") != 0)
        return refuse(conn, 400, "upgrade: only websocket is served here");
    if (strcmp(header(conn, WSI_TOKEN_VERSION), "13") != 0)
        return refuse(conn, 426, "sec-websocket-version: only 13 (RFC 6455) is spoken here");
    if (edge->host->draining)
        return refuse(conn, 503, "draining: going away, please connect elsewhere");
    if (lws_hdr_total_length(conn->wsi, WSI_TOKEN_GET_URI) >= (int)sizeof path)
        return refuse(conn, 400, "the path is too long");
    snprintf(path, sizeof path, "%s", header(conn, WSI_TOKEN_GET_URI));
    free(conn->upgrade);
    conn->upgrade = upgrade_new(path, header(conn, WSI_TOKEN_HTTP_URI_ARGS));
    if (!conn->upgrade)
        return -1;
    struct route *route = &conn->upgrade->route;
    *route =
        route_find(edge->host->settings, conn->listener, conn->upgrade->path, conn->upgrade->query);
    if (!route->dialect)
        return refuse(conn, route->status, route->why);
    if (route->dialect->header_max &&
        header_bytes(conn->wsi) > route->dialect->header_max(edge->host->settings))
        return refuse(conn, 431, "the headers are too long");
    return 0;
}

static int on_established(struct connection *conn)
{
    struct upgrade *up = conn->upgrade;

    conn->upgrade = NULL;
    if (!up)
        return -1;
    lws_set_wsi_user(conn->wsi, conn); /* or it would not tell when it is about to close */
    client_open(conn->client, up->route.dialect, up->route.profile, up->path, up->query);
    free(up);
    return 0;
}

/* ---- what libwebsockets tells us ------------------------------------------------------------ */

static int on_receive(struct connection *conn, const char *bytes, size_t len)
{
    client_receive(conn->client, bytes, len, lws_is_first_fragment(conn->wsi) != 0,
                   lws_is_final_fragment(conn->wsi) != 0, lws_frame_is_binary(conn->wsi) != 0);
    return 0;
}

static int on_pong(struct connection *conn)
{
    struct client *c = conn->client;

    client_heard(c);
    if (c->state == CLIENT_OPEN && c->dialect->pong)
        c->dialect->pong(c);
    return 0;
}

static void on_closed(struct connection *conn, enum close_reason reason)
{
    client_close(conn->client, reason);
    conn->ended = true;
    client_gone(conn->client);
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t len)
{
    struct connection *conn = wsi ? lws_get_opaque_user_data(wsi) : NULL;

    (void)user;
    if (!conn)
        return 0;
    conn->wsi = wsi; /* callbacks may come before ws_edge_adopt() has been told */
    switch (reason) {
    case LWS_CALLBACK_HTTP: return on_http(conn, in);
    case LWS_CALLBACK_HTTP_WRITEABLE: return on_http_writable(conn);
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE: return on_upgrade(conn, in);
    case LWS_CALLBACK_ESTABLISHED: return on_established(conn);
    case LWS_CALLBACK_RECEIVE: return on_receive(conn, in, len);
    case LWS_CALLBACK_RECEIVE_PONG: return on_pong(conn);
    case LWS_CALLBACK_SERVER_WRITEABLE: return on_writable(conn);
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE: on_closed(conn, CLOSE_by_client); return 0;
    case LWS_CALLBACK_WS_SERVER_DROP_PROTOCOL: /* before its close frame, e.g. 1002 */
    case LWS_CALLBACK_CLOSED: on_closed(conn, CLOSE_lost); return 0;
    case LWS_CALLBACK_CLOSED_HTTP: on_closed(conn, CLOSE_handshake); return 0;
    case LWS_CALLBACK_WSI_DESTROY: on_destroyed(conn); return 0;
    default: return 0;
    }
}

/* ---- the whole ------------------------------------------------------------------------------ */

static const struct lws_protocols protocols[] = {
    {.name = "",
     .callback = on_event,
     .rx_buffer_size = READ_MAX,
     .tx_packet_size = OUTLET_BATCH_BYTES},
    {0},
};

/* What it complains of is nearly always a peer's doing. */
static void on_lws_log(int level, const char *line)
{
    (void)level;
    log_debug("libwebsockets", LOG_TEXT("says", line));
}

static bool make_context(struct ws_edge *edge, uv_loop_t *loop)
{
    void *loops[1] = {loop};
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN_SERVER,
        .protocols = protocols,
        .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_DISABLE_IPV6,
        .foreign_loops = loops,
        .max_http_header_data = HEADERS_MAX,
        .max_http_header_pool = 1024,
        .pcontext = &edge->context,
    };

    lws_set_log_level(LLL_ERR | LLL_WARN, on_lws_log);
    edge->context = lws_create_context(&info);
    if (!edge->context)
        return false;
    edge->vhost = lws_get_vhost_by_name(edge->context, "default");
    return edge->vhost != NULL;
}

struct ws_edge *ws_edge_new(uv_loop_t *loop, struct client_host *host,
                            const struct http_sources *http)
{
    struct ws_edge *edge = calloc(1, sizeof *edge);

    if (!edge)
        return NULL;
    edge->host = host;
    edge->http = http;
    list_init(&edge->connections);
    edge->headers = malloc(HEADERS_MAX + 1);
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

size_t ws_edge_drain(struct ws_edge *edge, size_t n)
{
    struct connection *conn;
    size_t marked = 0;

    list_each (conn, &edge->connections, in_edge) {
        struct client *c = conn->client;
        if (marked == n)
            break;
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
