/* What a Drift order-book server sends, as events. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "publisher/sources/normaliser.h"

static char events[1000]; /* "stream[+] (tag) data; ", + where the last value is kept */

static void note(void *ctx, const struct event *e)
{
    size_t at = strlen(events);

    (void)ctx;
    snprintf(events + at, sizeof events - at, "%.*s%s (%.*s) %.*s; ", (int)e->stream_len, e->stream,
             e->keep_last ? "+" : "", (int)e->tag_len, e->tag ? e->tag : "", (int)e->data_len,
             e->data);
}

static int normalise(const char *text)
{
    struct json_value message;
    const char *why = NULL;

    events[0] = '\0';
    cr_assert_eq(json_check(text, strlen(text), JSON_STRICT, &message, NULL), 0);
    int err = drift_normaliser.normalise(message, note, NULL, &why);
    cr_expect(err == 0 || (why && *why && !*events), "a reason, and no event");
    return err;
}

#define expect_events(text, wanted)                                                                \
    do {                                                                                           \
        cr_expect_eq(normalise(text), 0);                                                          \
        cr_expect_str_eq(events, wanted);                                                          \
    } while (0)

Test(source_drift, a_trade_is_unpacked_and_tagged_with_its_record)
{
    expect_events(
        "{\"channel\":\"trades_perp_0\","
        "\"data\":\"{\\\"ts\\\":1,\\\"fillRecordId\\\":42,\\\"taker\\\":\\\"\\u00e9\\\"}\"}",
        "trades_perp_0 (42) {\"ts\":1,\"fillRecordId\":42,\"taker\":\"é\"}; ");
    expect_events("{\"channel\":\"trades_perp_0\",\"data\":\"{\\\"fillRecordId\\\":\\\"7\\\"}\"}",
                  "trades_perp_0 (7) {\"fillRecordId\":\"7\"}; ");
}

Test(source_drift, a_trade_without_a_record_has_no_tag)
{
    expect_events("{\"channel\":\"trades_perp_0\",\"data\":\"{\\\"ts\\\":1}\"}",
                  "trades_perp_0 () {\"ts\":1}; ");
    expect_events("{\"channel\":\"trades_perp_0\",\"data\":\"{\\\"fillRecordId\\\":[1]}\"}",
                  "trades_perp_0 () {\"fillRecordId\":[1]}; ");
}

Test(source_drift, an_order_book_keeps_its_last_value_and_has_no_tag)
{
    expect_events("{\"channel\":\"orderbook_perp_0_grouped_100\","
                  "\"data\":\"{\\\"slot\\\":1,\\\"fillRecordId\\\":2}\"}",
                  "orderbook_perp_0_grouped_100+ () {\"slot\":1,\"fillRecordId\":2}; ");
    expect_events("{\"channel\":\"orderbook_spot_1\",\"data\":\"{}\"}",
                  "orderbook_spot_1+ () {}; ");
}

Test(source_drift, the_finest_order_book_goes_by_the_name_without_grouping_too)
{
    expect_events("{\"channel\":\"orderbook_perp_0_grouped_1\",\"data\":\"{\\\"slot\\\":1}\"}",
                  "orderbook_perp_0_grouped_1+ () {\"slot\":1}; orderbook_perp_0+ () "
                  "{\"slot\":1}; ");
    expect_events("{\"channel\":\"orderbook_perp_0_grouped_1_indicative\",\"data\":\"{}\"}",
                  "orderbook_perp_0_grouped_1_indicative+ () {}; ");
}

Test(source_drift, fees_and_data_that_is_an_object_already)
{
    expect_events("{\"channel\":\"priorityFees_perp_0\",\"data\":{\"low\": 1}}",
                  "priorityFees_perp_0 () {\"low\": 1}; ");
}

Test(source_drift, heartbeats_and_answers_are_no_events)
{
    expect_events("{\"channel\":\"heartbeat\"}", "");
    expect_events("{\"message\":\"Subscribe received for channel: trades, market: SOL-PERP, "
                  "marketType: perp\"}",
                  "");
}

Test(source_drift, errors_and_what_else_is_wrong_are_bad)
{
    static const char *const texts[] = {
        "{\"channel\":\"orderbook\",\"error\":\"Error subscribing to channel\"}",
        "{\"error\":\"Error subscribing to channel: [object Object]\"}",
        "{\"channel\":\"trades_perp_0\"}",
        "{\"data\":\"{}\"}",
        "{\"channel\":5,\"data\":\"{}\"}",
        "{\"channel\":\"two words\",\"data\":\"{}\"}",
        "{\"channel\":\"_own\",\"data\":\"{}\"}",
        "{\"channel\":\"trades_perp_0\",\"data\":\"{\"}",
        "{\"channel\":\"trades_perp_0\",\"data\":\"\"}",
        "{\"channel\":\"trades_perp_0\",\"data\":5}",
        "[]",
        "5"};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        cr_expect_eq(normalise(texts[i]), -EBADMSG, "%s", texts[i]);
}
