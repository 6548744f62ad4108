/* http_listener.h - plain HTTP on one address, by libwebsockets on the publisher's loop.
 *
 * GET only; no TLS and no authentication, so the address is one that only the operator's own
 * machines reach. Limit: HTTP_CONNECTIONS_MAX at once, one more is closed at once; a connection
 * that asks nothing or does not read is closed by libwebsockets' own time limits.
 */
#ifndef PUBLISHER_HTTP_LISTENER_H
#define PUBLISHER_HTTP_LISTENER_H

#include <uv.h>

#include "publisher/http.h"

enum { HTTP_CONNECTIONS_MAX = 100, HTTP_LISTENER_ERROR_MAX = 300 };

struct http_listener;

/* Listen on HOST:PORT or [IPV6]:PORT. from is borrowed. 0; -errno with one line in error that names
 * the setting. Either way *h is to be stopped and freed; it is NULL without memory. */
int http_listener_new(struct http_listener **h, uv_loop_t *loop, const char *address,
                      const struct metrics_sources *from, char error[HTTP_LISTENER_ERROR_MAX]);

/* In two steps, between which the loop must run until all its handles are gone: libwebsockets
 * closes its connections in the first, and lets go of its memory in the second. NULL is fine. */
void http_listener_stop(struct http_listener *h);
void http_listener_free(struct http_listener **h);

#endif
