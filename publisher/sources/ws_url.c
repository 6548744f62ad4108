/* ws_url.c - see ws_url.h. */
#include "publisher/sources/ws_url.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PORT_MAX = 65535 };

static int bad(char error[WS_URL_ERROR_MAX], const char *reason)
{
    snprintf(error, WS_URL_ERROR_MAX, "%s", reason);
    return -EINVAL;
}

/* The rest is put into a line of HTTP as it is. */
static bool printable(const char *text)
{
    for (; *text; text++)
        if (*text <= ' ' || *text > '~')
            return false;
    return true;
}

static bool take(char *into, size_t max, const char *from, size_t len)
{
    if (len > max)
        return false;
    memcpy(into, from, len);
    into[len] = '\0';
    return true;
}

static int take_path(const char *path, struct ws_url *url, char error[WS_URL_ERROR_MAX])
{
    if (strchr(path, '#'))
        return bad(error, "a '#' has no place in a server's address");
    return take(url->path, WS_URL_PATH_MAX, path, strlen(path))
               ? 0
               : bad(error, "the path is longer than 2048 bytes");
}

static int read_socket(const char *text, struct ws_url *url, char error[WS_URL_ERROR_MAX])
{
    const char *path = strstr(text, ":/");
    size_t len = path ? (size_t)(path - text) : strlen(text);

    if (text[0] != '/' || !take(url->socket, WS_URL_SOCKET_MAX, text, len))
        return bad(error, "ws+unix: needs the absolute path of a socket, at most 107 bytes: "
                          "ws+unix:/run/node.sock");
    strcpy(url->authority, "localhost");
    return take_path(path ? path + 1 : "", url, error);
}

/* host or [address]; the rest is *end. */
static bool read_host(const char *text, size_t len, struct ws_url *url, const char **end)
{
    unsigned char address[16];

    if (text[0] != '[') {
        size_t n = 0;
        while (n < len && text[n] != ':')
            n++;
        *end = text + n;
        if (n == 0 || !take(url->host, WS_URL_HOST_MAX, text, n))
            return false;
        url->ip = inet_pton(AF_INET, url->host, address) == 1;
        return true;
    }
    const char *close = memchr(text, ']', len);
    if (!close || !take(url->host, WS_URL_HOST_MAX, text + 1, (size_t)(close - text - 1)))
        return false;
    *end = close + 1;
    url->ip = true;
    return inet_pton(AF_INET6, url->host, address) == 1;
}

static bool read_port(const char *text, size_t len, struct ws_url *url)
{
    if (len == 0)
        return true;
    if (text[0] != ':' || len < 2 || len > 6 || strspn(text + 1, "0123456789") < len - 1)
        return false;
    int port = atoi(text + 1);
    snprintf(url->port, sizeof url->port, "%d", port);
    return port > 0 && port <= PORT_MAX;
}

static int read_authority(const char *text, struct ws_url *url, char error[WS_URL_ERROR_MAX])
{
    size_t len = strcspn(text, "/?");
    const char *usual = url->tls ? "443" : "80", *end;

    if (memchr(text, '@', len))
        return bad(error, "a login has no place in the address; give it as "
                          "header=Authorization: ...");
    if (text[len] == '?')
        return bad(error, "a '/' must stand before the '?'");
    if (!read_host(text, len, url, &end))
        return bad(error, "no host after '//': a name, or an address (IPv6 in brackets)");
    strcpy(url->port, usual);
    if (!read_port(end, len - (size_t)(end - text), url))
        return bad(error, "the port is no number from 1 to 65535");
    bool plain = strcmp(url->port, usual) == 0, v6 = strchr(url->host, ':') != NULL;
    snprintf(url->authority, sizeof url->authority, "%s%s%s%s%s", v6 ? "[" : "", url->host,
             v6 ? "]" : "", plain ? "" : ":", plain ? "" : url->port);
    return take_path(text + len, url, error);
}

int ws_url_parse(const char *text, struct ws_url *url, char error[WS_URL_ERROR_MAX])
{
    *url = (struct ws_url){0};
    if (!printable(text))
        return bad(error, "an address is printable ASCII without spaces");
    if (strncmp(text, "ws+unix:", 8) == 0)
        return read_socket(text + 8, url, error);
    url->tls = strncmp(text, "wss://", 6) == 0;
    if (!url->tls && strncmp(text, "ws://", 5) != 0)
        return bad(error, "a server's address is ws://HOST[:PORT][/PATH], wss://... or "
                          "ws+unix:/SOCKET");
    return read_authority(text + (url->tls ? 6 : 5), url, error);
}
