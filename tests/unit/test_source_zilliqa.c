/* Zilliqa's notifications and the events they become. */
#define NORMALISER zilliqa_normaliser
#include "tests/unit/normaliser_harness.h"

#define A "1111111111111111111111111111111111111111"
#define B "2222222222222222222222222222222222222222"
#define BLOCK_VALUE "{\"TxBlock\":{\"header\":{\"BlockNum\":\"15\"}},\"TxHashes\":[[\"ab\"]]}"
#define BLOCK "{\"query\":\"NewBlock\",\"value\":" BLOCK_VALUE "}"
#define NOTIFICATION(values) "{\"type\":\"Notification\",\"values\":[" values "]}"
#define BLOCK_EVENT "zilliqa.NewBlock|15|" BLOCK_VALUE ";"
#define FOO "{\"_eventname\":\"foo\", \"params\":[1.0]}"

Test(source_zilliqa, a_block_passes_word_for_word_tagged_with_its_number)
{
    expect_events(NOTIFICATION(BLOCK), BLOCK_EVENT);
}

Test(source_zilliqa, events_go_to_their_address_and_the_block_comes_last)
{
    expect_events(NOTIFICATION(BLOCK ",{\"query\":\"EventLog\",\"value\":[{\"address\":\"" B
                                     "\",\"event_logs\":[" FOO "]},{\"address\":\"0x" A
                                     "\",\"event_logs\":[" FOO "," FOO "]}]}"),
                  "zilliqa.EventLog." A "|15|{\"BlockNum\":\"15\",\"address\":\"" A
                  "\",\"event_logs\":[" FOO "," FOO "]};"
                  "zilliqa.EventLog." B "|15|{\"BlockNum\":\"15\",\"address\":\"" B
                  "\",\"event_logs\":[" FOO "]};" BLOCK_EVENT);
    cr_expect_str_eq(kept, "zilliqa.EventLog." A " entity part;"
                           "zilliqa.EventLog." B " entity part;"
                           "zilliqa.NewBlock stream end;");
}

Test(source_zilliqa, an_address_has_one_event_a_block_even_if_it_is_listed_twice)
{
    expect_events(NOTIFICATION("{\"query\":\"EventLog\",\"value\":[{\"address\":\"" A
                               "\",\"event_logs\":[" FOO "]},{\"address\":\"" A
                               "\",\"event_logs\":[" FOO "]}]}," BLOCK),
                  "zilliqa.EventLog." A "|15|{\"BlockNum\":\"15\",\"address\":\"" A
                  "\",\"event_logs\":[" FOO "," FOO "]};" BLOCK_EVENT);
}

Test(source_zilliqa, events_without_a_name_or_parameters_are_passed_over)
{
    expect_events(NOTIFICATION(BLOCK ",{\"query\":\"EventLog\",\"value\":[{\"address\":\"" A
                                     "\",\"event_logs\":[{\"params\":[]},{\"_eventname\":\"x\"},"
                                     "{\"_eventname\":5,\"params\":[]},7]}]}"),
                  BLOCK_EVENT);
}

Test(source_zilliqa, a_topic_without_a_value_has_no_events)
{
    expect_events(NOTIFICATION(BLOCK ",{\"query\":\"EventLog\"},{\"query\":\"TxnLog\"},"
                                     "{\"query\":\"Unsubscribe\",\"value\":[\"NewBlock\"]}"),
                  BLOCK_EVENT);
}

Test(source_zilliqa, a_transaction_goes_to_its_receiver_and_to_its_sender)
{
    expect_events(NOTIFICATION(BLOCK ",{\"query\":\"TxnLog\",\"value\":[{\"address\":\"" B
                                     "\",\"log\":[{\"ID\":\"x\",\"fromAddr\":\"" A
                                     "\",\"toAddr\":\"" B "\"}]}]}"),
                  "zilliqa.TxnLog." A "|15|{\"BlockNum\":\"15\",\"address\":\"" A
                  "\",\"log\":[{\"ID\":\"x\",\"fromAddr\":\"" A "\",\"toAddr\":\"" B "\"}]};"
                  "zilliqa.TxnLog." B "|15|{\"BlockNum\":\"15\",\"address\":\"" B
                  "\",\"log\":[{\"ID\":\"x\",\"fromAddr\":\"" A "\",\"toAddr\":\"" B
                  "\"}]};" BLOCK_EVENT);
}

Test(source_zilliqa, a_transaction_to_oneself_is_told_once)
{
    expect_events(NOTIFICATION(BLOCK ",{\"query\":\"TxnLog\",\"value\":[{\"address\":\"" A
                                     "\",\"log\":[{\"fromAddr\":\"" A "\",\"toAddr\":\"" A
                                     "\"}]}]}"),
                  "zilliqa.TxnLog." A "|15|{\"BlockNum\":\"15\",\"address\":\"" A
                  "\",\"log\":[{\"fromAddr\":\"" A "\",\"toAddr\":\"" A "\"}]};" BLOCK_EVENT);
}

Test(source_zilliqa, answers_to_requests_are_no_events)
{
    expect_events("{\"query\":\"NewBlock\"}", "");
    expect_events("\"invalid query field\"", "");
    expect_events("{\"type\":\"Error\",\"error\":\"invalid query field\"}", "");
    expect_events("{\"type\":\"notification\",\"values\":[{\"query\":\"EventLog\"}]}", "");
}

Test(source_zilliqa, what_is_of_no_block_or_no_notification_is_bad)
{
    expect_bad("[]");
    expect_bad("{\"type\":\"Notification\"}");
    expect_bad("{\"type\":\"other\",\"values\":[]}");
    expect_bad(NOTIFICATION("{\"query\":\"NewBlock\"}"));
    expect_bad(
        NOTIFICATION("{\"query\":\"NewBlock\",\"value\":{\"TxBlock\":{\"header\":{\"BlockNum\":"
                     "\"x\"}}}}"));
    expect_bad(NOTIFICATION("{\"query\":\"EventLog\",\"value\":[{\"address\":\"" A
                            "\",\"event_logs\":[" FOO "]}]}"));
}
