/* host_port.c - see host_port.h. */
#include "common/host_port.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOST_MAX = 256 };

/* 0; -EINVAL. */
static int split(const char *address, char host[HOST_MAX], const char **port)
{
    const char *colon = strrchr(address, ':'), *from = address;
    size_t len = colon ? (size_t)(colon - address) : 0;

    if (!colon || len == 0 || len >= HOST_MAX || strspn(colon + 1, "0123456789") < 1 ||
        strlen(colon + 1) > 5 || colon[1 + strspn(colon + 1, "0123456789")] != '\0' ||
        atoi(colon + 1) > 65535)
        return -EINVAL;
    if (address[0] == '[' && colon[-1] == ']' && len > 2) {
        from++;
        len -= 2;
    } else if (memchr(address, ':', len)) {
        return -EINVAL;
    }
    memcpy(host, from, len);
    host[len] = '\0';
    *port = colon + 1;
    return 0;
}

int host_port_resolve(const char *text, struct sockaddr_storage *to,
                      char error[HOST_PORT_ERROR_MAX])
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *found;
    char host[HOST_MAX];
    const char *port;

    if (split(text, host, &port) < 0) {
        snprintf(error, HOST_PORT_ERROR_MAX, "not HOST:PORT");
        return -EINVAL;
    }
    int err = getaddrinfo(host, port, &hints, &found);
    if (err) {
        snprintf(error, HOST_PORT_ERROR_MAX, "%s", gai_strerror(err));
        return -EINVAL;
    }
    memcpy(to, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return 0;
}
