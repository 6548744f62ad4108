/* proxy_lobby.h - where connections of a listener with proxy=on wait until the proxy has said on
 * whose behalf it connects.
 *
 *   acceptor --fd--> lobby (takes exactly the header off the socket) --fd, address--> ws_edge
 *
 * Whoever is no trusted proxy is turned away at once: a header of theirs would be believed.
 */
#ifndef GATEWAY_PROXY_LOBBY_H
#define GATEWAY_PROXY_LOBBY_H

#include <uv.h>

#include "gateway/address.h"
#include "gateway/listen_address.h"

struct counters;
struct proxy_lobby;
struct security_settings;

enum { LOBBY_MAX = 4096 }; /* connections that wait; more are turned away */

/* The header has come: fd is the callee's from now on. */
typedef void lobby_left_fn(void *ctx, int fd, const struct listen_address *listener,
                           const struct address *from);

/* NULL: out of memory. What is passed is borrowed. A header must come within wait_ms. */
struct proxy_lobby *proxy_lobby_new(uv_loop_t *loop, const struct security_settings *settings,
                                    struct counters *counters, uint64_t wait_ms,
                                    lobby_left_fn *left, void *ctx);

/* A new connection from `peer`; fd is the lobby's from now on. */
void proxy_lobby_enter(struct proxy_lobby *lobby, int fd, const struct listen_address *listener,
                       const struct address *peer);

/* Part of the loop's turn: who has waited for too long goes. */
void proxy_lobby_turn(struct proxy_lobby *lobby);

/* Closes what waits; the loop must run once more. NULL is fine. */
void proxy_lobby_free(struct proxy_lobby **lobby);

#endif
