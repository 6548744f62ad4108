/* loadgen_nano.c - clients of the Nano dialect, each with an account of its own. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/bench/loadgen_dialect.h"

enum { NUMBER_DIGITS = 20 }; /* of each of the two numbers at the start of a hash */

static size_t request(const struct tally *t, const struct bench_accounts *accounts, uint32_t client,
                      char *out, size_t cap)
{
    (void)t;
    return (size_t)snprintf(out, cap,
                            "{\"action\":\"subscribe\",\"topic\":\"confirmation\","
                            "\"options\":{\"accounts\":[\"%s\"]}}",
                            accounts->names[client]);
}

static bool digits(const char *at, uint64_t *number)
{
    for (*number = 0; *at >= '0' && *at <= '9'; at++)
        *number = *number * 10 + (uint64_t)(*at - '0');
    return *at == 'F';
}

/* "hash":"<20 digits of n>F<20 digits of t>FF..." and the account that the client asked for. */
static bool parse(const char *text, size_t len, const char *account, uint64_t *n, uint64_t *t)
{
    static const char before[] = "\"hash\":\"";
    const char *hash = memmem(text, len, before, sizeof before - 1);
    if (!hash || text + len - hash < 2 * NUMBER_DIGITS + 16)
        return false;
    hash += sizeof before - 1;
    return digits(hash, n) && digits(hash + NUMBER_DIGITS + 1, t) &&
           memmem(text, len, account, BENCH_ACCOUNT_SIZE - 1) &&
           memcmp(text + len - 3, "}}}", 3) == 0;
}

static bool take_text(struct tally *t, const struct bench_accounts *accounts, uint32_t client,
                      const char *text, size_t len, uint64_t now_us)
{
    uint64_t n, sent_us;
    if (!parse(text, len, accounts->names[client], &n, &sent_us))
        return tally_bad(t);
    return tally_message(t, client, tally_first_stream(t, client), n, sent_us, len, now_us);
}

const struct load_dialect load_nano = {.name = "nano", .request = request, .text = take_text};
