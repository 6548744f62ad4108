/* resolver.c - see resolver.h. */
#include "common/resolver.h"

#include <errno.h>
#include <stdlib.h>

struct resolver {
    uv_getaddrinfo_t req;
    resolved_fn *resolved; /* NULL: cancelled */
    void *ctx;
};

static void on_resolved(uv_getaddrinfo_t *req, int status, struct addrinfo *addresses)
{
    struct resolver r = *(struct resolver *)req->data;

    free(req->data);
    if (r.resolved)
        r.resolved(r.ctx, status, addresses);
    else
        uv_freeaddrinfo(addresses);
}

int resolver_start(uv_loop_t *loop, const char *host, const char *port, resolved_fn *resolved,
                   void *ctx, struct resolver **resolver)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct resolver *r = calloc(1, sizeof *r);

    if (!r)
        return -ENOMEM;
    r->req.data = r;
    r->resolved = resolved;
    r->ctx = ctx;
    int err = uv_getaddrinfo(loop, &r->req, on_resolved, host, port, &hints);
    if (err) {
        free(r);
        return err;
    }
    *resolver = r;
    return 0;
}

/* libuv may be past the point where it can be stopped: the callback frees it in either case. */
void resolver_cancel(struct resolver **rp)
{
    struct resolver *r = *rp;

    *rp = NULL;
    if (!r)
        return;
    r->resolved = NULL;
    uv_cancel((uv_req_t *)&r->req);
}
