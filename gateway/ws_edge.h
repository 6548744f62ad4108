/* ws_edge.h - the edge to the network: the one place that knows libwebsockets.
 *
 *   acceptor --fd--> libwebsockets (handshake, frames in, control frames) --> client_receive()
 *   client's queue --outlet--> socket
 *
 * libwebsockets does the handshake, reads frames, and answers pings and closes. What goes out
 * does not pass through its write path: whole frames, built once, are sent straight to the socket,
 * without asking for writability first (an ask costs three system calls a delivery). That is safe
 * while (a) every write is whole frames, (b) nothing is written while libwebsockets holds bytes it
 * could not send, and (c) nothing follows a close frame. A frame that the socket cut in two is
 * finished by libwebsockets, whose "writable" callback is then our sign to go on.
 *
 * Clients are freed here and nowhere else: when libwebsockets has let go of the connection.
 */
#ifndef GATEWAY_WS_EDGE_H
#define GATEWAY_WS_EDGE_H

#include <stddef.h>
#include <uv.h>

#include "gateway/address.h"
#include "gateway/listen_address.h"

struct client_host;
struct http_sources;
struct limits;
struct security_settings;
struct ws_edge;

/* All borrowed for the edge's life. NULL on failure (logged). */
struct ws_edge *ws_edge_new(uv_loop_t *loop, struct client_host *host,
                            const struct http_sources *http, struct security_settings *security,
                            struct limits *limits);

/* The settings were loaded anew: new connections get what TLS is set to. 0; -EIO. */
int ws_edge_reload(struct ws_edge *edge);

/* A new connection; fd is the edge's from now on. */
void ws_edge_adopt(struct ws_edge *edge, int fd, const struct listen_address *listener,
                   const struct address *peer);

/* Part of the loop's turn: write out what clients gained, end those that are closing. */
void ws_edge_turn(struct ws_edge *edge);

/* Connections of any state, plain HTTP included. */
size_t ws_edge_connections(const struct ws_edge *edge);

/* Mark up to n open WebSocket clients for closing in a drain, after telling them where the dialect
 * can. Returns how many were marked. */
size_t ws_edge_drain(struct ws_edge *edge, size_t n);

/* Begin to end: every connection is cut. Run the loop until it has nothing left, then
 * ws_edge_free(), then run it once more. */
void ws_edge_stop(struct ws_edge *edge);
void ws_edge_free(struct ws_edge **edge); /* NULL is fine */

#endif
