/* The exchange's messages and the events they become. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "publisher/sources/normaliser.h"

static char events[1024];
static const char *why;

static void note(void *ctx, const struct event *e)
{
    size_t at = strlen(events);

    (void)ctx;
    snprintf(events + at, sizeof events - at, "%.*s|%.*s|%.*s;", (int)e->stream_len, e->stream,
             (int)e->tag_len, e->tag ? e->tag : "", (int)e->data_len, e->data);
}

static int normalise(const char *text)
{
    struct json_value root;

    events[0] = '\0';
    why = NULL;
    cr_assert_eq(json_check(text, strlen(text), JSON_STRICT, &root, NULL), 0, "%s", text);
    return exchange_normaliser.normalise(root, note, NULL, &why);
}

static void expect_event(const char *text, const char *event)
{
    cr_expect_eq(normalise(text), 0, "%s", text);
    cr_expect_str_eq(events, event);
}

static void expect_bad(const char *text)
{
    cr_expect_eq(normalise(text), -EBADMSG, "%s", text);
    cr_expect_not_null(why);
    cr_expect_str_eq(events, "");
}

Test(source_exchange, the_data_pass_word_for_word)
{
    expect_event(
        "{\"stream\":\"depth.SOL_USDC\", \"data\": {\"b\" : [[\"1.10\",\"0\"]], \"u\":1e2 } }",
        "depth.SOL_USDC||{\"b\" : [[\"1.10\",\"0\"]], \"u\":1e2 };");
}

Test(source_exchange, a_trade_is_tagged_with_its_id)
{
    expect_event(
        "{\"stream\":\"btcusdt@trade\",\"data\":{\"e\":\"trade\",\"t\":123456789012345678901,"
        "\"a\":5}}",
        "btcusdt@trade|123456789012345678901|{\"e\":\"trade\",\"t\":"
        "123456789012345678901,\"a\":5};");
}

Test(source_exchange, an_aggregate_trade_is_tagged_with_its_own_id)
{
    expect_event("{\"stream\":\"b@aggTrade\",\"data\":{\"e\":\"aggTrade\",\"t\":1,\"a\":2}}",
                 "b@aggTrade|2|{\"e\":\"aggTrade\",\"t\":1,\"a\":2};");
}

Test(source_exchange, an_id_written_as_text_is_the_same_tag)
{
    expect_event("{\"stream\":\"s\",\"data\":{\"e\":\"trade\",\"t\":\"77\"}}",
                 "s|77|{\"e\":\"trade\",\"t\":\"77\"};");
}

Test(source_exchange, what_cannot_be_a_tag_is_none)
{
    expect_event("{\"stream\":\"s\",\"data\":{\"e\":\"trade\"}}", "s||{\"e\":\"trade\"};");
    expect_event("{\"stream\":\"s\",\"data\":{\"e\":\"trade\",\"t\":null}}",
                 "s||{\"e\":\"trade\",\"t\":null};");
    expect_event("{\"stream\":\"s\",\"data\":{\"e\":\"trade\",\"t\":\"a b\"}}",
                 "s||{\"e\":\"trade\",\"t\":\"a b\"};");
}

Test(source_exchange, nothing_but_trades_is_tagged)
{
    expect_event("{\"stream\":\"s\",\"data\":{\"e\":\"depthUpdate\",\"t\":1,\"a\":[]}}",
                 "s||{\"e\":\"depthUpdate\",\"t\":1,\"a\":[]};");
    expect_event("{\"stream\":\"s\",\"data\":[{\"e\":\"trade\",\"t\":1}]}",
                 "s||[{\"e\":\"trade\",\"t\":1}];");
}

Test(source_exchange, answers_to_requests_are_no_events_and_no_mistakes)
{
    expect_event("{\"result\":null,\"id\":1}", "");
    expect_event("{\"id\":\"x\",\"result\":[\"btcusdt@trade\"]}", "");
}

Test(source_exchange, anything_else_is_bad)
{
    expect_bad("{}");
    expect_bad("[]");
    expect_bad("\"text\"");
    expect_bad("{\"stream\":\"s\"}");
    expect_bad("{\"data\":1}");
    expect_bad("{\"stream\":1,\"data\":1}");
    expect_bad("{\"result\":null}");
    expect_bad("{\"error\":{\"code\":2,\"msg\":\"no\"},\"id\":1}");
    expect_bad("{\"stream\":\"a\\u0020b\",\"data\":1}");
}
