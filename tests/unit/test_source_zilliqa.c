/* Zilliqa's notifications and the events they become. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "publisher/sources/normaliser.h"

#define A "1111111111111111111111111111111111111111"
#define B "2222222222222222222222222222222222222222"
#define BLOCK_VALUE "{\"TxBlock\":{\"header\":{\"BlockNum\":\"15\"}},\"TxHashes\":[[\"ab\"]]}"
#define BLOCK "{\"query\":\"NewBlock\",\"value\":" BLOCK_VALUE "}"
#define NOTIFICATION(values) "{\"type\":\"Notification\",\"values\":[" values "]}"
#define BLOCK_EVENT "zilliqa.NewBlock|15|" BLOCK_VALUE ";"
#define FOO "{\"_eventname\":\"foo\", \"params\":[1.0]}"

static char events[4096];
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
    return zilliqa_normaliser.normalise(root, note, NULL, &why);
}

static void becomes(const char *text, const char *wanted)
{
    cr_expect_eq(normalise(text), 0, "%s", text);
    cr_expect_str_eq(events, wanted);
}

static void is_bad(const char *text)
{
    cr_expect_eq(normalise(text), -EBADMSG, "%s", text);
    cr_expect_not_null(why);
    cr_expect_str_eq(events, "");
}

Test(source_zilliqa, a_block_passes_word_for_word_tagged_with_its_number)
{
    becomes(NOTIFICATION(BLOCK), BLOCK_EVENT);
}

Test(source_zilliqa, events_go_to_their_address_and_the_block_comes_last)
{
    becomes(NOTIFICATION(BLOCK ",{\"query\":\"EventLog\",\"value\":[{\"address\":\"" B
                               "\",\"event_logs\":[" FOO "]},{\"address\":\"0x" A
                               "\",\"event_logs\":[" FOO "," FOO "]}]}"),
            "zilliqa.EventLog." A "|15|{\"BlockNum\":\"15\",\"address\":\"" A
            "\",\"event_logs\":[" FOO "," FOO "]};"
            "zilliqa.EventLog." B "|15|{\"BlockNum\":\"15\",\"address\":\"" B
            "\",\"event_logs\":[" FOO "]};" BLOCK_EVENT);
}

Test(source_zilliqa, an_address_has_one_event_a_block_even_if_it_is_listed_twice)
{
    becomes(NOTIFICATION("{\"query\":\"EventLog\",\"value\":[{\"address\":\"" A
                         "\",\"event_logs\":[" FOO "]},{\"address\":\"" A "\",\"event_logs\":[" FOO
                         "]}]}," BLOCK),
            "zilliqa.EventLog." A "|15|{\"BlockNum\":\"15\",\"address\":\"" A
            "\",\"event_logs\":[" FOO "," FOO "]};" BLOCK_EVENT);
}

Test(source_zilliqa, events_without_a_name_or_parameters_are_passed_over)
{
    becomes(NOTIFICATION(BLOCK ",{\"query\":\"EventLog\",\"value\":[{\"address\":\"" A
                               "\",\"event_logs\":[{\"params\":[]},{\"_eventname\":\"x\"},"
                               "{\"_eventname\":5,\"params\":[]},7]}]}"),
            BLOCK_EVENT);
}

Test(source_zilliqa, a_topic_without_a_value_has_no_events)
{
    becomes(NOTIFICATION(BLOCK ",{\"query\":\"EventLog\"},{\"query\":\"TxnLog\"},"
                               "{\"query\":\"Unsubscribe\",\"value\":[\"NewBlock\"]}"),
            BLOCK_EVENT);
}

Test(source_zilliqa, a_transaction_goes_to_its_receiver_and_to_its_sender)
{
    becomes(NOTIFICATION(BLOCK ",{\"query\":\"TxnLog\",\"value\":[{\"address\":\"" B
                               "\",\"log\":[{\"ID\":\"x\",\"fromAddr\":\"" A "\",\"toAddr\":\"" B
                               "\"}]}]}"),
            "zilliqa.TxnLog." A "|15|{\"BlockNum\":\"15\",\"address\":\"" A
            "\",\"log\":[{\"ID\":\"x\",\"fromAddr\":\"" A "\",\"toAddr\":\"" B "\"}]};"
            "zilliqa.TxnLog." B "|15|{\"BlockNum\":\"15\",\"address\":\"" B
            "\",\"log\":[{\"ID\":\"x\",\"fromAddr\":\"" A "\",\"toAddr\":\"" B
            "\"}]};" BLOCK_EVENT);
}

Test(source_zilliqa, a_transaction_to_oneself_is_told_once)
{
    becomes(NOTIFICATION(BLOCK ",{\"query\":\"TxnLog\",\"value\":[{\"address\":\"" A
                               "\",\"log\":[{\"fromAddr\":\"" A "\",\"toAddr\":\"" A "\"}]}]}"),
            "zilliqa.TxnLog." A "|15|{\"BlockNum\":\"15\",\"address\":\"" A
            "\",\"log\":[{\"fromAddr\":\"" A "\",\"toAddr\":\"" A "\"}]};" BLOCK_EVENT);
}

Test(source_zilliqa, answers_to_requests_are_no_events)
{
    becomes("{\"query\":\"NewBlock\"}", "");
    becomes("\"invalid query field\"", "");
    becomes("{\"type\":\"Error\",\"error\":\"invalid query field\"}", "");
    becomes("{\"type\":\"notification\",\"values\":[{\"query\":\"EventLog\"}]}", "");
}

Test(source_zilliqa, what_is_of_no_block_or_no_notification_is_bad)
{
    is_bad("[]");
    is_bad("{\"type\":\"Notification\"}");
    is_bad("{\"type\":\"other\",\"values\":[]}");
    is_bad(NOTIFICATION("{\"query\":\"NewBlock\"}"));
    is_bad(NOTIFICATION("{\"query\":\"NewBlock\",\"value\":{\"TxBlock\":{\"header\":{\"BlockNum\":"
                        "\"x\"}}}}"));
    is_bad(NOTIFICATION("{\"query\":\"EventLog\",\"value\":[{\"address\":\"" A
                        "\",\"event_logs\":[" FOO "]}]}"));
}
