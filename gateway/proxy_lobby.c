/* proxy_lobby.c - see proxy_lobby.h. */
#include "gateway/proxy_lobby.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/list.h"
#include "gateway/counters.h"
#include "gateway/proxy_header.h"
#include "gateway/refusal.h"
#include "gateway/security_settings.h"

struct proxy_lobby {
    uv_loop_t *loop;
    const struct security_settings *settings;
    struct counters *counters;
    lobby_left_fn *left;
    void *ctx;
    uint64_t wait_ms;
    struct list guests; /* in the order in which they came */
    size_t n, open;     /* guests, and poll handles that libuv still has */
    bool freeing;
};

struct guest {
    uv_poll_t poll;
    struct proxy_lobby *lobby;
    struct list in_lobby;
    const struct listen_address *listener;
    struct address peer;
    uint64_t due_ms;
    int fd;
    size_t have;
    char header[PROXY_HEADER_MAX];
};

struct proxy_lobby *proxy_lobby_new(uv_loop_t *loop, const struct security_settings *settings,
                                    struct counters *counters, uint64_t wait_ms,
                                    lobby_left_fn *left, void *ctx)
{
    struct proxy_lobby *lobby = calloc(1, sizeof *lobby);

    if (!lobby)
        return NULL;
    *lobby = (struct proxy_lobby){.loop = loop,
                                  .settings = settings,
                                  .counters = counters,
                                  .left = left,
                                  .ctx = ctx,
                                  .wait_ms = wait_ms};
    list_init(&lobby->guests);
    return lobby;
}

static void on_poll_closed(uv_handle_t *handle)
{
    struct guest *g = handle->data;
    struct proxy_lobby *lobby = g->lobby;

    free(g);
    if (--lobby->open == 0 && lobby->freeing)
        free(lobby);
}

/* It is a guest no longer, whether its connection goes on or not. */
static void forget(struct guest *g)
{
    list_remove(&g->in_lobby);
    g->lobby->n--;
    uv_close((uv_handle_t *)&g->poll, on_poll_closed);
}

static void turn_away(struct guest *g)
{
    int fd = g->fd;

    g->lobby->counters->refusals[REFUSAL_proxy_header]++;
    forget(g);
    close(fd);
}

/* All that is looked at belongs to the header as long as the header has not ended. 0: more must
 * come; 1: it is whole, and off the socket; -errno. */
static int read_header(struct guest *g)
{
    char *at = g->header + g->have;
    ssize_t n = recv(g->fd, at, sizeof g->header - g->have, MSG_PEEK | MSG_DONTWAIT);

    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    if (n == 0)
        return -ECONNRESET;
    int len = proxy_header_parse(g->header, g->have + (size_t)n, &g->peer);
    if (len < 0)
        return len;
    size_t ours = len > 0 ? (size_t)len - g->have : (size_t)n;
    if (recv(g->fd, at, ours, MSG_DONTWAIT) != (ssize_t)ours)
        return -EIO;
    g->have += ours;
    return len > 0;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct guest *g = poll->data;
    int whole = status < 0 ? status : read_header(g);

    (void)events;
    if (whole < 0)
        turn_away(g);
    if (whole <= 0)
        return;
    forget(g);
    g->lobby->left(g->lobby->ctx, g->fd, g->listener, &g->peer);
}

static int admit(struct proxy_lobby *lobby, struct guest *g)
{
    g->poll.data = g;
    int err = uv_poll_init(lobby->loop, &g->poll, g->fd);

    if (err)
        return err;
    lobby->open++;
    lobby->n++;
    list_append(&lobby->guests, &g->in_lobby);
    uv_poll_start(&g->poll, UV_READABLE, on_readable); /* fails only on a handle that is closing */
    return 0;
}

void proxy_lobby_enter(struct proxy_lobby *lobby, int fd, const struct listen_address *listener,
                       const struct address *peer)
{
    struct guest *g = NULL;

    if (networks_have(&lobby->settings->proxies, peer) && lobby->n < LOBBY_MAX)
        g = malloc(sizeof *g);
    if (g) {
        g->lobby = lobby;
        g->listener = listener;
        g->peer = *peer;
        g->fd = fd;
        g->have = 0;
        g->due_ms = uv_now(lobby->loop) + lobby->wait_ms;
        if (admit(lobby, g) == 0)
            return;
        free(g);
    }
    lobby->counters->refusals[REFUSAL_proxy_header]++;
    close(fd);
}

void proxy_lobby_turn(struct proxy_lobby *lobby)
{
    while (!list_empty(&lobby->guests)) {
        struct guest *g = list_first(&lobby->guests, struct guest, in_lobby);
        if (g->due_ms > uv_now(lobby->loop))
            return;
        turn_away(g);
    }
}

void proxy_lobby_free(struct proxy_lobby **lobbyp)
{
    struct proxy_lobby *lobby = *lobbyp;

    *lobbyp = NULL;
    if (!lobby)
        return;
    while (!list_empty(&lobby->guests))
        turn_away(list_first(&lobby->guests, struct guest, in_lobby));
    lobby->freeing = true;
    if (lobby->open == 0)
        free(lobby);
}
