/* upstream_ws.c - see upstream_ws.h.
 *
 * libwebsockets' callbacks only note what happened. What ends a connection is done from the timer,
 * so never from within a callback of that connection: a connection that is closed from outside is
 * closed at once (LWS_TO_KILL_SYNC), and forgotten before, so that nothing comes of it any more.
 */
#include "publisher/sources/upstream_ws.h"

#include <errno.h>
#include <libwebsockets.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/backoff.h"
#include "common/list.h"
#include "common/resolver.h"

enum {
    LAST_WORD_MS = 200,          /* for the answer to the server's close frame */
    READ_MAX = 64 * 1024,        /* libwebsockets reads in pieces of this */
    KEPT_ROOM_MAX = 1024 * 1024, /* of a long message's buffer, until the next */
};

enum state { WAITING, RESOLVING, CONNECTING, UP, FAILED };

struct request {
    struct list at;
    size_t len;
    unsigned char bytes[]; /* LWS_PRE of room, and the text */
};

struct upstream_ws {
    const struct upstream_ws_config *config;
    const struct upstream_ws_events *events;
    void *ctx;
    struct ws_clients *clients;
    struct lws_vhost *vhost;
    struct lws *wsi;
    uv_loop_t *loop;
    uv_timer_t timer;
    struct resolver *resolver;
    enum state state;
    struct backoff backoff;
    bool paused, ping_due, oversized;
    unsigned attempt; /* counts on, so that each address of a host has its turn */
    uint64_t heard_ms, told_ms, pinged_ms; /* of the loop */
    struct text partial;                   /* a message that is not whole yet */
    struct list requests;                  /* not sent yet */
    size_t unsent;
    char address[INET6_ADDRSTRLEN];
    char why[UPSTREAM_WS_WHY_MAX];
};

static void on_timer(uv_timer_t *timer);

/* The state, and when the timer is due in it. */
static void move(struct upstream_ws *u, enum state state, uint64_t ms)
{
    u->state = state;
    uv_timer_start(&u->timer, on_timer, ms, 0);
}

/* ---- the end of a connection ----------------------------------------------------------------- */

/* From within libwebsockets as well: the timer does it. The first reason is the one that counts. */
static void fail(struct upstream_ws *u, const char *why)
{
    if (u->state == FAILED || u->state == WAITING)
        return;
    snprintf(u->why, sizeof u->why, "%s", why);
    move(u, FAILED, 0);
}

static void forget_requests(struct upstream_ws *u)
{
    while (!list_empty(&u->requests)) {
        struct request *r = list_first(&u->requests, struct request, at);
        list_remove(&r->at);
        free(r);
    }
    u->unsent = 0;
}

/* From outside of libwebsockets' callbacks. */
static void let_go(struct upstream_ws *u)
{
    struct lws *wsi = u->wsi;

    u->wsi = NULL;
    resolver_cancel(&u->resolver);
    forget_requests(u);
    text_free(&u->partial);
    u->ping_due = u->oversized = false;
    if (!wsi)
        return;
    lws_set_opaque_user_data(wsi, NULL);
    lws_set_timeout(wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_SYNC);
}

static void lose(struct upstream_ws *u)
{
    let_go(u);
    move(u, WAITING, backoff_next(&u->backoff, backoff_random()));
    u->events->down(u->ctx, u->why);
}

/* ---- connecting ------------------------------------------------------------------------------ */

static void connect_to(struct upstream_ws *u, const char *address)
{
    const struct ws_url *url = &u->config->url;
    struct lws_client_connect_info info = {
        .context = ws_clients_context(u->clients),
        .vhost = u->vhost,
        .address = address,
        .port = atoi(url->port),
        .path = url->path,
        .host = url->authority,
        .ietf_version_or_minus_one = -1,
        .local_protocol_name = upstream_ws_protocols()->name,
        .opaque_user_data = u,
        .pwsi = &u->wsi,
        .ssl_connection = LCCSCF_HTTP_NO_FOLLOW_REDIRECT,
        .alpn = "http/1.1",
    };

    if (url->tls)
        info.ssl_connection |= LCCSCF_USE_SSL;
    if (url->tls && url->ip)
        info.ssl_connection |= LCCSCF_SKIP_SERVER_CERT_HOSTNAME_CHECK; /* it knows names alone */
    if (url->tls && u->config->insecure)
        info.ssl_connection |= LCCSCF_ALLOW_SELFSIGNED | LCCSCF_ALLOW_EXPIRED |
                               LCCSCF_ALLOW_INSECURE | LCCSCF_SKIP_SERVER_CERT_HOSTNAME_CHECK;
    move(u, CONNECTING, UPSTREAM_WS_CONNECT_MS);
    if (!lws_client_connect_via_info(&info)) {
        u->wsi = NULL;
        fail(u, "no connection could be begun");
    }
}

static void on_resolved(void *ctx, int status, struct addrinfo *addresses)
{
    struct upstream_ws *u = ctx;
    unsigned n = 0;

    u->resolver = NULL;
    for (struct addrinfo *a = addresses; a; a = a->ai_next)
        n++;
    if (n == 0) {
        char why[UPSTREAM_WS_WHY_MAX];
        snprintf(why, sizeof why, "the host is not known: %s", uv_strerror(status));
        fail(u, why);
        return;
    }
    struct addrinfo *chosen = addresses;
    for (unsigned i = u->attempt++ % n; i > 0; i--)
        chosen = chosen->ai_next;
    if (chosen->ai_family == AF_INET6)
        uv_ip6_name((struct sockaddr_in6 *)(void *)chosen->ai_addr, u->address, sizeof u->address);
    else
        uv_ip4_name((struct sockaddr_in *)(void *)chosen->ai_addr, u->address, sizeof u->address);
    uv_freeaddrinfo(addresses);
    connect_to(u, u->address);
}

static void begin(struct upstream_ws *u)
{
    const struct ws_url *url = &u->config->url;
    char address[WS_URL_SOCKET_MAX + 2];

    if (url->socket[0]) {
        snprintf(address, sizeof address, "+%s", url->socket); /* libwebsockets' way to say it */
        connect_to(u, address);
        return;
    }
    move(u, RESOLVING, UPSTREAM_WS_CONNECT_MS);
    int err = resolver_start(u->loop, url->host, url->port, on_resolved, u, &u->resolver);
    if (err)
        fail(u, uv_strerror(err));
}

/* The certificate's address, where the server is named by one; before anything is said to it. */
static bool trusted(const struct upstream_ws *u)
{
    const struct ws_url *url = &u->config->url;

    if (!url->tls || !url->ip || u->config->insecure)
        return true;
    X509 *cert = SSL_get1_peer_certificate(lws_get_ssl(u->wsi));
    bool good = cert && X509_check_ip_asc(cert, url->host, 0) == 1;
    X509_free(cert);
    return good;
}

static int on_headers(struct upstream_ws *u, unsigned char **at, size_t room)
{
    const struct text *headers = &u->config->headers;

    if (!trusted(u)) {
        fail(u, "the server's certificate is for another address");
        return -1;
    }
    if (headers->len > room) {
        fail(u, "the headers are too long");
        return -1;
    }
    if (headers->len > 0)
        memcpy(*at, headers->at, headers->len);
    *at += headers->len;
    return 0;
}

static void on_up(struct upstream_ws *u)
{
    u->heard_ms = u->told_ms = u->pinged_ms = uv_now(u->loop);
    move(u, UP, UPSTREAM_WS_TICK_MS);
    if (u->paused)
        lws_rx_flow_control(u->wsi, 0);
    u->events->up(u->ctx);
}

static void on_connect_error(struct upstream_ws *u, const char *says)
{
    int status = (int)lws_http_client_http_response(u->wsi);
    char why[UPSTREAM_WS_WHY_MAX];

    if (status > 0 && status != 101)
        snprintf(why, sizeof why, "the server answers %d instead of opening a WebSocket", status);
    else
        snprintf(why, sizeof why, "cannot connect: %s", says ? says : "the connection ended");
    fail(u, why);
}

/* ---- while it is up -------------------------------------------------------------------------- */

static void hand_over(struct upstream_ws *u, const char *text, size_t len)
{
    backoff_reset(&u->backoff);
    u->told_ms = u->heard_ms;
    u->events->message(u->ctx, text, len);
}

static void end_message(struct upstream_ws *u)
{
    if (u->oversized || u->partial.failed)
        u->events->too_long(u->ctx);
    else
        hand_over(u, u->partial.at ? u->partial.at : "", u->partial.len);
    if (u->partial.cap > KEPT_ROOM_MAX || u->partial.failed)
        text_free(&u->partial);
}

static void on_receive(struct upstream_ws *u, const char *bytes, size_t len)
{
    bool first = lws_is_first_fragment(u->wsi), last = lws_is_final_fragment(u->wsi);

    u->heard_ms = uv_now(u->loop);
    if (first && last && len <= u->config->message_max) {
        hand_over(u, bytes, len);
        return;
    }
    if (first) {
        u->partial.len = 0;
        u->oversized = false;
    }
    if (u->partial.len + len > u->config->message_max)
        u->oversized = true;
    if (!u->oversized)
        text_add_bytes(&u->partial, bytes, len);
    if (last)
        end_message(u);
}

static void send_ping(struct upstream_ws *u)
{
    unsigned char room[LWS_PRE + 1];

    u->ping_due = false;
    if (lws_write(u->wsi, room + LWS_PRE, 0, LWS_WRITE_PING) < 0)
        fail(u, "the connection broke");
}

/* One frame each time the socket takes something. */
static void on_writable(struct upstream_ws *u)
{
    if (u->ping_due) {
        send_ping(u);
    } else if (!list_empty(&u->requests)) {
        struct request *r = list_first(&u->requests, struct request, at);
        list_remove(&r->at);
        u->unsent -= r->len;
        if (lws_write(u->wsi, r->bytes + LWS_PRE, r->len, LWS_WRITE_TEXT) < 0)
            fail(u, "the connection broke");
        free(r);
    }
    if (u->state == UP && (u->ping_due || !list_empty(&u->requests)))
        lws_callback_on_writable(u->wsi);
}

static bool is_dead(struct upstream_ws *u, uint64_t now)
{
    const struct upstream_ws_config *config = u->config;
    bool silent = now - u->heard_ms >= config->silent_ms;
    char why[UPSTREAM_WS_WHY_MAX];

    if (!silent && (config->stale_ms == 0 || now - u->told_ms < config->stale_ms))
        return false;
    snprintf(why, sizeof why,
             silent ? "the server was silent for %g s" : "the server sent no message for %g s",
             (double)(silent ? config->silent_ms : config->stale_ms) / 1000);
    fail(u, why);
    return true;
}

static void look(struct upstream_ws *u)
{
    uint64_t now = uv_now(u->loop), ping = u->config->ping_ms;

    move(u, UP, UPSTREAM_WS_TICK_MS);
    if (u->paused)
        u->heard_ms = u->told_ms = now;
    else
        lws_cancel_service(ws_clients_context(u->clients)); /* what was held back while paused */
    if (is_dead(u, now))
        return;
    if (ping > 0 && now - u->pinged_ms >= ping) {
        u->pinged_ms = now;
        u->ping_due = true;
        lws_callback_on_writable(u->wsi);
    }
    u->events->tick(u->ctx);
}

static void on_timer(uv_timer_t *timer)
{
    struct upstream_ws *u = timer->data;

    switch (u->state) {
    case WAITING: begin(u); return;
    case RESOLVING: fail(u, "the host's address could not be had within 10 s"); return;
    case CONNECTING: fail(u, "no connection within 10 s"); return;
    case UP: look(u); return;
    case FAILED: lose(u); return;
    }
}

/* ---- what libwebsockets tells us ------------------------------------------------------------- */

static void on_peer_close(struct upstream_ws *u, const unsigned char *in, size_t len)
{
    char why[UPSTREAM_WS_WHY_MAX];

    if (len > 2)
        snprintf(why, sizeof why, "the server closed the connection: %d %.*s", in[0] << 8 | in[1],
                 (int)(len - 2), (const char *)in + 2);
    else if (len == 2)
        snprintf(why, sizeof why, "the server closed the connection: %d", in[0] << 8 | in[1]);
    else
        snprintf(why, sizeof why, "the server closed the connection");
    fail(u, why);
    if (u->state == FAILED)
        move(u, FAILED, LAST_WORD_MS); /* meanwhile libwebsockets answers */
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t len)
{
    struct upstream_ws *u = wsi ? lws_get_opaque_user_data(wsi) : NULL;

    (void)user;
    if (!u)
        return 0;
    if (reason == LWS_CALLBACK_WSI_DESTROY) {
        u->wsi = NULL;
        fail(u, "the connection ended");
        return 0;
    }
    if (u->state != CONNECTING && u->state != UP)
        return 0;
    u->wsi = wsi; /* callbacks may come before the call that connects has returned */
    switch (reason) {
    case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER: return on_headers(u, in, len);
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR: on_connect_error(u, in); return 0;
    case LWS_CALLBACK_CLIENT_ESTABLISHED: on_up(u); return 0;
    case LWS_CALLBACK_CLIENT_RECEIVE: on_receive(u, in, len); return 0;
    case LWS_CALLBACK_CLIENT_RECEIVE_PONG: u->heard_ms = uv_now(u->loop); return 0;
    case LWS_CALLBACK_CLIENT_WRITEABLE: on_writable(u); return 0;
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE: on_peer_close(u, in, len); return 0;
    case LWS_CALLBACK_CLIENT_CLOSED: fail(u, "the connection ended"); return 0;
    default: return 0;
    }
}

const struct lws_protocols *upstream_ws_protocols(void)
{
    static const struct lws_protocols protocols[] = {
        {.name = "upstream", .callback = on_event, .rx_buffer_size = READ_MAX},
        {0},
    };

    return protocols;
}

/* ---- life ------------------------------------------------------------------------------------ */

struct upstream_ws *upstream_ws_new(struct ws_clients *clients, uv_loop_t *loop,
                                    const struct upstream_ws_config *config,
                                    const struct upstream_ws_events *events, void *ctx,
                                    char error[WS_CLIENTS_ERROR_MAX])
{
    struct upstream_ws *u = calloc(1, sizeof *u);

    snprintf(error, WS_CLIENTS_ERROR_MAX, "out of memory");
    if (!u || !(u->vhost = ws_clients_vhost(clients, config->ca, error))) {
        free(u);
        return NULL;
    }
    u->clients = clients;
    u->config = config;
    u->events = events;
    u->ctx = ctx;
    u->loop = loop;
    u->backoff = (struct backoff){.first_ms = UPSTREAM_WS_RETRY_FIRST_MS,
                                  .most_ms = UPSTREAM_WS_RETRY_MOST_MS};
    list_init(&u->requests);
    uv_timer_init(loop, &u->timer);
    u->timer.data = u;
    return u;
}

void upstream_ws_start(struct upstream_ws *u)
{
    move(u, WAITING, 0);
}

int upstream_ws_send(struct upstream_ws *u, const char *text, size_t len)
{
    if (u->state != UP)
        return -ENOTCONN;
    if (u->unsent + len > UPSTREAM_WS_UNSENT_MAX)
        return -ENOBUFS;
    struct request *r = malloc(sizeof *r + LWS_PRE + len);
    if (!r)
        return -ENOMEM;
    r->len = len;
    memcpy(r->bytes + LWS_PRE, text, len);
    list_append(&u->requests, &r->at);
    u->unsent += len;
    lws_callback_on_writable(u->wsi);
    return 0;
}

void upstream_ws_drop(struct upstream_ws *u, const char *why)
{
    fail(u, why);
}

void upstream_ws_pause(struct upstream_ws *u, bool paused)
{
    if (u->paused == paused)
        return;
    u->paused = paused;
    u->heard_ms = u->told_ms = uv_now(u->loop);
    if (u->state == UP)
        lws_rx_flow_control(u->wsi, !paused);
    if (!paused && u->state == UP)
        lws_cancel_service(ws_clients_context(u->clients)); /* what it has read already */
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void upstream_ws_free(struct upstream_ws **up)
{
    struct upstream_ws *u = *up;

    *up = NULL;
    if (!u)
        return;
    let_go(u);
    uv_close((uv_handle_t *)&u->timer, on_closed);
}
