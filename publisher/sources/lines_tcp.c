/* lines_tcp.c - events from whoever connects to a TCP port, one a line.
 *
 * Limit: TCP_CONNECTIONS_MAX at once; one more is closed at once, and logged. Each holds memory
 * only while it has sent part of a line.
 */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/host_port.h"
#include "common/log.h"
#include "publisher/sources/lines.h"
#include "publisher/sources/stream_input.h"

enum { TCP_CONNECTIONS_MAX = 4096, BACKLOG = 128 };

struct tcp_lines {
    struct source source;
    uv_tcp_t listener;
    struct list connections;
    size_t n;
    struct log_limit trouble;
};

struct connection {
    struct stream_input in;
    struct list in_source;
    struct tcp_lines *owner; /* not to be used once the handle is being closed */
};

static void on_connection_closed(uv_handle_t *handle)
{
    struct connection *c = handle->data;

    stream_input_fini(&c->in);
    free(c);
}

static void close_connection(struct connection *c)
{
    list_remove(&c->in_source);
    c->owner->n--;
    c->in.handle.any.data = c;
    uv_close(&c->in.handle.any, on_connection_closed);
}

static void on_end(struct stream_input *in)
{
    close_connection((struct connection *)in);
}

static void log_trouble(struct tcp_lines *t, const char *why)
{
    uint64_t held;

    if (log_allowed(&t->trouble, &held))
        log_warn("cannot take a connection", LOG_TEXT("source", t->source.label),
                 LOG_TEXT("why", why));
}

static struct connection *new_connection(struct tcp_lines *t)
{
    struct connection *c = calloc(1, sizeof *c);

    if (!c)
        return NULL;
    stream_input_init(&c->in, &t->source, t->source.host->line_max, on_end);
    if (uv_tcp_init(t->listener.loop, &c->in.handle.tcp) < 0) {
        free(c);
        return NULL;
    }
    c->owner = t;
    list_append(&t->connections, &c->in_source);
    t->n++;
    return c;
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct tcp_lines *t = listener->data;
    struct connection *c = status < 0 ? NULL : new_connection(t);

    if (!c) {
        log_trouble(t, status < 0 ? uv_strerror(status) : "out of memory");
        return;
    }
    int err = uv_accept(listener, &c->in.handle.stream);
    if (err || t->n > TCP_CONNECTIONS_MAX) {
        log_trouble(t, err ? uv_strerror(err) : "there are 4096 already");
        close_connection(c);
        return;
    }
    stream_input_go(&c->in);
}

static void start(struct source *source)
{
    struct tcp_lines *t = (struct tcp_lines *)source;
    struct sockaddr_storage at;
    int len = sizeof at;
    char port[8] = "?";

    if (uv_tcp_getsockname(&t->listener, (struct sockaddr *)&at, &len) == 0)
        getnameinfo((struct sockaddr *)&at, (socklen_t)len, NULL, 0, port, sizeof port,
                    NI_NUMERICSERV);
    log_info("listening for events", LOG_TEXT("source", source->label), LOG_TEXT("port", port));
}

static void resume(struct source *source)
{
    struct tcp_lines *t = (struct tcp_lines *)source;
    struct connection *c, *following;

    list_each_safe (c, following, &t->connections, in_source) {
        stream_input_go(&c->in); /* may end it */
    }
}

static void on_listener_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void end_tcp(struct source *source)
{
    struct tcp_lines *t = (struct tcp_lines *)source;

    while (!list_empty(&t->connections))
        close_connection(list_first(&t->connections, struct connection, in_source));
    uv_close((uv_handle_t *)&t->listener, on_listener_closed);
}

static const struct source_ops tcp_ops = {.start = start, .resume = resume, .free = end_tcp};

int lines_tcp_open(const struct source_host *host, const char *address, struct source **source,
                   char error[SOURCE_ERROR_MAX])
{
    struct sockaddr_storage at;
    char why[HOST_PORT_ERROR_MAX];
    int err = host_port_resolve(address, &at, why); /* all sources are opened before one starts */

    if (err) {
        snprintf(error, SOURCE_ERROR_MAX, "tcp://%.80s: %s", address, why);
        return err;
    }
    struct tcp_lines *t = calloc(1, sizeof *t);
    if (!t)
        return -ENOMEM;
    t->source.ops = &tcp_ops;
    list_init(&t->connections);
    uv_tcp_init(host->loop, &t->listener);
    t->listener.data = t;
    err = uv_tcp_bind(&t->listener, (const struct sockaddr *)&at, 0);
    if (!err)
        err = uv_listen((uv_stream_t *)&t->listener, BACKLOG, on_connection);
    if (err) {
        snprintf(error, SOURCE_ERROR_MAX, "%s", uv_strerror(err));
        end_tcp(&t->source);
        return err;
    }
    *source = &t->source;
    return 0;
}
