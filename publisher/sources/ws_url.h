/* ws_url.h - where an upstream server is.
 *
 *   ws://HOST[:PORT][/PATH]     wss://HOST[:PORT][/PATH]     ws+unix:/SOCKET[:/PATH]
 *
 * HOST is a name, an IPv4 address, or an IPv6 address in brackets. A query belongs to the PATH.
 */
#ifndef PUBLISHER_SOURCES_WS_URL_H
#define PUBLISHER_SOURCES_WS_URL_H

#include <stdbool.h>
#include <stddef.h>

enum {
    WS_URL_HOST_MAX = 253,   /* what a name in the DNS may have */
    WS_URL_PATH_MAX = 2048,  /* bytes, query included */
    WS_URL_SOCKET_MAX = 107, /* what the address of a Unix socket has room for */
    WS_URL_ERROR_MAX = 200,
};

struct ws_url {
    bool tls;
    bool ip;                             /* host is an address, not a name */
    char host[WS_URL_HOST_MAX + 1];      /* without brackets; empty for a Unix socket */
    char port[6];                        /* decimal */
    char authority[WS_URL_HOST_MAX + 9]; /* of the Host header: the port where unusual */
    char socket[WS_URL_SOCKET_MAX + 1];  /* empty for TCP */
    char path[WS_URL_PATH_MAX + 1];      /* begins with '/'; empty: none was given */
};

/* 0; -EINVAL with one line in error. */
int ws_url_parse(const char *text, struct ws_url *url, char error[WS_URL_ERROR_MAX]);

#endif
