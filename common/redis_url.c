/* redis_url.c - see redis_url.h. No error repeats a part of the text: where it is torn at the wrong
 * place, any part of it may be the password. */
#include "common/redis_url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { DB_MOST = INT32_MAX }; /* what Redis itself reads as a database */

struct span {
    const char *at;
    size_t len;
};

static struct span span(const char *at, const char *end)
{
    return (struct span){at, (size_t)(end - at)};
}

/* ---- parts: each returns NULL or what is wrong ----------------------------------------------- */

/* A whole number of digits alone. */
static bool read_number(struct span text, unsigned long most, unsigned long *out)
{
    unsigned long n = 0;
    if (text.len < 1 || text.len > 10)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (!isdigit((unsigned char)text.at[i]))
            return false;
        n = n * 10 + (unsigned long)(text.at[i] - '0');
    }
    *out = n;
    return n <= most;
}

static int hex_digit(char c)
{
    const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;
    return at ? (int)(at - digits) : -1;
}

static const char *decode(struct span text, char *buf, size_t cap)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        int byte = (unsigned char)text.at[i];
        if (byte == '%') {
            int high = i + 2 < text.len ? hex_digit(text.at[i + 1]) : -1;
            int low = high < 0 ? -1 : hex_digit(text.at[i + 2]);
            if (low < 0 || (byte = high * 16 + low) == 0)
                return "a '%' in user or password must begin a percent-encoded byte (%25 for '%')";
            i += 2;
        }
        if (n + 1 >= cap)
            return "user or password is too long";
        buf[n++] = (char)byte;
    }
    buf[n] = '\0';
    return NULL;
}

static const char *read_credentials(struct span text, struct redis_login *login)
{
    const char *colon = memchr(text.at, ':', text.len);
    if (!colon)
        return "the part before '@' must be user:password or :password";
    const char *wrong = decode(span(text.at, colon), login->user, sizeof login->user);
    if (wrong)
        return wrong;
    wrong = decode(span(colon + 1, text.at + text.len), login->password, sizeof login->password);
    if (!wrong && login->user[0] && !login->password[0])
        return "a user needs a password: user:password@";
    return wrong;
}

static const char *read_port(struct span text, struct redis_address *address)
{
    unsigned long port = 0;
    if (!read_number(text, 65535, &port) || port == 0)
        return "the port must be a number from 1 to 65535";
    snprintf(address->port, sizeof address->port, "%u", (unsigned)port & 0xffff);
    return NULL;
}

static const char *read_db(struct span text, struct redis_url *url)
{
    unsigned long db = 0;
    if (text.len && !read_number(text, DB_MOST, &db))
        return "the database must be a whole number";
    url->login.db = (unsigned)db;
    return NULL;
}

static bool is_host(struct span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!isalnum((unsigned char)text.at[i]) && !memchr("-._", text.at[i], 3))
            return false;
    return text.len > 0;
}

static const char *read_host(struct span text, struct redis_address *address)
{
    if (text.len == 0)
        return "the host is missing";
    if (text.len >= sizeof address->host)
        return "the host is too long";
    if (!is_host(text))
        return "the host may hold letters, digits, '-', '.' and '_' "
               "(an IPv6 address goes in brackets)";
    memcpy(address->host, text.at, text.len);
    address->host[text.len] = '\0';
    return NULL;
}

static const char *read_ipv6(struct span text, struct redis_address *address)
{
    struct in6_addr unused;
    if (text.len >= sizeof address->host)
        return "the host is too long";
    memcpy(address->host, text.at, text.len);
    address->host[text.len] = '\0';
    if (inet_pton(AF_INET6, address->host, &unused) != 1)
        return "between the brackets must be an IPv6 address";
    return NULL;
}

/* host, host:port, [address] or [address]:port */
static const char *read_host_port(struct span text, struct redis_address *address)
{
    const char *end = text.at + text.len, *stop, *wrong;

    if (text.len && *text.at == '[') {
        stop = memchr(text.at, ']', text.len);
        if (!stop)
            return "the IPv6 address has no closing bracket";
        wrong = read_ipv6(span(text.at + 1, stop), address);
        stop++;
    } else {
        stop = memchr(text.at, ':', text.len);
        stop = stop ? stop : end;
        wrong = read_host(span(text.at, stop), address);
    }
    if (wrong || stop == end)
        return wrong;
    if (*stop != ':')
        return "only a port may follow the IPv6 address";
    return read_port(span(stop + 1, end), address);
}

/* One server, or several with commas between them. */
static const char *read_servers(struct span text, const char *port, struct redis_url *url)
{
    const char *at = text.at, *end = text.at + text.len, *wrong;

    for (;;) {
        const char *comma = url->kind == REDIS_SINGLE ? NULL : memchr(at, ',', (size_t)(end - at));
        if (url->n_seeds == REDIS_SEEDS_MAX)
            return "at most 16 servers may be named";
        struct redis_address *seed = &url->seeds[url->n_seeds++];
        strcpy(seed->port, port);
        wrong = read_host_port(span(at, comma ? comma : end), seed);
        if (wrong || !comma)
            return wrong;
        at = comma + 1;
    }
}

/* ---- the forms ------------------------------------------------------------------------------ */

/* [user:pass@]servers, up to the end or the first '/', which *rest is set to. */
static const char *read_authority(const char *text, const char *port, struct redis_url *url,
                                  const char **rest)
{
    const char *slash = text + strcspn(text, "/"), *query = slash + strcspn(slash, "?");
    const char *at = memrchr(text, '@', (size_t)(slash - text)), *wrong = NULL;

    *rest = slash;
    if (!at && memchr(slash, '@', (size_t)(query - slash)))
        return "a '/' in user or password is written %2F";
    if (at)
        wrong = read_credentials(span(text, at), &url->login);
    return wrong ? wrong : read_servers(span(at ? at + 1 : text, slash), port, url);
}

static const char *read_tcp(const char *text, struct redis_url *url)
{
    const char *slash, *wrong = read_authority(text, "6379", url, &slash);

    if (wrong || !*slash)
        return wrong;
    return read_db(span(slash + 1, strchr(slash, '\0')), url);
}

static const char *read_unix(const char *text, struct redis_url *url)
{
    size_t len = strcspn(text, "?");

    if (len < 2 || text[0] != '/')
        return "unix:// must be followed by an absolute path, as in unix:///run/redis.sock";
    if (len >= sizeof url->seeds[0].path)
        return "the path of the Unix socket is too long (107 bytes)";
    memcpy(url->seeds[0].path, text, len);
    url->n_seeds = 1;
    if (!text[len])
        return NULL;
    const char *query = text + len + 1;
    if (strncmp(query, "db=", 3) != 0 || !query[3])
        return "after the path of the Unix socket only ?db=N may follow";
    return read_db(span(query + 3, strchr(query, '\0')), url);
}

static const char *read_cluster(const char *text, struct redis_url *url)
{
    const char *slash, *wrong;

    url->kind = REDIS_CLUSTER;
    wrong = read_authority(text, "6379", url, &slash);
    if (!wrong && slash[0] && slash[1])
        return "a Cluster has no databases: nothing may follow the servers";
    return wrong;
}

static bool takes(struct span pair, const char *name, struct span *value)
{
    size_t len = strlen(name);
    if (pair.len < len || memcmp(pair.at, name, len) != 0)
        return false;
    *value = span(pair.at + len, pair.at + pair.len);
    return true;
}

static const char *read_sentinel_query(const char *query, struct redis_login *login)
{
    const char *wrong = NULL;
    struct span value;

    while (*query && !wrong) {
        struct span pair = {query, strcspn(query, "&")};
        if (takes(pair, "sentinel_user=", &value))
            wrong = decode(value, login->user, sizeof login->user);
        else if (takes(pair, "sentinel_password=", &value))
            wrong = decode(value, login->password, sizeof login->password);
        else
            return "after '?' only sentinel_user=... and sentinel_password=... may follow";
        query += pair.len + (query[pair.len] == '&');
    }
    if (!wrong && login->user[0] && !login->password[0])
        return "sentinel_user needs a sentinel_password";
    return wrong;
}

static const char *read_sentinel(const char *text, struct redis_url *url)
{
    const char *slash, *wrong;

    url->kind = REDIS_SENTINEL;
    wrong = read_authority(text, "26379", url, &slash);
    if (wrong)
        return wrong;
    const char *name = *slash ? slash + 1 : slash, *query = name + strcspn(name, "?");
    struct span master = span(name, name + strcspn(name, "/?"));
    if (!is_host(master))
        return "after the sentinels the master's name must follow, as in "
               "redis+sentinel://s1,s2,s3/mymaster";
    if (master.len >= sizeof url->master)
        return "the master's name is too long";
    memcpy(url->master, master.at, master.len);
    const char *db = master.at + master.len;
    wrong = db < query ? read_db(span(db + 1, query), url) : NULL;
    return wrong || !*query ? wrong : read_sentinel_query(query + 1, &url->sentinel_login);
}

struct form {
    const char *scheme;
    bool tls;
    const char *(*read)(const char *text, struct redis_url *url);
};

static const struct form forms[] = {
    {"redis://", false, read_tcp},
    {"rediss://", true, read_tcp},
    {"unix://", false, read_unix},
    {"redis+sentinel://", false, read_sentinel},
    {"rediss+sentinel://", true, read_sentinel},
    {"redis+cluster://", false, read_cluster},
    {"rediss+cluster://", true, read_cluster},
};

static const char *read_url(const char *text, struct redis_url *url)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        size_t len = strlen(forms[i].scheme);
        if (strncasecmp(text, forms[i].scheme, len) == 0) {
            url->tls = forms[i].tls;
            return forms[i].read(text + len, url);
        }
    }
    return "must begin with redis://, rediss://, unix://, redis+sentinel://, rediss+sentinel://, "
           "redis+cluster:// or rediss+cluster://";
}

int redis_url_parse(const char *text, struct redis_url *url, char error[REDIS_URL_ERROR_MAX])
{
    struct redis_url parsed = {0};
    const char *wrong = read_url(text, &parsed);

    if (wrong) {
        snprintf(error, REDIS_URL_ERROR_MAX, "%s", wrong);
        return -EINVAL;
    }
    *url = parsed;
    return 0;
}

/* ---- addresses ------------------------------------------------------------------------------- */

const char *redis_address_text(const struct redis_address *address, char *buf, size_t cap)
{
    if (address->path[0])
        snprintf(buf, cap, "%s", address->path);
    else
        snprintf(buf, cap, strchr(address->host, ':') ? "[%s]:%s" : "%s:%s", address->host,
                 address->port);
    return buf;
}

const char *redis_url_address(const struct redis_url *url, char *buf, size_t cap)
{
    char one[REDIS_ADDRESS_MAX];
    size_t len = 0;

    buf[0] = '\0';
    for (unsigned i = 0; i < url->n_seeds && len < cap; i++)
        len += (size_t)snprintf(buf + len, cap - len, i ? ",%s" : "%s",
                                redis_address_text(&url->seeds[i], one, sizeof one));
    return buf;
}

bool redis_address_equal(const struct redis_address *a, const struct redis_address *b)
{
    return strcmp(a->host, b->host) == 0 && strcmp(a->port, b->port) == 0 &&
           strcmp(a->path, b->path) == 0;
}

int redis_address_set(struct redis_address *address, const char *host, size_t len, long long port)
{
    struct redis_address set = {0};
    struct span text = {host, len};
    const char *wrong = memchr(host, ':', len) ? read_ipv6(text, &set) : read_host(text, &set);

    if (wrong || port < 1 || port > 65535)
        return -EINVAL;
    snprintf(set.port, sizeof set.port, "%u", (unsigned)port & 0xffff);
    *address = set;
    return 0;
}
