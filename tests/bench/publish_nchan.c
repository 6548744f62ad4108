/* publish_nchan.c - the streams s0, s1, ... by POST to nchan's publisher. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/bench/publish.h"

enum { REQUEST_ROOM = 512 }; /* of a message: the request's head and the stream's name */

static void add(struct publisher *p, uint64_t stream, uint64_t n)
{
    static char data[PUBLISH_SIZE_MAX + 100];
    char before[64];
    size_t len = publish_payload(p, data, n);
    int before_len =
        snprintf(before, sizeof before, "{\"stream\":\"s%" PRIu64 "\",\"data\":", stream);
    char *room = publish_room(p, len + REQUEST_ROOM);
    p->len += (size_t)snprintf(room, REQUEST_ROOM,
                               "POST /pub?s=s%" PRIu64 " HTTP/1.1\r\nHost: localhost\r\n"
                               "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                               stream, (size_t)before_len + len + 1, before);
    memcpy(p->out + p->len, data, len);
    p->len += len;
    p->out[p->len++] = '}';
    publish_sent(p);
}

static void tick(struct publisher *p, uint64_t n)
{
    for (uint64_t stream = 0; stream < p->streams; stream++)
        add(p, stream, n);
}

const struct publish_kind publish_nchan = {.name = "nchan", .tick = tick, .http = true};
