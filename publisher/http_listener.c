/* http_listener.c - see http_listener.h. */
#include "publisher/http_listener.h"

#include <errno.h>
#include <fcntl.h>
#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/host_port.h"
#include "common/list.h"
#include "common/log.h"

enum {
    LISTEN_BACKLOG = 64,
    IDLE_MS = 60000, /* from the last request on */
    SWEEP_MS = 5000,
    HEADERS_MAX = 4096,
};

struct http_listener {
    const struct metrics_sources *from;
    uv_tcp_t listener;
    uv_timer_t sweep;
    struct lws_context *context;
    struct lws_vhost *vhost;
    struct list connections;
    unsigned n;
    bool stopped;
};

struct connection {
    struct http_listener *owner;
    struct lws *wsi;
    struct list in_listener;
    uint64_t asked_ms;
    struct http_reply reply; /* whose body is still to be written */
};

/* ---- what libwebsockets tells us ------------------------------------------------------------- */

static int write_headers(struct connection *c)
{
    unsigned char buf[LWS_PRE + 512], *start = buf + LWS_PRE, *p = start;
    unsigned char *end = buf + sizeof buf - 1;

    if (lws_add_http_common_headers(c->wsi, (unsigned)c->reply.status, c->reply.content_type,
                                    (lws_filepos_t)c->reply.body.len, &p, end) ||
        lws_finalize_write_http_header(c->wsi, start, &p, end))
        return -1;
    return 0;
}

static int on_request(struct connection *c, const char *path)
{
    text_free(&c->reply.body);
    c->asked_ms = uv_now(c->owner->listener.loop);
    if (lws_hdr_total_length(c->wsi, WSI_TOKEN_GET_URI) == 0)
        return -1; /* nothing but GET is answered */
    c->reply = http_reply(c->owner->from, path);
    if (c->reply.body.failed || write_headers(c) < 0)
        return -1;
    lws_callback_on_writable(c->wsi);
    return 0;
}

static int on_writable(struct connection *c)
{
    struct text *body = &c->reply.body;

    if (body->len == 0)
        return 0;
    int n = lws_write(c->wsi, (unsigned char *)body->at, body->len, LWS_WRITE_HTTP_FINAL);
    text_free(body);
    return n < 0 || lws_http_transaction_completed(c->wsi) ? -1 : 0;
}

static void on_destroyed(struct connection *c)
{
    c->owner->n--;
    list_remove(&c->in_listener);
    text_free(&c->reply.body);
    free(c);
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t len)
{
    struct connection *c = wsi ? lws_get_opaque_user_data(wsi) : NULL;

    (void)user;
    (void)len;
    if (!c)
        return 0;
    c->wsi = wsi; /* callbacks may come before adopt() has been told */
    switch (reason) {
    case LWS_CALLBACK_HTTP: return on_request(c, in);
    case LWS_CALLBACK_HTTP_WRITEABLE: return on_writable(c);
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE: return -1;
    case LWS_CALLBACK_WSI_DESTROY: on_destroyed(c); return 0;
    default: return 0;
    }
}

/* ---- connections ----------------------------------------------------------------------------- */

static void adopt(struct http_listener *h, int fd)
{
    struct connection *c = calloc(1, sizeof *c);

    if (!c) {
        close(fd);
        return;
    }
    c->owner = h;
    c->asked_ms = uv_now(h->listener.loop);
    list_append(&h->connections, &c->in_listener);
    h->n++;
    lws_adopt_desc_t how = {.vh = h->vhost,
                            .type = LWS_ADOPT_SOCKET | LWS_ADOPT_HTTP,
                            .fd = {.sockfd = fd},
                            .opaque = c};
    struct lws *wsi = lws_adopt_descriptor_vhost_via_info(&how);
    if (wsi)
        c->wsi = wsi; /* otherwise it is closed, and WSI_DESTROY has come or will come */
}

static void on_accepted_closed(uv_handle_t *handle)
{
    free(handle);
}

/* libuv accepts, since it knows what to do when descriptors run out; libwebsockets gets one of its
 * own. */
static void on_connection(uv_stream_t *listener, int status)
{
    struct http_listener *h = listener->data;
    uv_tcp_t *tcp = status < 0 ? NULL : malloc(sizeof *tcp);
    uv_os_fd_t fd;
    int own = -1;

    if (!tcp)
        return;
    uv_tcp_init(listener->loop, tcp);
    if (uv_accept(listener, (uv_stream_t *)tcp) == 0 && h->n < HTTP_CONNECTIONS_MAX &&
        uv_fileno((uv_handle_t *)tcp, &fd) == 0)
        own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    uv_close((uv_handle_t *)tcp, on_accepted_closed);
    if (own >= 0)
        adopt(h, own);
}

/* libwebsockets' own timers run only while something else happens. */
static void on_sweep(uv_timer_t *timer)
{
    struct http_listener *h = timer->data;
    struct connection *c;
    uint64_t now = uv_now(timer->loop);

    list_each (c, &h->connections, in_listener) {
        if (c->wsi && now - c->asked_ms > IDLE_MS)
            shutdown(lws_get_socket_fd(c->wsi), SHUT_RDWR); /* and it finds out by itself */
    }
}

/* ---- life ------------------------------------------------------------------------------------ */

static void on_lws_log(int level, const char *line)
{
    (void)level;
    log_debug("libwebsockets", LOG_TEXT("says", line));
}

static const struct lws_protocols protocols[] = {{.name = "", .callback = on_event}, {0}};

static int make_context(struct http_listener *h, uv_loop_t *loop)
{
    void *loops[1] = {loop};
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN_SERVER,
        .protocols = protocols,
        .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_DISABLE_IPV6,
        .foreign_loops = loops,
        .max_http_header_data = HEADERS_MAX,
        .pcontext = &h->context,
    };

    lws_set_log_level(LLL_ERR | LLL_WARN, on_lws_log);
    h->context = lws_create_context(&info);
    if (h->context)
        h->vhost = lws_get_vhost_by_name(h->context, "default");
    return h->vhost ? 0 : -ENOMEM;
}

static int listen_on(struct http_listener *h, const char *address, char *error)
{
    struct sockaddr_storage at;
    char why[HOST_PORT_ERROR_MAX];
    int err = host_port_resolve(address, &at, why);

    if (!err) {
        err = uv_tcp_bind(&h->listener, (const struct sockaddr *)&at, 0);
        if (!err)
            err = uv_listen((uv_stream_t *)&h->listener, LISTEN_BACKLOG, on_connection);
        if (err)
            snprintf(why, sizeof why, "%s", uv_strerror(err));
    }
    if (err)
        snprintf(error, HTTP_LISTENER_ERROR_MAX, "http: cannot listen on %.100s: %.150s", address,
                 why);
    return err;
}

int http_listener_new(struct http_listener **hp, uv_loop_t *loop, const char *address,
                      const struct metrics_sources *from, char error[HTTP_LISTENER_ERROR_MAX])
{
    struct http_listener *h = *hp = calloc(1, sizeof *h);

    snprintf(error, HTTP_LISTENER_ERROR_MAX, "http: out of memory");
    if (!h)
        return -ENOMEM;
    h->from = from;
    list_init(&h->connections);
    uv_tcp_init(loop, &h->listener);
    uv_timer_init(loop, &h->sweep);
    h->listener.data = h->sweep.data = h;
    int err = listen_on(h, address, error);
    if (err)
        return err;
    snprintf(error, HTTP_LISTENER_ERROR_MAX,
             "http: libwebsockets could not be started (is libwebsockets-evlib-uv installed?)");
    err = make_context(h, loop);
    uv_timer_start(&h->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
    return err;
}

void http_listener_stop(struct http_listener *h)
{
    if (!h || h->stopped)
        return;
    h->stopped = true;
    uv_close((uv_handle_t *)&h->listener, NULL);
    uv_close((uv_handle_t *)&h->sweep, NULL);
    if (h->context)
        lws_context_destroy(h->context); /* the first of two: closes every connection */
}

void http_listener_free(struct http_listener **hp)
{
    struct http_listener *h = *hp;

    *hp = NULL;
    if (!h)
        return;
    if (h->context)
        lws_context_destroy(h->context);
    free(h);
}
