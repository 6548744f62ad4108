/* loadgen_injective.c - clients of the Injective dialect, with one subscription and one id. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/bench/bench_injective.h"
#include "tests/bench/loadgen_dialect.h"

static size_t request(const struct tally *t, const struct bench_accounts *accounts, uint32_t client,
                      char *out, size_t cap)
{
    (void)accounts;
    return (size_t)snprintf(
        out, cap,
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"subscribe\",\"params\":{\"req\":{"
        "\"subscription_id\":\"bench\",\"filter\":{"
        "\"spot_trades_filter\":{\"market_ids\":[\"" BENCH_MARKET "\"]},"
        "\"derivative_trades_filter\":{\"market_ids\":[\"" BENCH_SHARED_MARKET "\"]},"
        "\"spot_orderbooks_filter\":{\"market_ids\":[\"" BENCH_SHARED_MARKET "\"]},"
        "\"oracle_price_filter\":{\"symbol\":[\"*\"]}}}}}",
        tally_first_stream(t, client));
}

/* How many parts of block n the text has. */
static unsigned parts_of(const char *text, size_t len, uint64_t n)
{
    char mark[32];
    size_t mark_len = (size_t)snprintf(mark, sizeof mark, "{\"n\":%" PRIu64 ",", n);
    const char *end = text + len;
    unsigned parts = 0;
    while ((text = memmem(text, (size_t)(end - text), mark, mark_len))) {
        text += mark_len;
        parts++;
    }
    return parts;
}

static bool take_text(struct tally *t, const struct bench_accounts *accounts, uint32_t client,
                      const char *text, size_t len, uint64_t now_us)
{
    static const char accepted[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"success\"}";
    uint64_t market = tally_first_stream(t, client), n, sent_us;
    const char *at = text;
    char own[96];
    int own_len = snprintf(own, sizeof own, "\"market_id\":\"" BENCH_MARKET "\"", market);
    (void)accounts;
    if (len == sizeof accepted - 1 && memcmp(text, accepted, len) == 0)
        return true;
    if (!tally_number_after(&at, text + len, "{\"n\":", &n) ||
        !tally_number_after(&at, text + len, "\"t\":", &sent_us) ||
        !memmem(text, len, own, (size_t)own_len) || parts_of(text, len, n) != BENCH_PARTS)
        return tally_bad(t);
    return tally_message(t, client, market, n, sent_us, len, now_us);
}

const struct load_dialect load_injective = {
    .name = "injective", .request = request, .text = take_text};
