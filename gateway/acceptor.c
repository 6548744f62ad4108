/* acceptor.c - see acceptor.h. */
#include "gateway/acceptor.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"

enum {
    KEEPALIVE_S = 60,
    ACCEPTS_PER_TURN = 64
}; /* so that a storm of connections does not starve the others */

struct entrance {
    uv_poll_t poll;
    struct acceptor *acceptor;
    const struct listen_address *address;
    int fd; /* -1: stopped */
};

struct acceptor {
    accepted_fn *accepted;
    void *ctx;
    int reserve; /* a descriptor to give up when there are no more: see shed() */
    struct log_limit shed_limit;
    unsigned n, open; /* entrances, and those whose handle libuv still has */
    bool freeing;
    struct entrance entrances[];
};

/* Without a free descriptor a waiting connection would wake us for ever: take it with the one
 * kept in reserve, and drop it. */
static void shed(struct acceptor *a, int listening)
{
    uint64_t held;

    close(a->reserve);
    int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0)
        close(fd);
    a->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (log_allowed(&a->shed_limit, &held))
        log_error("connection refused: no file descriptor left; raise the limit (ulimit -n, "
                  "LimitNOFILE)",
                  LOG_NUMBER("held_back", held));
}

/* False when nothing was waiting. */
static bool accept_one(struct entrance *e)
{
    struct sockaddr_storage from = {0};
    socklen_t len = sizeof from;
    int on = 1, fd = accept4(e->fd, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd >= 0) {
        if (e->address->address.ss_family != AF_UNIX) {
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
            setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &(int){KEEPALIVE_S}, sizeof(int));
            setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &(int){KEEPALIVE_S / 3}, sizeof(int));
        }
        struct address peer = address_of((struct sockaddr *)&from);
        e->acceptor->accepted(e->acceptor->ctx, fd, e->address, &peer);
        return true;
    }
    if (errno == EMFILE || errno == ENFILE) {
        shed(e->acceptor, e->fd);
        return true;
    }
    return errno == ECONNABORTED || errno == EINTR;
}

static void on_connection(uv_poll_t *poll, int status, int events)
{
    struct entrance *e = poll->data;

    (void)status;
    (void)events;
    for (int i = 0; i < ACCEPTS_PER_TURN && e->fd >= 0 && accept_one(e); i++)
        continue;
}

static void on_closed(uv_handle_t *handle)
{
    struct entrance *e = handle->data;
    struct acceptor *a = e->acceptor;

    if (--a->open == 0 && a->freeing)
        free(a);
}

static void stop(struct entrance *e, bool take_waiting)
{
    if (e->fd < 0)
        return;
    while (take_waiting && accept_one(e))
        continue;
    uv_close((uv_handle_t *)&e->poll, on_closed);
    close(e->fd);
    e->fd = -1;
}

void acceptor_stop(struct acceptor *a)
{
    for (unsigned i = 0; i < a->n; i++)
        stop(&a->entrances[i], true);
}

struct acceptor *acceptor_new(uv_loop_t *loop, const struct listen_address *addresses,
                              const int *fds, unsigned n, accepted_fn *accepted, void *ctx)
{
    struct acceptor *a = calloc(1, sizeof *a + n * sizeof a->entrances[0]);

    if (!a)
        return NULL;
    a->accepted = accepted;
    a->ctx = ctx;
    a->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
    for (unsigned i = 0; i < n; i++) {
        struct entrance *e = &a->entrances[a->n++];
        *e = (struct entrance){.acceptor = a, .address = &addresses[i], .fd = fds[i]};
        e->poll.data = e;
        int err = uv_poll_init(loop, &e->poll, e->fd);
        if (err) {
            log_error("cannot wait for connections", LOG_TEXT("error", uv_strerror(err)));
            e->fd = -1;
            acceptor_free(&a);
            return NULL;
        }
        a->open++;
        uv_poll_start(&e->poll, UV_READABLE, on_connection);
    }
    return a;
}

void acceptor_free(struct acceptor **ap)
{
    struct acceptor *a = *ap;

    *ap = NULL;
    if (!a)
        return;
    for (unsigned i = 0; i < a->n; i++)
        stop(&a->entrances[i], false);
    if (a->reserve >= 0)
        close(a->reserve);
    a->freeing = true;
    if (a->open == 0)
        free(a);
}
