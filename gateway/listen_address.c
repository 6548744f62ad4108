/* listen_address.c - see listen_address.h. */
#include "gateway/listen_address.h"

#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "gateway/dialects/dialect.h"

enum { BACKLOG = 4096 };

static int wrong(char *error, size_t cap, const char *text, const char *why)
{
    snprintf(error, cap, "listen: '%.100s' %s", text, why);
    return -EINVAL;
}

static int parse_unix(const char *path, struct listen_address *out)
{
    struct sockaddr_un *un = (struct sockaddr_un *)&out->address;

    if (*path != '/' || strlen(path) >= sizeof un->sun_path)
        return -EINVAL;
    un->sun_family = AF_UNIX;
    memcpy(un->sun_path, path, strlen(path) + 1);
    out->address_len = sizeof *un;
    return 0;
}

/* One to five digits, which atoi() reads without overflow. */
static bool port_valid(const char *port)
{
    size_t len = strspn(port, "0123456789");

    return len > 0 && len <= 5 && port[len] == '\0' && atoi(port) <= 65535;
}

static int parse_tcp(const char *text, struct listen_address *out)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                             .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char host[200];
    const char *colon = strrchr(text, ':');
    size_t len = colon ? (size_t)(colon - text) : 0;
    bool brackets = len > 2 && text[0] == '[' && text[len - 1] == ']';

    if (!colon || len == 0 || len >= sizeof host || !port_valid(colon + 1))
        return -EINVAL;
    snprintf(host, sizeof host, "%.*s", (int)(brackets ? len - 2 : len), text + brackets);
    if (getaddrinfo(host, colon + 1, &hints, &found) != 0)
        return -EINVAL;
    memcpy(&out->address, found->ai_addr, found->ai_addrlen);
    out->address_len = found->ai_addrlen;
    freeaddrinfo(found);
    return 0;
}

static int parse_option(const char *option, struct listen_address *out)
{
    if (strcmp(option, "profile=doc") == 0 || strcmp(option, "profile=node") == 0) {
        out->profile = option[8] == 'n' ? PROFILE_NODE : PROFILE_DOC;
        return 0;
    }
    if (strcmp(option, "tls=on") == 0 || strcmp(option, "tls=off") == 0) {
        out->tls = option[5] == 'n' ? LISTEN_TLS_ON : LISTEN_TLS_OFF;
        return 0;
    }
    if (strcmp(option, "proxy=on") == 0 || strcmp(option, "proxy=off") == 0) {
        out->proxy = option[7] == 'n';
        return 0;
    }
    if (strcmp(option, "dialect=auto") == 0)
        return 0;
    if (strncmp(option, "dialect=", 8) != 0)
        return -EINVAL;
    out->dialect = dialect_by_name(option + 8);
    return out->dialect ? 0 : -EINVAL;
}

int listen_address_parse(const char *text, struct listen_address *out, char *error, size_t cap)
{
    char copy[300], *save = NULL;

    *out = (struct listen_address){0};
    if (strlen(text) >= sizeof copy)
        return wrong(error, cap, text, "is too long");
    strcpy(copy, text);
    char *address = strtok_r(copy, ",", &save);
    if (!address || strlen(address) >= sizeof out->text)
        return wrong(error, cap, text, "has no address");
    strcpy(out->text, address);
    int err =
        strncmp(address, "unix:", 5) == 0 ? parse_unix(address + 5, out) : parse_tcp(address, out);
    if (err)
        return wrong(error, cap, text, "must begin with IP:PORT, [IPV6]:PORT or unix:/PATH");
    for (char *option; (option = strtok_r(NULL, ",", &save));)
        if (parse_option(option, out) < 0)
            return wrong(
                error, cap, text,
                "has an option other than dialect=auto|exchange|binance|injective|nano|drift|"
                "zilliqa, profile=doc|node, tls=on|off and proxy=on|off");
    return 0;
}

/* A socket file whose server has died stays behind and would refuse us for ever. */
static void remove_stale(const struct listen_address *a)
{
    const struct sockaddr_un *un = (const struct sockaddr_un *)&a->address;
    struct stat st;

    if (lstat(un->sun_path, &st) < 0 || !S_ISSOCK(st.st_mode))
        return; /* connecting to a plain file is refused as well, and it is not ours */
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    if (connect(fd, (const struct sockaddr *)&a->address, a->address_len) < 0 &&
        errno == ECONNREFUSED)
        unlink(un->sun_path);
    close(fd);
}

int listen_address_open(const struct listen_address *a)
{
    int on = 1, family = a->address.ss_family;
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -errno;
    if (family == AF_UNIX) {
        remove_stale(a);
    } else {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    }
    if (bind(fd, (const struct sockaddr *)&a->address, a->address_len) < 0 ||
        listen(fd, BACKLOG) < 0) {
        int err = -errno;
        close(fd);
        return err;
    }
    return fd;
}
