/* address.h - where a connection comes from: IP addresses, networks, and lists of them.
 *
 * An IPv4 address is kept as its IPv4-mapped IPv6 form, so that 10.0.0.1 is the same whether it
 * came over an IPv4 or an IPv6 socket, or as text.
 */
#ifndef GATEWAY_ADDRESS_H
#define GATEWAY_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "common/settings.h"

struct address {
    unsigned char bytes[16]; /* all zero: unknown, e.g. a Unix socket's peer */
};

enum { ADDRESS_TEXT_MAX = 46, NETWORKS_MAX = 64 };

/* Zero unless the family is IPv4 or IPv6. */
struct address address_of(const struct sockaddr *from);

/* Text without port or brackets. 0; -EINVAL. */
int address_parse(const char *text, size_t len, struct address *out);

bool address_known(const struct address *a);

/* "10.0.0.1", "2001:db8::1"; "" when it is not known. */
const char *address_text(const struct address *a, char text[ADDRESS_TEXT_MAX]);

/* What limits are counted for: IPv6 by /64, since whoever has one address there has them all. */
struct address address_party(const struct address *a);

struct network {
    struct address address;
    unsigned bits; /* 0-128, of the mapped form */
};

struct networks {
    struct network of[NETWORKS_MAX];
    unsigned n;
    bool unix_sockets; /* the word "unix" was in the list */
};

/* Each item is ADDRESS, ADDRESS/BITS, "loopback" (127.0.0.0/8 and ::1) or "unix" (whoever comes
 * over a Unix socket). 0; -EINVAL with one line in error that begins with the setting's name. */
int networks_parse(const struct setting_list *items, const char *setting, struct networks *out,
                   char *error, size_t cap);

/* An unknown address is in it when unix_sockets is set. */
bool networks_have(const struct networks *n, const struct address *a);

/* Who asked, when `peer` is a trusted proxy and `forwarded` its X-Forwarded-For: the right-most
 * address there that is no trusted proxy, since all that is left of it may be the asker's own
 * invention. What cannot be read ends the search: the last address that was vouched for counts. */
struct address address_behind_proxies(const struct networks *trusted, struct address peer,
                                      const char *forwarded);

#endif
