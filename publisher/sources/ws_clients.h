/* ws_clients.h - what all WebSocket connections to upstream servers share: libwebsockets' context,
 * on the publisher's loop.
 *
 * It is made when the first connection needs it: a publisher without such a source has none.
 */
#ifndef PUBLISHER_SOURCES_WS_CLIENTS_H
#define PUBLISHER_SOURCES_WS_CLIENTS_H

#include <uv.h>

enum { WS_CLIENTS_ERROR_MAX = 200 };

struct ws_clients;
struct lws_context; /* libwebsockets */
struct lws_vhost;

struct ws_clients *ws_clients_new(uv_loop_t *loop); /* NULL: out of memory */

/* What a connection trusts: the certificates in the file ca, or, where that is NULL, those of the
 * system. It lives as long as ws_clients. NULL with one line in error. */
struct lws_vhost *ws_clients_vhost(struct ws_clients *clients, const char *ca,
                                   char error[WS_CLIENTS_ERROR_MAX]);
struct lws_context *ws_clients_context(struct ws_clients *clients);

/* The end comes in two steps: stop, when all connections are freed; free, when the loop has run
 * until nothing is left in it. It must run once more after that. NULL is fine. */
void ws_clients_stop(struct ws_clients *clients);
void ws_clients_free(struct ws_clients **clients);

#endif
