/* address.c - see address.h. */
#include "gateway/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/frame.h"

enum { MAPPED_BYTES = 12, MAPPED_BITS = 96 };

static const unsigned char mapped[MAPPED_BYTES] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool is_v4(const struct address *a)
{
    return memcmp(a->bytes, mapped, MAPPED_BYTES) == 0;
}

struct address address_of(const struct sockaddr *from)
{
    struct address a = {0};

    if (from->sa_family == AF_INET) {
        memcpy(a.bytes, mapped, MAPPED_BYTES);
        memcpy(a.bytes + MAPPED_BYTES, &((const struct sockaddr_in *)(const void *)from)->sin_addr,
               4);
    } else if (from->sa_family == AF_INET6) {
        memcpy(a.bytes, &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr, 16);
    }
    return a;
}

int address_parse(const char *text, size_t len, struct address *out)
{
    char copy[ADDRESS_TEXT_MAX];
    struct in_addr v4;

    if (len == 0 || len >= sizeof copy || memchr(text, '\0', len))
        return -EINVAL;
    memcpy(copy, text, len);
    copy[len] = '\0';
    *out = (struct address){0};
    if (inet_pton(AF_INET, copy, &v4) == 1) {
        memcpy(out->bytes, mapped, MAPPED_BYTES);
        memcpy(out->bytes + MAPPED_BYTES, &v4, 4);
        return 0;
    }
    return inet_pton(AF_INET6, copy, out->bytes) == 1 ? 0 : -EINVAL;
}

bool address_known(const struct address *a)
{
    static const struct address unknown;

    return memcmp(a, &unknown, sizeof unknown) != 0;
}

const char *address_text(const struct address *a, char text[ADDRESS_TEXT_MAX])
{
    *text = '\0';
    if (!address_known(a))
        return text;
    if (is_v4(a))
        inet_ntop(AF_INET, a->bytes + MAPPED_BYTES, text, ADDRESS_TEXT_MAX);
    else
        inet_ntop(AF_INET6, a->bytes, text, ADDRESS_TEXT_MAX);
    return text;
}

struct address address_party(const struct address *a)
{
    struct address party = *a;

    if (!is_v4(a))
        memset(party.bytes + 8, 0, 8);
    return party;
}

/* ---- networks ------------------------------------------------------------------------------- */

/* One to three digits, to the end of the text. */
static int parse_bits(const char *text, unsigned most, unsigned *bits)
{
    size_t len = strspn(text, "0123456789");

    if (len == 0 || len > 3 || text[len] != '\0')
        return -EINVAL;
    *bits = (unsigned)atoi(text);
    return *bits <= most ? 0 : -EINVAL;
}

static int parse_network(const char *text, struct network *out)
{
    size_t len = strcspn(text, "/");
    unsigned bits;

    if (address_parse(text, len, &out->address) < 0)
        return -EINVAL;
    unsigned before = is_v4(&out->address) ? MAPPED_BITS : 0;
    out->bits = 128;
    if (text[len] == '\0')
        return 0;
    if (parse_bits(text + len + 1, 128 - before, &bits) < 0)
        return -EINVAL;
    out->bits = before + bits;
    return 0;
}

static int add(struct networks *out, const char *text)
{
    if (out->n == NETWORKS_MAX)
        return -ENOSPC;
    int err = parse_network(text, &out->of[out->n]);
    if (!err)
        out->n++;
    return err;
}

int networks_parse(const struct setting_list *items, const char *setting, struct networks *out,
                   char *error, size_t cap)
{
    *out = (struct networks){0};
    for (size_t i = 0; i < items->n; i++) {
        const char *item = items->items[i];
        int err = 0;
        if (strcmp(item, "unix") == 0)
            out->unix_sockets = true;
        else if (strcmp(item, "loopback") == 0)
            err = add(out, "127.0.0.0/8") || add(out, "::1") ? -ENOSPC : 0;
        else
            err = add(out, item);
        if (err) {
            snprintf(
                error, cap,
                "%s: '%.60s' is not an IP address, ADDRESS/BITS, loopback or unix (at most %d)",
                setting, item, NETWORKS_MAX);
            return -EINVAL;
        }
    }
    return 0;
}

static bool in_network(const struct network *n, const struct address *a)
{
    size_t whole = n->bits / 8;
    unsigned rest = n->bits % 8;

    if (memcmp(n->address.bytes, a->bytes, whole) != 0)
        return false;
    return rest == 0 || (n->address.bytes[whole] ^ a->bytes[whole]) >> (8 - rest) == 0;
}

bool networks_have(const struct networks *n, const struct address *a)
{
    if (!address_known(a))
        return n->unix_sockets;
    for (unsigned i = 0; i < n->n; i++)
        if (in_network(&n->of[i], a))
            return true;
    return false;
}

/* ---- X-Forwarded-For ------------------------------------------------------------------------ */

/* "1.2.3.4", "1.2.3.4:5678", "2001:db8::1", "[2001:db8::1]:5678" */
static int parse_hop(const char *at, size_t len, struct address *out)
{
    const char *bracket = len > 0 && *at == '[' ? memchr(at, ']', len) : NULL;
    const char *colon = memchr(at, ':', len);

    if (bracket)
        return address_parse(at + 1, (size_t)(bracket - at) - 1, out);
    if (colon && !memchr(colon + 1, ':', len - (size_t)(colon - at) - 1))
        len = (size_t)(colon - at); /* one colon alone begins a port */
    return address_parse(at, len, out);
}

/* The right-most item before *end, which moves there; blanks round it are left out. */
static struct span last_item(const char *text, const char **end)
{
    const char *stop = *end, *at = stop;

    while (at > text && at[-1] != ',')
        at--;
    *end = at > text ? at - 1 : text;
    while (at < stop && (*at == ' ' || *at == '\t'))
        at++;
    while (stop > at && (stop[-1] == ' ' || stop[-1] == '\t'))
        stop--;
    return (struct span){at, (size_t)(stop - at)};
}

struct address address_behind_proxies(const struct networks *trusted, struct address peer,
                                      const char *forwarded)
{
    const char *end = forwarded + strlen(forwarded);
    struct address next;

    while (end > forwarded && networks_have(trusted, &peer)) {
        struct span item = last_item(forwarded, &end);
        if (parse_hop(item.at, item.len, &next) < 0)
            break;
        peer = next;
    }
    return peer;
}
