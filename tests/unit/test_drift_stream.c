/* Which of the server's channels a stream of Drift's is made of. */
#include <criterion/criterion.h>
#include <string.h>

#include "publisher/sources/drift_stream.h"

static struct drift_markets markets;

static void set_up(void)
{
    char error[DRIFT_MARKETS_ERROR_MAX];

    cr_assert_eq(drift_markets_load(&markets, "", error), 0, "%s", error);
}

static void tear_down(void)
{
    drift_markets_fini(&markets);
}

TestSuite(drift_stream, .init = set_up, .fini = tear_down);

static void expect_request(const char *name, const char *wanted)
{
    struct drift_stream stream;
    char text[DRIFT_REQUEST_MAX];

    cr_assert(drift_stream_read(name, strlen(name), &markets, &stream), "%s", name);
    cr_expect_eq(drift_stream_request(&stream, "subscribe", &markets, text), strlen(wanted));
    cr_expect_str_eq(text, wanted);
}

#define REQUEST(type, channel, market, more)                                                       \
    "{\"type\":\"subscribe\",\"marketType\":\"" type "\",\"channel\":\"" channel                   \
    "\",\"market\":\"" market "\"" more "}"

Test(drift_stream, native_names)
{
    expect_request("orderbook_perp_0_grouped_10",
                   REQUEST("perp", "orderbook", "SOL-PERP", ",\"grouping\":10"));
    expect_request("orderbook_perp_1", REQUEST("perp", "orderbook", "BTC-PERP", ",\"grouping\":1"));
    expect_request("orderbook_perp_0_grouped_1_indicative",
                   REQUEST("perp", "orderbook_indicative", "SOL-PERP", ",\"grouping\":1"));
    expect_request("trades_spot_1", REQUEST("spot", "trades", "SOL", ""));
    expect_request("priorityFees_perp_2", REQUEST("perp", "priorityfees", "ETH-PERP", ""));
}

Test(drift_stream, market_data)
{
    expect_request("trade.drift.SOL-PERP", REQUEST("perp", "trades", "SOL-PERP", ""));
    expect_request("book.drift.SOL", REQUEST("spot", "orderbook", "SOL", ",\"grouping\":1"));
}

Test(drift_stream, the_finest_grouping_and_none_are_one)
{
    struct drift_stream a, b;

    cr_assert(drift_stream_read("orderbook_perp_0", 16, &markets, &a));
    cr_assert(drift_stream_read("orderbook_perp_0_grouped_1", 26, &markets, &b));
    cr_expect(drift_stream_equal(&a, &b));
}

Test(drift_stream, what_is_made_of_no_channel)
{
    static const char *const names[] = {"",
                                        "orderbook_",
                                        "orderbook_perp_",
                                        "orderbook_perp_0_grouped_7",
                                        "orderbook_perp_0_grouped_",
                                        "orderbook_perp_0_more",
                                        "orderbook_swap_0",
                                        "trades_perp_0_grouped_1",
                                        "trades_perp_65535",
                                        "trades_perp_99999999999999999999",
                                        "trade.drift.NO-SUCH",
                                        "trade.injective.X",
                                        "last_update_orderbook_perp_0"};
    struct drift_stream stream;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        cr_expect_not(drift_stream_read(names[i], strlen(names[i]), &markets, &stream), "%s",
                      names[i]);
}
