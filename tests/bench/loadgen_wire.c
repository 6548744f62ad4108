/* loadgen_wire.c - see loadgen_wire.h. */
#include "tests/bench/loadgen_wire.h"

#include <errno.h>
#include <openssl/err.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "tests/bench/bench_util.h"

SSL_CTX *wire_tls(void)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
    if (!tls)
        bench_die("no TLS: %s", ERR_reason_error_string(ERR_get_error()));
    SSL_CTX_set_verify(tls, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS); /* there are thousands */
    return tls;
}

void wire_open(struct wire *w, int fd, SSL_CTX *tls)
{
    *w = (struct wire){.fd = fd, .ssl = tls ? SSL_new(tls) : NULL};
    if (!tls)
        return;
    if (!w->ssl || SSL_set_fd(w->ssl, fd) != 1)
        bench_die("out of memory");
    SSL_set_connect_state(w->ssl);
}

void wire_close(struct wire *w)
{
    SSL_free(w->ssl);
    w->ssl = NULL;
}

int wire_shake_hands(struct wire *w)
{
    int got = w->ssl ? SSL_do_handshake(w->ssl) : 1;
    if (got == 1)
        return 0;
    int error = SSL_get_error(w->ssl, got);
    ERR_clear_error();
    if (error == SSL_ERROR_WANT_READ)
        return EPOLLIN;
    return error == SSL_ERROR_WANT_WRITE ? EPOLLOUT : -EPROTO;
}

static ssize_t recv_tls(struct wire *w, char *out, size_t cap)
{
    size_t at = 0, n;
    int got = 1;
    while (at < cap && (got = SSL_read_ex(w->ssl, out + at, cap - at, &n)) == 1)
        at += n;
    if (at > 0)
        return (ssize_t)at;
    int error = SSL_get_error(w->ssl, got);
    ERR_clear_error();
    if (error == SSL_ERROR_ZERO_RETURN)
        return 0;
    errno = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? EAGAIN : ECONNRESET;
    return -1;
}

ssize_t wire_recv(struct wire *w, void *out, size_t cap)
{
    return w->ssl ? recv_tls(w, out, cap) : recv(w->fd, out, cap, 0);
}

ssize_t wire_send(struct wire *w, const void *bytes, size_t len)
{
    size_t n;
    if (!w->ssl)
        return send(w->fd, bytes, len, MSG_NOSIGNAL);
    if (SSL_write_ex(w->ssl, bytes, len, &n) == 1)
        return (ssize_t)n;
    ERR_clear_error();
    errno = ECONNRESET;
    return -1;
}
