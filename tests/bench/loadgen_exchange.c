/* loadgen_exchange.c - clients of the exchange dialect. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/bench/loadgen_dialect.h"

enum { NUMBERS_WITHIN = 160 }; /* bytes at the start of a message in which its numbers stand */

static size_t request(const struct tally *t, const struct bench_accounts *accounts, uint32_t client,
                      char *out, size_t cap)
{
    uint64_t first = tally_first_stream(t, client);
    size_t len = (size_t)snprintf(out, cap, "{\"method\":\"SUBSCRIBE\",\"params\":[");
    (void)accounts;
    for (uint64_t i = 0; i < t->streams; i++)
        len += (size_t)snprintf(out + len, cap - len, "%s\"s%" PRIu64 "\"", i ? "," : "",
                                (first + i) % t->of);
    return len + (size_t)snprintf(out + len, cap - len, "],\"id\":1}");
}

/* {"stream":"s<stream>","data":{"n":<n>,"t":<t>,...}} */
static bool parse(const char *text, size_t len, uint64_t *stream, uint64_t *n, uint64_t *t)
{
    const char *end = text + (len < NUMBERS_WITHIN ? len : NUMBERS_WITHIN);
    bool ends_well = len > 3 && memcmp(text + len - 3, "\"}}", 3) == 0;
    return tally_number_after(&text, end, "\"stream\":\"s", stream) &&
           tally_number_after(&text, end, "\"n\":", n) &&
           tally_number_after(&text, end, "\"t\":", t) && ends_well;
}

static bool take_text(struct tally *t, const struct bench_accounts *accounts, uint32_t client,
                      const char *text, size_t len, uint64_t now_us)
{
    static const char ack[] = "{\"result\":"; /* in the Binance form, which has compression */
    uint64_t stream, n, sent_us;
    (void)accounts;
    if (len >= sizeof ack && memcmp(text, ack, sizeof ack - 1) == 0)
        return true;
    if (!parse(text, len, &stream, &n, &sent_us))
        return tally_bad(t);
    return tally_message(t, client, stream, n, sent_us, len, now_us);
}

const struct load_dialect load_exchange = {
    .name = "exchange", .request = request, .text = take_text};
