/* Requests of Drift clients, and the streams they mean. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "gateway/dialects/drift_request.h"

static struct drift_markets markets;
static struct drift_request r;

static void set_up(void)
{
    char error[DRIFT_MARKETS_ERROR_MAX];

    cr_assert_eq(drift_markets_load(&markets, "", error), 0, "%s", error);
}

static void tear_down(void)
{
    drift_markets_fini(&markets);
}

static enum drift_verdict read_as(enum profile profile, const char *text)
{
    return drift_request_read(text, strlen(text), &markets, profile, &r);
}

/* The stream that an order book of SOL-PERP with that grouping is taken from. */
static const char *grouped(enum profile profile, const char *grouping)
{
    char text[400];

    snprintf(text, sizeof text,
             "{\"type\":\"subscribe\",\"marketType\":\"perp\",\"channel\":\"orderbook\","
             "\"market\":\"SOL-PERP\"%s%s}",
             *grouping ? ",\"grouping\":" : "", grouping);
    cr_assert_eq(read_as(profile, text), DRIFT_RIGHT);
    cr_expect_eq(strlen(r.stream), r.stream_len);
    return r.stream;
}

TestSuite(drift_request, .init = set_up, .fini = tear_down);

Test(drift_request, without_grouping_the_profiles_differ)
{
    cr_expect_str_eq(grouped(PROFILE_DOC, ""), "orderbook_perp_0");
    cr_expect_str_eq(grouped(PROFILE_DOC, "null"), "orderbook_perp_0");
    cr_expect_str_eq(grouped(PROFILE_NODE, ""), "orderbook_perp_0_grouped_1");
    cr_expect_str_eq(grouped(PROFILE_NODE, "null"), "orderbook_perp_0_grouped_1");
}

Test(drift_request, grouping_counts_by_the_number_it_begins_with)
{
    static const struct {
        const char *grouping, *stream;
    } cases[] = {
        {"1", "orderbook_perp_0_grouped_1"},
        {"10", "orderbook_perp_0_grouped_10"},
        {"1e2", "orderbook_perp_0_grouped_100"},
        {"500.0", "orderbook_perp_0_grouped_500"},
        {"\"1000\"", "orderbook_perp_0_grouped_1000"},
        {"\"10abc\"", "orderbook_perp_0_grouped_10abc"},
        {"\" 10 \"", "orderbook_perp_0_grouped_%2010%20"},
        {"\"0xA\"", "orderbook_perp_0_grouped_0xA"},
        {"10.5", "orderbook_perp_0_grouped_10.5"},
        {"7", "orderbook_perp_0_grouped_1"},
        {"-10", "orderbook_perp_0_grouped_1"},
        {"1e300", "orderbook_perp_0_grouped_1"},
        {"\"abc\"", "orderbook_perp_0_grouped_1"},
        {"\"\"", "orderbook_perp_0_grouped_1"},
        {"true", "orderbook_perp_0_grouped_1"},
        {"[10]", "orderbook_perp_0_grouped_1"},
        {"\"99999999999999999999\"", "orderbook_perp_0_grouped_1"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (enum profile p = PROFILE_DOC; p <= PROFILE_NODE; p++)
            cr_expect_str_eq(grouped(p, cases[i].grouping), cases[i].stream, "%s",
                             cases[i].grouping);
}

Test(drift_request, a_grouping_that_is_too_long_counts_as_none_of_the_valid_ones)
{
    char text[200] = "\"10", *end = text + 3;

    memset(end, 'x', 100);
    strcpy(end + 100, "\"");
    cr_expect_str_eq(grouped(PROFILE_NODE, text), "orderbook_perp_0_grouped_1");
}

Test(drift_request, every_channel_names_its_stream)
{
    cr_assert_eq(read_as(PROFILE_DOC, "{\"type\":\"subscribe\",\"marketType\":\"spot\","
                                      "\"channel\":\"trades\",\"market\":\"SOL\"}"),
                 DRIFT_RIGHT);
    cr_expect_str_eq(r.stream, "trades_spot_1");
    cr_expect_not(r.is_book);
    cr_assert_eq(read_as(PROFILE_DOC, "{\"type\":\"subscribe\",\"marketType\":\"perp\","
                                      "\"channel\":\"PriorityFees\",\"market\":\"btc-perp\"}"),
                 DRIFT_RIGHT);
    cr_expect_str_eq(r.stream, "priorityFees_perp_1");
    cr_expect_not(r.is_book);
    cr_assert_eq(read_as(PROFILE_DOC, "{\"type\":\"unsubscribe\",\"marketType\":\"perp\","
                                      "\"channel\":\"orderbook_indicative\","
                                      "\"market\":\"SOL-PERP\",\"grouping\":10}"),
                 DRIFT_RIGHT);
    cr_expect_str_eq(r.stream, "orderbook_perp_0_grouped_10_indicative");
    cr_expect(r.is_book);
    cr_expect_not(r.subscribe);
}

Test(drift_request, the_spelling_of_the_client_is_kept_and_decoded)
{
    cr_assert_eq(read_as(PROFILE_DOC, "{\"type\":\"Subscribe\",\"marketType\":\"PeRp\","
                                      "\"channel\":\"Tr\\u0061des\",\"market\":\"sol-PERP\"}"),
                 DRIFT_RIGHT);
    cr_expect_eq(strncmp(r.channel_word.at, "Trades", r.channel_word.len), 0);
    cr_expect_eq(strncmp(r.market.at, "sol-PERP", r.market.len), 0);
    cr_expect_eq(strncmp(r.market_type.at, "PeRp", r.market_type.len), 0);
}

Test(drift_request, what_has_no_type_of_ours_is_no_request)
{
    static const char *const texts[] = {"",
                                        "hello",
                                        "null",
                                        "[]",
                                        "\"subscribe\"",
                                        "{}",
                                        "{\"type\":1}",
                                        "{\"type\":\"subscribed\"}",
                                        "{\"type\":\"subscribe\"",
                                        "{\"type\":\"subscribe\"}x"};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        cr_expect_eq(read_as(PROFILE_DOC, texts[i]), DRIFT_NO_REQUEST, "%s", texts[i]);
}

Test(drift_request, a_part_that_is_missing_or_unknown_is_wrong)
{
    static const char *const texts[] = {
        "{\"type\":\"subscribe\"}",
        "{\"type\":\"subscribe\",\"marketType\":\"perp\",\"channel\":\"trades\"}",
        "{\"type\":\"subscribe\",\"market\":\"SOL-PERP\",\"channel\":\"trades\"}",
        "{\"type\":\"subscribe\",\"market\":\"SOL-PERP\",\"marketType\":\"perp\"}",
        "{\"type\":\"subscribe\",\"market\":\"SOL\",\"marketType\":\"perp\",\"channel\":\"trades\"}",
        "{\"type\":\"subscribe\",\"market\":5,\"marketType\":\"perp\",\"channel\":\"trades\"}",
        "{\"type\":\"subscribe\",\"market\":\"SOL-PERP\",\"marketType\":\"perp\",\"channel\":5}",
        "{\"type\":\"subscribe\",\"market\":\"SOL-PERP\",\"marketType\":\"perp\","
        "\"channel\":\"heartbeat\"}"};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        cr_expect_eq(read_as(PROFILE_DOC, texts[i]), DRIFT_WRONG, "%s", texts[i]);
}
