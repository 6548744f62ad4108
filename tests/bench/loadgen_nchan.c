/* loadgen_nchan.c - subscribers of nginx's nchan: /sub?s=s0,s1,... */
#include <inttypes.h>
#include <stdio.h>

#include "tests/bench/loadgen_dialect.h"

static size_t path(const struct tally *t, uint32_t client, char *out, size_t cap)
{
    uint64_t first = tally_first_stream(t, client);
    size_t len = (size_t)snprintf(out, cap, "/sub?s=");
    for (uint64_t i = 0; i < t->streams && len < cap; i++)
        len += (size_t)snprintf(out + len, cap - len, "%ss%" PRIu64, i ? "," : "",
                                (first + i) % t->of);
    return len < cap ? len : cap;
}

static size_t no_request(const struct tally *t, const struct bench_accounts *accounts,
                         uint32_t client, char *out, size_t cap)
{
    (void)t, (void)accounts, (void)client, (void)out, (void)cap;
    return 0;
}

/* The messages are published as they are to arrive. */
static bool text(struct tally *t, const struct bench_accounts *accounts, uint32_t client,
                 const char *bytes, size_t len, uint64_t now_us)
{
    return load_exchange.text(t, accounts, client, bytes, len, now_us);
}

const struct load_dialect load_nchan = {
    .name = "nchan", .path = path, .request = no_request, .text = text};
