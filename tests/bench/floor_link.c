/* floor_link.c - see floor_link.h. */
#include "tests/bench/floor_link.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/bench_util.h"

struct link {
    int fd;
    const char *prefix;
    size_t prefix_len;
    link_message_fn *message;
    void *ctx;
    char *in;
    size_t len, cap;
};

/* Where the reading of a reply stands. */
struct cursor {
    const char *at, *end;
};

struct bulk {
    const char *bytes;
    size_t len;
};

struct link *link_new(uint64_t port, const char *prefix, link_message_fn *message, void *ctx)
{
    struct link *link = bench_calloc(1, sizeof *link);
    *link = (struct link){.fd = bench_connect(port),
                          .prefix = prefix,
                          .prefix_len = strlen(prefix),
                          .message = message,
                          .ctx = ctx,
                          .cap = 2 * LINK_READ_SLICE};
    link->in = bench_realloc(NULL, link->cap);
    return link;
}

void link_free(struct link **lp)
{
    struct link *link = *lp;
    *lp = NULL;
    close(link->fd);
    free(link->in);
    free(link);
}

int link_fd(const struct link *link)
{
    return link->fd;
}

void link_subscribe(struct link *link, const char *stream, size_t len)
{
    char command[512];
    int n = snprintf(command, sizeof command, "*2\r\n$9\r\nSUBSCRIBE\r\n$%zu\r\n%s%.*s\r\n",
                     link->prefix_len + len, link->prefix, (int)len, stream);
    if (n >= (int)sizeof command || send(link->fd, command, (size_t)n, MSG_NOSIGNAL) != n)
        bench_die("cannot subscribe to %.*s", (int)len, stream);
}

/* "<kind><number>\r\n". False when it is not all there. */
static bool read_number(struct cursor *c, char *kind, size_t *number)
{
    const char *end = memchr(c->at, '\n', (size_t)(c->end - c->at));
    if (!end)
        return false;
    *kind = *c->at;
    *number = 0;
    for (const char *p = c->at + 1; p < end - 1; p++)
        *number = *number * 10 + (size_t)(*p - '0');
    c->at = end + 1;
    return true;
}

/* A bulk string; an integer gives an empty one. */
static bool read_bulk(struct cursor *c, struct bulk *bulk)
{
    char kind;
    *bulk = (struct bulk){0};
    if (!read_number(c, &kind, &bulk->len))
        return false;
    if (kind == ':') {
        bulk->len = 0;
        return true;
    }
    if (kind != '$')
        bench_die("redis sent a reply of kind '%c'", kind);
    if ((size_t)(c->end - c->at) < bulk->len + 2)
        return false;
    bulk->bytes = c->at;
    c->at += bulk->len + 2;
    return true;
}

static void take_message(struct link *link, const struct bulk *channel, struct bulk data)
{
    const char *newline;
    bool headless = data.len == 0 || data.bytes[0] == '{' || data.bytes[0] == '[';
    if (!headless && (newline = memchr(data.bytes, '\n', data.len))) {
        data.len -= (size_t)(newline + 1 - data.bytes);
        data.bytes = newline + 1;
    }
    if (channel->len >= link->prefix_len)
        link->message(link->ctx, channel->bytes + link->prefix_len, channel->len - link->prefix_len,
                      data.bytes, data.len);
}

/* One reply: [kind, channel, payload or count]. False when it is not all there. */
static bool read_reply(struct link *link, struct cursor *c)
{
    struct cursor next = *c;
    struct bulk kind, channel, last;
    char type;
    size_t n;
    if (!read_number(&next, &type, &n))
        return false;
    if (type != '*' || n != 3)
        bench_die("redis sent a reply of kind '%c'", type);
    if (!read_bulk(&next, &kind) || !read_bulk(&next, &channel) || !read_bulk(&next, &last))
        return false;
    if (kind.len == 7) /* "message"; the confirmations are longer words */
        take_message(link, &channel, last);
    *c = next;
    return true;
}

void link_read(struct link *link)
{
    if (link->cap - link->len < LINK_READ_SLICE)
        link->in = bench_realloc(link->in, link->cap *= 2);
    ssize_t n = recv(link->fd, link->in + link->len, LINK_READ_SLICE, MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        bench_die("redis has gone");
    if (n < 0)
        return;
    link->len += (size_t)n;
    struct cursor c = {.at = link->in, .end = link->in + link->len};
    while (read_reply(link, &c))
        ;
    link->len = (size_t)(c.end - c.at);
    memmove(link->in, c.at, link->len);
}
