/* origin.h - which web pages may open a WebSocket here.
 *
 * A browser sends the page's origin with every handshake, and a page cannot change it; other
 * clients send what they like, or nothing. So a list of origins keeps foreign pages from using a
 * visitor's browser, and keeps out nobody else.
 */
#ifndef GATEWAY_ORIGIN_H
#define GATEWAY_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>

#include "common/settings.h"

/* Is each item one of: "https://example.com", with a port or without (any scheme), "example.com"
 * (any scheme, any port), "*.example.com" (every host below it, not itself),
 * or "null"? 0; -EINVAL with one line in error. */
int origins_check(const struct setting_list *allowed, char *error, size_t cap);

/* Is its host an IP address, or localhost? */
bool origin_is_nameless(const char *origin);

/* origin: the header's value. Scheme and host are compared without regard to case; a port must be
 * equal, the scheme's usual one being the same as none. */
bool origin_allowed(const struct setting_list *allowed, const char *origin);

#endif
