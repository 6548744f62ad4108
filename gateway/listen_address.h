/* listen_address.h - one value of --listen: HOST:PORT | [IPV6]:PORT | unix:/PATH, then options
 * ,dialect=NAME, ,profile=doc|node, ,tls=on|off and ,proxy=on|off. */
#ifndef GATEWAY_LISTEN_ADDRESS_H
#define GATEWAY_LISTEN_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

struct dialect;

enum listen_tls { LISTEN_TLS_DEFAULT, LISTEN_TLS_OFF, LISTEN_TLS_ON };

/* Which authority wins where a document and the server it documents differ. */
enum profile { PROFILE_DOC, PROFILE_NODE };

struct listen_address {
    char text[200]; /* the address without options, for messages */
    struct sockaddr_storage address;
    socklen_t address_len;
    const struct dialect *dialect; /* of every connection; NULL: by path or first message */
    enum profile profile;
    bool admin;          /* what is for operators is served here, and may be nowhere else */
    bool proxy;          /* each connection begins with a header of the PROXY protocol */
    enum listen_tls tls; /* once settings are checked, no longer DEFAULT */
};

/* 0; -EINVAL with one line in error that names the setting. Hosts are numeric addresses. */
int listen_address_parse(const char *text, struct listen_address *out, char *error, size_t cap);

/* A non-blocking listening socket with SO_REUSEPORT (every worker has its own on the same port).
 * Its descriptor, or -errno. A stale Unix socket that nobody answers on is replaced. */
int listen_address_open(const struct listen_address *address);

#endif
