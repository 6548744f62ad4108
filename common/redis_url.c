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

static const char *read_credentials(struct span text, struct redis_url *url)
{
    const char *colon = memchr(text.at, ':', text.len);
    if (!colon)
        return "the part before '@' must be user:password or :password";
    const char *wrong = decode(span(text.at, colon), url->user, sizeof url->user);
    if (wrong)
        return wrong;
    wrong = decode(span(colon + 1, text.at + text.len), url->password, sizeof url->password);
    if (!wrong && url->user[0] && !url->password[0])
        return "a user needs a password: user:password@";
    return wrong;
}

static const char *read_port(struct span text, struct redis_url *url)
{
    unsigned long port = 0;
    if (!read_number(text, 65535, &port) || port == 0)
        return "the port must be a number from 1 to 65535";
    snprintf(url->port, sizeof url->port, "%u", (unsigned)port & 0xffff);
    return NULL;
}

static const char *read_db(struct span text, struct redis_url *url)
{
    unsigned long db = 0;
    if (text.len && !read_number(text, DB_MOST, &db))
        return "the database must be a whole number";
    url->db = (unsigned)db;
    return NULL;
}

static const char *read_host(struct span text, struct redis_url *url)
{
    if (text.len == 0)
        return "the host is missing";
    if (text.len >= sizeof url->host)
        return "the host is too long";
    for (size_t i = 0; i < text.len; i++)
        if (!isalnum((unsigned char)text.at[i]) && !memchr("-._", text.at[i], 3))
            return "the host may hold letters, digits, '-', '.' and '_' "
                   "(an IPv6 address goes in brackets)";
    memcpy(url->host, text.at, text.len);
    return NULL;
}

static const char *read_ipv6(struct span text, struct redis_url *url)
{
    struct in6_addr unused;
    if (text.len >= sizeof url->host)
        return "the host is too long";
    memcpy(url->host, text.at, text.len);
    if (inet_pton(AF_INET6, url->host, &unused) != 1)
        return "between the brackets must be an IPv6 address";
    return NULL;
}

/* host, host:port, [address] or [address]:port */
static const char *read_host_port(struct span text, struct redis_url *url)
{
    const char *end = text.at + text.len, *stop, *wrong;

    if (text.len && *text.at == '[') {
        stop = memchr(text.at, ']', text.len);
        if (!stop)
            return "the IPv6 address has no closing bracket";
        wrong = read_ipv6(span(text.at + 1, stop), url);
        stop++;
    } else {
        stop = memchr(text.at, ':', text.len);
        stop = stop ? stop : end;
        wrong = read_host(span(text.at, stop), url);
    }
    if (wrong || stop == end)
        return wrong;
    if (*stop != ':')
        return "only a port may follow the IPv6 address";
    return read_port(span(stop + 1, end), url);
}

/* ---- the two forms ------------------------------------------------------------------------- */

static const char *read_tcp(const char *text, struct redis_url *url)
{
    const char *slash = text + strcspn(text, "/");
    const char *at = memrchr(text, '@', (size_t)(slash - text)), *wrong = NULL;

    if (!at && strchr(slash, '@'))
        return "a '/' in user or password is written %2F";
    if (at)
        wrong = read_credentials(span(text, at), url);
    if (wrong)
        return wrong;
    strcpy(url->port, "6379");
    wrong = read_host_port(span(at ? at + 1 : text, slash), url);
    if (wrong || !*slash)
        return wrong;
    return read_db(span(slash + 1, strchr(slash, '\0')), url);
}

static const char *read_unix(const char *text, struct redis_url *url)
{
    size_t len = strcspn(text, "?");

    if (len < 2 || text[0] != '/')
        return "unix:// must be followed by an absolute path, as in unix:///run/redis.sock";
    if (len >= sizeof url->path)
        return "the path of the Unix socket is too long (107 bytes)";
    memcpy(url->path, text, len);
    if (!text[len])
        return NULL;
    const char *query = text + len + 1;
    if (strncmp(query, "db=", 3) != 0 || !query[3])
        return "after the path of the Unix socket only ?db=N may follow";
    return read_db(span(query + 3, strchr(query, '\0')), url);
}

static bool has_scheme(const char *text, const char *scheme)
{
    return strncasecmp(text, scheme, strlen(scheme)) == 0;
}

static const char *read_url(const char *text, struct redis_url *url)
{
    if (has_scheme(text, "redis://"))
        return read_tcp(text + strlen("redis://"), url);
    if (has_scheme(text, "unix://"))
        return read_unix(text + strlen("unix://"), url);
    if (has_scheme(text, "rediss://"))
        return "rediss:// (TLS) is not supported by this build yet";
    if (has_scheme(text, "redis+sentinel://"))
        return "redis+sentinel:// is not supported by this build yet";
    if (has_scheme(text, "redis+cluster://"))
        return "redis+cluster:// is not supported by this build yet";
    return "must begin with redis:// or unix://";
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

const char *redis_url_address(const struct redis_url *url, char *buf, size_t cap)
{
    if (url->path[0])
        snprintf(buf, cap, "%s", url->path);
    else
        snprintf(buf, cap, strchr(url->host, ':') ? "[%s]:%s" : "%s:%s", url->host, url->port);
    return buf;
}
