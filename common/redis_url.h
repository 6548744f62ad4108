/* redis_url.h - where a Redis is: redis://[user:pass@]host[:port][/db] | unix:///path[?db=N]
 *
 * user and password may be percent-encoded; an IPv6 address is in brackets; the port defaults to
 * 6379, the database to 0.
 */
#ifndef COMMON_REDIS_URL_H
#define COMMON_REDIS_URL_H

#include <stddef.h>

struct redis_url {
    char host[256];                /* empty for a Unix socket */
    char path[108];                /* empty for TCP */
    char port[6];                  /* decimal */
    char user[128], password[256]; /* empty: none */
    unsigned db;
};

enum { REDIS_URL_ERROR_MAX = 200 };

/* 0; -EINVAL with one line in error that says what is wrong (and never holds the password). */
int redis_url_parse(const char *text, struct redis_url *url, char error[REDIS_URL_ERROR_MAX]);

/* host:port or the path, for log lines: no user, no password. Returns buf. */
const char *redis_url_address(const struct redis_url *url, char *buf, size_t cap);

#endif
