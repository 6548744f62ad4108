/* ws_tls.c - TLS at the edge: libwebsockets does it, with a context that is ours to fill. */
#include <errno.h>
#include <poll.h>

#include "gateway/security_settings.h"
#include "gateway/ws_connection.h"

/* ---- writing -------------------------------------------------------------------------------- */

/* Over TLS libwebsockets takes whole batches, and keeps of one what the socket does not take: a
 * TLS write that could not be ended must be repeated with the same bytes. */
ssize_t ws_tls_send(void *ctx, const char *bytes, size_t len)
{
    struct connection *conn = ctx;

    if (lws_partial_buffered(conn->wsi)) {
        errno = EAGAIN;
        return -1;
    }
    if (lws_write(conn->wsi, (unsigned char *)(uintptr_t)bytes, len, LWS_WRITE_RAW) < 0) {
        errno = EPIPE;
        return -1;
    }
    slow_reader_copied(conn->client, lws_partial_buffered(conn->wsi) ? len : 0);
    return (ssize_t)len;
}

/* ---- reading -------------------------------------------------------------------------------- */

/* libwebsockets 4.1.6 on libuv forgets what OpenSSL still holds when it has read less than a record
 * had. */
void ws_tls_note(struct connection *conn)
{
    SSL *ssl = conn->listener->tls == LISTEN_TLS_ON ? lws_get_ssl(conn->wsi) : NULL;

    if (ssl && SSL_pending(ssl) > 0 && list_empty(&conn->in_undelivered))
        list_append(&conn->edge->undelivered, &conn->in_undelivered);
}

/* Of each no more than a record (16 kB) before the others' turn: then the socket has its say. */
void ws_tls_read_undelivered(struct ws_edge *edge)
{
    while (!list_empty(&edge->undelivered)) {
        struct connection *conn = list_first(&edge->undelivered, struct connection, in_undelivered);
        struct lws_pollfd readable = {.fd = conn->client->fd, .events = POLLIN, .revents = POLLIN};
        list_remove(&conn->in_undelivered);
        lws_service_fd(edge->context, &readable); /* may end in on_destroyed(), or note it again */
    }
}

/* ---- its context ---------------------------------------------------------------------------- */

int ws_tls_use(struct ws_edge *edge)
{
    struct security_settings *s = edge->security;

    return tls_use(s->tls, &s->tickets, edge->tls_context);
}

/* libwebsockets has made its context; what is in it is ours. */
int ws_tls_context(struct ws_edge *edge, SSL_CTX *context)
{
    edge->tls_context = context;
    return ws_tls_use(edge) < 0 ? -1 : 0;
}
