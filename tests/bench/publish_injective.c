/* publish_injective.c - blocks of a chain, part by part, their end last.
 *
 * --streams is the number of markets with a spot trade in each block: as many filters can differ.
 * Streams that no client of this measurement listens to are left out.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/bench/bench_injective.h"
#include "tests/bench/bench_util.h"
#include "tests/bench/publish.h"

/* One part with one event: at least p->size bytes of event, `fields` among them. */
static void add_part(struct publisher *p, const char *stream, uint64_t seq, const char *type,
                     uint64_t n, const char *fields)
{
    static char data[PUBLISH_SIZE_MAX + 1024];
    char tag[24];
    sprintf(tag, "%" PRIu64, p->height);
    int start = sprintf(data, "{\"block_height\":\"%s\",\"block_time\":\"1790000040120\",\"%s\":[",
                        tag, type);
    int len = start + sprintf(data + start, "{\"n\":%" PRIu64 ",\"t\":%" PRIu64 ",%s,\"p\":\"", n,
                              bench_now_us(), fields);
    while ((uint64_t)(len - start) + 2 < p->size)
        data[len++] = 'x';
    len += sprintf(data + len, "\"}]}");
    publish_message(p, stream, seq, tag, data, (size_t)len);
}

static void add_trades(struct publisher *p, uint64_t n)
{
    char stream[160], fields[128];
    for (uint64_t market = 0; market < p->streams; market++) {
        sprintf(stream, "injective.spot_trades.market." BENCH_MARKET, market);
        sprintf(fields, "\"market_id\":\"" BENCH_MARKET "\"", market);
        add_part(p, stream, market, "spot_trades", n, fields);
    }
}

static void add_end(struct publisher *p, uint64_t seq)
{
    char data[160], tag[24];
    sprintf(tag, "%" PRIu64, p->height);
    int len = sprintf(data,
                      "{\"block_height\":\"%s\",\"block_time\":\"1790000040120\","
                      "\"gas_price\":\"160000000.000000000000000000\"}",
                      tag);
    publish_message(p, "injective.block", seq, tag, data, (size_t)len);
}

static void tick(struct publisher *p, uint64_t n)
{
    uint64_t seq = p->streams;
    p->height++;
    add_trades(p, n);
    add_part(p, "injective.derivative_trades.market." BENCH_SHARED_MARKET, seq++,
             "derivative_trades", n, "\"market_id\":\"" BENCH_SHARED_MARKET "\"");
    add_part(p, "injective.spot_orderbook_updates.market." BENCH_SHARED_MARKET, seq++,
             "spot_orderbook_updates", n,
             "\"orderbook\":{\"market_id\":\"" BENCH_SHARED_MARKET "\"}");
    add_part(p, "injective.oracle_prices", seq++, "oracle_prices", n, "\"symbol\":\"BTC\"");
    add_end(p, seq);
}

const struct publish_kind publish_injective = {.name = "injective", .tick = tick};
