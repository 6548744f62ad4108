/* redis_socket.h - a stream of bytes to one address, TCP or Unix, in the clear or TLS, on libuv.
 *
 *   redis_socket_open() --> [look up, connect, TLS handshake] --> open() --> readable()*,
 * writable()*
 *
 * The lower half of redis_conn.h. It keeps no buffers of its own: the owner reads when it is
 * readable, and writes whenever it likes. Deadlines are the owner's, too.
 */
#ifndef COMMON_REDIS_SOCKET_H
#define COMMON_REDIS_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <uv.h>

#include "common/redis_url.h"

struct redis_socket; /* opaque */

/* Every callback may call redis_socket_close() and redis_socket_open(). */
struct redis_socket_events {
    void (*open)(void *ctx);                    /* and the server is who it has to be */
    void (*readable)(void *ctx);                /* read until nothing is left, or be called again */
    void (*writable)(void *ctx);                /* after redis_socket_want_write() */
    void (*broken)(void *ctx, const char *why); /* it is closed */
};

/* All borrowed. tls may be NULL. NULL: out of memory. */
struct redis_socket *redis_socket_new(uv_loop_t *loop, const struct redis_address *address,
                                      const struct redis_tls *tls,
                                      const struct redis_socket_events *events, void *ctx);
void redis_socket_free(struct redis_socket **socket); /* NULL is fine */

/* Only while closed. 0: open() or broken() follows, never from within this call; -errno: it is
 * still closed. */
int redis_socket_open(struct redis_socket *s);
void redis_socket_close(struct redis_socket *s); /* no more callbacks; may be closed already */

/* Bytes read, at most cap; 0: none now; -1: the connection is of no more use, redis_socket_why()
 * says why, and it is the caller's to close. */
ssize_t redis_socket_read(struct redis_socket *s, void *buf, size_t cap);

/* Read bytes wait in our own memory, of which no event will tell: read again. */
bool redis_socket_has_more(const struct redis_socket *s);

/* Bytes taken; 0: none now. What is wrong with the connection reading tells. */
ssize_t redis_socket_write(struct redis_socket *s, const void *bytes, size_t len);

/* Tell when it can be written again, or no more. */
void redis_socket_want_write(struct redis_socket *s, bool wanted);

const char *redis_socket_why(const struct redis_socket *s);

#endif
