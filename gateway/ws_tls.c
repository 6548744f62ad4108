/* ws_tls.c - TLS at the edge: libwebsockets does it, with a context that is ours to fill. */
#include <errno.h>

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
    slow_reader_copied(&conn->client, lws_partial_buffered(conn->wsi) ? len : 0);
    return (ssize_t)len;
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
