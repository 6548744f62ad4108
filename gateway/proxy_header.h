/* proxy_header.h - the PROXY protocol, versions 1 and 2: a proxy says before all else on whose
 * behalf it connects.
 *
 * It reads nothing: whoever calls it looks at what has come (MSG_PEEK), and takes off the socket
 * exactly what the header has, so that TLS and HTTP find what they expect.
 */
#ifndef GATEWAY_PROXY_HEADER_H
#define GATEWAY_PROXY_HEADER_H

#include <stddef.h>

#include "gateway/address.h"

/* Version 1 has at most 107 bytes. Version 2 could have 64 KiB of additions (TLVs); a header longer
 * than this is refused. */
enum { PROXY_HEADER_MAX = 4096 };

/* The header's length and *from, which is left alone when the proxy speaks for itself (LOCAL,
 * UNKNOWN); 0: more must come first; -EPROTO: no such header. Never more than len, nor than
 * PROXY_HEADER_MAX. */
int proxy_header_parse(const char *bytes, size_t len, struct address *from);

#endif
