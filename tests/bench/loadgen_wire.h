/* loadgen_wire.h - the bytes of one client of the load generator, plain or over TLS.
 *
 * The TLS client verifies nothing: it measures a server on this machine.
 */
#ifndef LOADGEN_WIRE_H
#define LOADGEN_WIRE_H

#include <openssl/ssl.h>
#include <stddef.h>
#include <sys/types.h>

struct wire {
    int fd;   /* borrowed */
    SSL *ssl; /* NULL: plain */
};

/* What all clients over TLS share; dies on failure. */
SSL_CTX *wire_tls(void);

/* tls NULL: plain, and there is nothing to shake hands about. */
void wire_open(struct wire *w, int fd, SSL_CTX *tls);
void wire_close(struct wire *w);

/* 0: done; EPOLLIN or EPOLLOUT: to be called again when that comes; -EPROTO: it failed. */
int wire_shake_hands(struct wire *w);

/* As recv() and send(): -1 with EAGAIN when there is nothing now. Reads all there is, as far as it
 * fits. */
ssize_t wire_recv(struct wire *w, void *out, size_t cap);
ssize_t wire_send(struct wire *w, const void *bytes, size_t len);

#endif
