/* redis_url.h - where a Redis is, and how to log in there.
 *
 *   redis://[user:pass@]host[:port][/db]           one server
 *   unix:///path[?db=N]                            one server
 *   redis+sentinel://[user:pass@]s1[:port],s2,s3/NAME[/db][?sentinel_user=U&sentinel_password=P]
 *   redis+cluster://[user:pass@]h1[:port],h2,h3    any of its nodes
 *
 * With rediss in place of redis the connections are TLS: to the servers, and to the sentinels too.
 * User and password may be percent-encoded; they are the servers' own. Sentinels get those of the
 * query, and none without it, as most of them ask for none. An IPv6 address is in brackets. The
 * port defaults to 6379, that of a sentinel to 26379, the database to 0.
 */
#ifndef COMMON_REDIS_URL_H
#define COMMON_REDIS_URL_H

#include <stdbool.h>
#include <stddef.h>

struct redis_tls; /* redis_tls.h */

enum {
    REDIS_URL_ERROR_MAX = 200,
    REDIS_SEEDS_MAX = 16,    /* servers named in one URL */
    REDIS_ADDRESS_MAX = 270, /* bytes of an address as text, NUL included */
    REDIS_MASTER_MAX = 128,  /* bytes of the name of a master, NUL included */
};

enum redis_kind { REDIS_SINGLE, REDIS_SENTINEL, REDIS_CLUSTER };

/* One server. */
struct redis_address {
    char host[256]; /* empty for a Unix socket */
    char path[108]; /* empty for TCP */
    char port[6];   /* decimal */
};

struct redis_login {
    char user[128], password[256]; /* empty: none */
    unsigned db;
    const struct redis_tls *tls; /* NULL: in the clear. Not from the URL: redis_settings.h */
};

struct redis_url {
    enum redis_kind kind;
    bool tls; /* rediss */
    unsigned n_seeds;
    struct redis_address seeds[REDIS_SEEDS_MAX]; /* the server; the sentinels; nodes of a Cluster */
    char master[REDIS_MASTER_MAX];               /* with Sentinel: NAME */
    struct redis_login login;                    /* of every Redis server */
    struct redis_login sentinel_login;
};

/* 0; -EINVAL with one line in error that says what is wrong (and never holds the password). */
int redis_url_parse(const char *text, struct redis_url *url, char error[REDIS_URL_ERROR_MAX]);

/* The servers named, for log lines: no user, no password. Returns buf. */
const char *redis_url_address(const struct redis_url *url, char *buf, size_t cap);

/* host:port or the path. Returns buf. */
const char *redis_address_text(const struct redis_address *address, char *buf, size_t cap);

bool redis_address_equal(const struct redis_address *a, const struct redis_address *b);

/* An address from what a server says of another: a name or an IPv4 or IPv6 address without
 * brackets. 0; -EINVAL: none can be called that, or have that port. */
int redis_address_set(struct redis_address *address, const char *host, size_t len, long long port);

#endif
