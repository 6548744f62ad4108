/* publish_exchange.c - messages on the streams s0, s1, ... */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/bench/bench_util.h"
#include "tests/bench/publish.h"

size_t publish_payload(const struct publisher *p, char *out, uint64_t n)
{
    size_t len =
        (size_t)sprintf(out, "{\"n\":%" PRIu64 ",\"t\":%" PRIu64 ",\"p\":\"", n, bench_now_us());
    size_t padding = p->size > len + 2 ? p->size - len - 2 : 0;
    memset(out + len, 'x', padding);
    memcpy(out + len + padding, "\"}", 2);
    return len + padding + 2;
}

static void add(struct publisher *p, uint64_t stream, uint64_t n)
{
    static char data[PUBLISH_SIZE_MAX + 100];
    char name[24];
    sprintf(name, "s%" PRIu64, stream);
    publish_message(p, name, stream, NULL, data, publish_payload(p, data, n));
}

static void tick(struct publisher *p, uint64_t n)
{
    if (p->turns && n > 0) {
        uint64_t round, stream = publish_turn(n, p->streams, &round);
        add(p, stream, round);
        return;
    }
    for (uint64_t stream = 0; stream < p->streams; stream++)
        add(p, stream, n);
}

const struct publish_kind publish_exchange = {.name = "exchange", .tick = tick};
