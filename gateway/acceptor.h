/* acceptor.h - accepts connections on the listening sockets; it knows no protocol.
 *
 * Our own accept, since libwebsockets 4.1.6 cannot share a port between processes, and since what
 * is refused here costs nothing more.
 */
#ifndef GATEWAY_ACCEPTOR_H
#define GATEWAY_ACCEPTOR_H

#include <uv.h>

#include "gateway/address.h"
#include "gateway/listen_address.h"

/* A connection: fd is the callee's from now on. */
typedef void accepted_fn(void *ctx, int fd, const struct listen_address *listener,
                         const struct address *peer);

struct acceptor;

/* fds[i] listens on addresses[i]; the acceptor closes them. NULL: out of memory, or libuv's error
 * (logged). */
struct acceptor *acceptor_new(uv_loop_t *loop, const struct listen_address *addresses,
                              const int *fds, unsigned n, accepted_fn *accepted, void *ctx);

/* Take what is waiting, then stop listening: a connection that was made is not refused. */
void acceptor_stop(struct acceptor *a);

/* Stops and frees; the loop must run once more. NULL is fine. */
void acceptor_free(struct acceptor **a);

#endif
