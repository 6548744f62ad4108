/* The exchange's messages and the events they become. */
#define NORMALISER exchange_normaliser
#include "tests/unit/normaliser_harness.h"

Test(source_exchange, the_data_pass_word_for_word)
{
    expect_events(
        "{\"stream\":\"depth.SOL_USDC\", \"data\": {\"b\" : [[\"1.10\",\"0\"]], \"u\":1e2 } }",
        "depth.SOL_USDC||{\"b\" : [[\"1.10\",\"0\"]], \"u\":1e2 };");
}

Test(source_exchange, a_trade_is_tagged_with_its_id)
{
    expect_events(
        "{\"stream\":\"btcusdt@trade\",\"data\":{\"e\":\"trade\",\"t\":123456789012345678901,"
        "\"a\":5}}",
        "btcusdt@trade|123456789012345678901|{\"e\":\"trade\",\"t\":"
        "123456789012345678901,\"a\":5};");
}

Test(source_exchange, an_aggregate_trade_is_tagged_with_its_own_id)
{
    expect_events("{\"stream\":\"b@aggTrade\",\"data\":{\"e\":\"aggTrade\",\"t\":1,\"a\":2}}",
                  "b@aggTrade|2|{\"e\":\"aggTrade\",\"t\":1,\"a\":2};");
}

Test(source_exchange, an_id_written_as_text_is_the_same_tag)
{
    expect_events("{\"stream\":\"s\",\"data\":{\"e\":\"trade\",\"t\":\"77\"}}",
                  "s|77|{\"e\":\"trade\",\"t\":\"77\"};");
}

Test(source_exchange, what_cannot_be_a_tag_is_none)
{
    expect_events("{\"stream\":\"s\",\"data\":{\"e\":\"trade\"}}", "s||{\"e\":\"trade\"};");
    expect_events("{\"stream\":\"s\",\"data\":{\"e\":\"trade\",\"t\":null}}",
                  "s||{\"e\":\"trade\",\"t\":null};");
    expect_events("{\"stream\":\"s\",\"data\":{\"e\":\"trade\",\"t\":\"a b\"}}",
                  "s||{\"e\":\"trade\",\"t\":\"a b\"};");
}

Test(source_exchange, nothing_but_trades_is_tagged)
{
    expect_events("{\"stream\":\"s\",\"data\":{\"e\":\"depthUpdate\",\"t\":1,\"a\":[]}}",
                  "s||{\"e\":\"depthUpdate\",\"t\":1,\"a\":[]};");
    expect_events("{\"stream\":\"s\",\"data\":[{\"e\":\"trade\",\"t\":1}]}",
                  "s||[{\"e\":\"trade\",\"t\":1}];");
}

Test(source_exchange, answers_to_requests_are_no_events_and_no_mistakes)
{
    expect_events("{\"result\":null,\"id\":1}", "");
    expect_events("{\"id\":\"x\",\"result\":[\"btcusdt@trade\"]}", "");
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
