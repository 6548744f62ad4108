/* origin.c - see origin.h. */
#include "gateway/origin.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "gateway/address.h"
#include "gateway/frame.h"

/* "https://example.com:8443" in its parts; each may be empty but the host. */
struct parts {
    struct span scheme, host, port;
};

static bool equal(struct span a, struct span b)
{
    return a.len == b.len && strncasecmp(a.at, b.at, a.len) == 0;
}

static bool all_of(struct span s, const char *accepted)
{
    for (size_t i = 0; i < s.len; i++)
        if (!strchr(accepted, s.at[i]) || s.at[i] == '\0')
            return false;
    return s.len > 0;
}

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static struct span usual_port(struct span scheme)
{
    if (equal(scheme, SPAN("https")) || equal(scheme, SPAN("wss")))
        return SPAN("443");
    if (equal(scheme, SPAN("http")) || equal(scheme, SPAN("ws")))
        return SPAN("80");
    return SPAN("");
}

/* A host is a name, an address, or an IPv6 address in brackets. */
static size_t host_length(const char *at)
{
    const char *bracket = *at == '[' ? strchr(at, ']') : NULL;

    return bracket ? (size_t)(bracket - at) + 1 : strcspn(at, ":");
}

static int split(const char *text, struct parts *out)
{
    const char *slashes = strstr(text, "://");

    *out = (struct parts){SPAN(""), SPAN(""), SPAN("")};
    if (slashes) {
        out->scheme = (struct span){text, (size_t)(slashes - text)};
        if (!all_of(out->scheme, LETTERS DIGITS "+-."))
            return -EINVAL;
        text = slashes + 3;
    }
    out->host = (struct span){text, host_length(text)};
    text += out->host.len;
    if (*text == ':') {
        out->port = (struct span){text + 1, strlen(text + 1)};
        if (!all_of(out->port, DIGITS))
            return -EINVAL;
    } else if (*text) {
        return -EINVAL;
    }
    if (out->port.len == 0)
        out->port = usual_port(out->scheme);
    return all_of(out->host, LETTERS DIGITS "-._:[]*") ? 0 : -EINVAL;
}

/* "*.example.com": something must stand for the star. */
static bool host_fits(struct span pattern, struct span host)
{
    if (pattern.len < 2 || pattern.at[0] != '*')
        return equal(pattern, host);
    struct span end = {pattern.at + 1, pattern.len - 1};
    if (host.len <= end.len)
        return false;
    return equal(end, (struct span){host.at + host.len - end.len, end.len});
}

static bool fits(const char *item, const struct parts *origin)
{
    struct parts allowed;

    if (strcmp(item, "null") == 0 || split(item, &allowed) < 0)
        return false;
    if (!host_fits(allowed.host, origin->host))
        return false;
    if (allowed.scheme.len > 0)
        return equal(allowed.scheme, origin->scheme) && equal(allowed.port, origin->port);
    return allowed.port.len == 0 || equal(allowed.port, origin->port);
}

bool origin_allowed(const struct setting_list *allowed, const char *origin)
{
    struct parts parts;
    bool whole = split(origin, &parts) == 0 && parts.scheme.len > 0;

    for (size_t i = 0; i < allowed->n; i++)
        if (whole ? fits(allowed->items[i], &parts)
                  : strcmp(origin, "null") == 0 && strcmp(allowed->items[i], "null") == 0)
            return true;
    return false;
}

bool origin_is_nameless(const char *origin)
{
    struct parts p;
    struct address a;

    if (split(origin, &p) < 0 || p.scheme.len == 0)
        return false;
    if (equal(p.host, SPAN("localhost")))
        return true;
    if (p.host.len > 2 && *p.host.at == '[')
        return address_parse(p.host.at + 1, p.host.len - 2, &a) == 0;
    return address_parse(p.host.at, p.host.len, &a) == 0;
}

int origins_check(const struct setting_list *allowed, char *error, size_t cap)
{
    for (size_t i = 0; i < allowed->n; i++) {
        const char *item = allowed->items[i];
        struct parts p;
        bool ok = strcmp(item, "null") == 0 || split(item, &p) == 0;
        if (ok && strcmp(item, "null") != 0 && memchr(p.host.at, '*', p.host.len))
            ok = p.host.len > 2 && p.host.at[0] == '*' && p.host.at[1] == '.' &&
                 !memchr(p.host.at + 1, '*', p.host.len - 1);
        if (ok)
            continue;
        snprintf(error, cap,
                 "origins: '%.100s' must be like https://example.com, example.com, *.example.com "
                 "or null",
                 item);
        return -EINVAL;
    }
    return 0;
}
