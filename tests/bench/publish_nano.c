/* publish_nano.c - confirmations, on the streams that the publisher gives them.
 *
 *   nano.confirmation                    every one
 *   nano.confirmation.account.<account>  of the block's account, and of the one that its link names
 *
 * Number and time stand in the hash, which is the message's tag.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/bench/bench_util.h"
#include "tests/bench/publish.h"

#define HEX_8 "4F1D2B90"
#define HEX_64 HEX_8 HEX_8 HEX_8 HEX_8 HEX_8 HEX_8 HEX_8 HEX_8

static const char confirmation[] =
    "{\"topic\":\"confirmation\",\"time\":\"1790000041550\",\"message\":{"
    "\"account\":\"%s\",\"amount\":\"332416000000000000000000000000000\",\"hash\":\"%s\","
    "\"confirmation_type\":\"active_quorum\",\"election_info\":{\"duration\":\"622\","
    "\"time\":\"1790000041548\",\"tally\":\"57000000000000000000000000000000000000\","
    "\"final\":\"57000000000000000000000000000000000000\",\"blocks\":\"1\",\"voters\":\"3\","
    "\"request_count\":\"0\"},\"block\":{\"type\":\"state\",\"account\":\"%s\","
    "\"previous\":\"" HEX_64 "\",\"representative\":\"%s\","
    "\"balance\":\"563584000000000000000000000000000\",\"link\":\"" HEX_64 "\","
    "\"link_as_account\":\"%s\",\"signature\":\"" HEX_64 HEX_64 "\","
    "\"work\":\"13cc760e3eb069a6\",\"subtype\":\"send\"},"
    "\"sideband\":{\"height\":\"3635\",\"local_timestamp\":\"1790000041\"}}}";

static void add_for(struct publisher *p, uint64_t account, const char *tag, const char *data,
                    size_t len)
{
    char stream[128];
    snprintf(stream, sizeof stream, "nano.confirmation.account.%s", p->accounts.names[account]);
    publish_message(p, stream, account, tag, data, len);
}

/* all: on every stream that it belongs to; otherwise on that of its account alone. */
static void add(struct publisher *p, uint64_t account, uint64_t link, uint64_t n, bool all)
{
    char hash[65], data[2048];
    const char *name = p->accounts.names[account], *linked = p->accounts.names[link];
    snprintf(hash, sizeof hash, "%020" PRIu64 "F%020" PRIu64 "FFFFFFFFFFFFFFFFFFFFFFF", n,
             bench_now_us());
    size_t len =
        (size_t)snprintf(data, sizeof data, confirmation, name, hash, name, linked, linked);
    if (all)
        publish_message(p, "nano.confirmation", p->accounts.n, hash, data, len);
    add_for(p, account, hash, data, len);
    if (all)
        add_for(p, link, hash, data, len);
}

/* The warm-up is one for each client. After it, an event is between a client and a stranger, or
 * (--strangers) between two strangers. */
static void tick(struct publisher *p, uint64_t n)
{
    uint64_t half = p->accounts.n / 2, round;
    for (uint64_t i = 0; n == 0 && i < half; i++)
        add(p, i, half, 0, false);
    if (n == 0)
        return;
    uint64_t client = publish_turn(n, half, &round);
    uint64_t account = p->strangers ? half + client : client;
    add(p, account, half + (client + 1) % half, round, true);
}

const struct publish_kind publish_nano = {.name = "nano", .tick = tick};
