/* upstream_ws.h - one WebSocket connection to an upstream server, made again whenever it is lost.
 *
 *   WAITING -> RESOLVING -> CONNECTING -> UP      and from each of them, through FAILED, to WAITING
 *
 * The server counts as dead when it was silent for its time (no message, and no pong to our pings
 * where we send any), or sent no message for another. Then, and whenever the connection ends,
 * down() is called and it is made again, with backoff, which begins anew once a message has come.
 *
 * All callbacks come from the loop, none from within a call of these functions.
 */
#ifndef PUBLISHER_SOURCES_UPSTREAM_WS_H
#define PUBLISHER_SOURCES_UPSTREAM_WS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "common/text.h"
#include "publisher/sources/ws_clients.h"
#include "publisher/sources/ws_url.h"

enum {
    UPSTREAM_WS_CONNECT_MS = 10000, /* for connection and handshake together */
    UPSTREAM_WS_TICK_MS = 250,      /* tick(), while it is up */
    UPSTREAM_WS_RETRY_FIRST_MS = 250,
    UPSTREAM_WS_RETRY_MOST_MS = 30000,
    UPSTREAM_WS_UNSENT_MAX = 4 * 1024 * 1024, /* bytes of requests that wait for the socket */
    UPSTREAM_WS_HEADERS_MAX = 8192,           /* bytes of headers of our own */
    UPSTREAM_WS_WHY_MAX = 160,
};

struct upstream_ws;
struct lws_protocols; /* libwebsockets */

struct upstream_ws_config {
    struct ws_url url;
    struct text headers; /* whole lines of HTTP, each with its line end */
    char *ca;            /* file; NULL: the system's certificates */
    bool insecure;       /* any certificate will do */
    uint64_t ping_ms;    /* WebSocket pings so often; 0: none */
    uint64_t silent_ms;  /* dead when nothing came for so long */
    uint64_t stale_ms;   /* dead when no message came for so long; 0: never */
    size_t message_max;  /* bytes; longer messages are passed over */
};

struct upstream_ws_events {
    void (*up)(void *ctx);
    /* Borrowed for the call. */
    void (*message)(void *ctx, const char *text, size_t len);
    void (*too_long)(void *ctx); /* a message was passed over */
    /* Lost, or could not be made; why is one line. */
    void (*down)(void *ctx, const char *why);
    void (*tick)(void *ctx); /* now and then, while it is up */
};

/* config and events are borrowed until upstream_ws_free(). NULL with one line in error. */
struct upstream_ws *upstream_ws_new(struct ws_clients *clients, uv_loop_t *loop,
                                    const struct upstream_ws_config *config,
                                    const struct upstream_ws_events *events, void *ctx,
                                    char error[WS_CLIENTS_ERROR_MAX]);
void upstream_ws_start(struct upstream_ws *u); /* once */

/* Send a text message. 0; -ENOTCONN; -ENOBUFS; -ENOMEM. */
int upstream_ws_send(struct upstream_ws *u, const char *text, size_t len);

/* The connection is of no more use: down() follows, and another one. */
void upstream_ws_drop(struct upstream_ws *u, const char *why);

/* Read no more, or read on. Silence counts from reading on. */
void upstream_ws_pause(struct upstream_ws *u, bool paused);

/* Nothing is called after it; the loop must run once more. NULL is fine. */
void upstream_ws_free(struct upstream_ws **u);

const struct lws_protocols *upstream_ws_protocols(void); /* for ws_clients.c */

#endif
