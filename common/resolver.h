/* resolver.h - the addresses of a host, looked up without waiting (libuv's thread pool). */
#ifndef COMMON_RESOLVER_H
#define COMMON_RESOLVER_H

#include <netdb.h>
#include <uv.h>

struct resolver; /* one look-up under way */

/* The addresses, the callee's to uv_freeaddrinfo(); or status < 0, libuv's error, and none. The
 * resolver is gone by then. Never called from within resolver_start(). */
typedef void resolved_fn(void *ctx, int status, struct addrinfo *addresses);

/* TCP addresses of host and port. 0 with *resolver; -errno. */
int resolver_start(uv_loop_t *loop, const char *host, const char *port, resolved_fn *resolved,
                   void *ctx, struct resolver **resolver);

/* Nobody waits for it any more: no callback. Sets *resolver to NULL; NULL is fine. */
void resolver_cancel(struct resolver **resolver);

#endif
