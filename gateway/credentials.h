/* credentials.h - where a token stands in a handshake, and which subprotocol is agreed to.
 *
 *   Authorization: Bearer TOKEN      GET /?token=TOKEN      Sec-WebSocket-Protocol: bearer.TOKEN
 *
 * Browsers cannot set the first; the last keeps the token out of addresses, and so out of logs.
 */
#ifndef GATEWAY_CREDENTIALS_H
#define GATEWAY_CREDENTIALS_H

#include <stdbool.h>

#include "gateway/frame.h"

/* libwebsockets takes no longer names of subprotocols, nor longer lists of them. */
enum { SUBPROTOCOL_MAX = 63, SUBPROTOCOLS_MAX = 126 };

/* The token within a header's value or the decoded query; empty where there is none. */
struct span credentials_in_authorization(const char *value);
struct span credentials_in_query(const char *query);
struct span credentials_in_subprotocols(const char *offered);

/* No dialect has subprotocols; the first one that is offered is agreed to, as the servers of the
 * dialects do, so that browsers are content. One that carries a token is answered only when nothing
 * else is offered. "" when nothing is; false when libwebsockets could not take what is. */
bool subprotocol_choose(const char *offered, char chosen[SUBPROTOCOL_MAX + 1]);

#endif
