/* A Nano node's messages and the events they become. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/message.h"
#include "publisher/sources/normaliser.h"

#define X "nano_1tgkjkq9r96zd3pkr7edj8e4qbu3wr3ps6ettzse8hmoa37nurua7faupjhc"
#define Y "nano_1e6rym1f5p7xj4fh1y8fzy1ym1orxymffp9tx7cey58whakprhwdzuk533th"
#define HASH "0E889F83E28152A70E87B92D846CA3D8966F3AEEC65E11B25F7B4E6760C57CA3"
#define OF "nano.confirmation.account."

static char streams[1024], tag[MESSAGE_TAG_MAX + 1];
static enum event_history histories[4]; /* of the first events */
static unsigned n_events;
static const char *why, *sent;

static void note(void *ctx, const struct event *e)
{
    size_t at = strlen(streams);

    (void)ctx;
    cr_expect_eq(e->data_len, strlen(sent));
    cr_expect_eq(memcmp(e->data, sent, e->data_len), 0, "the message passes word for word");
    if (at > 0)
        cr_expect_eq(strlen(tag), e->tag_len, "one event has one tag");
    cr_assert(!e->tag || message_tag_valid(e->tag, e->tag_len));
    snprintf(tag, sizeof tag, "%.*s", (int)e->tag_len, e->tag ? e->tag : "");
    if (n_events < 4)
        histories[n_events++] = e->history;
    snprintf(streams + at, sizeof streams - at, "%.*s ", (int)e->stream_len, e->stream);
}

static int normalise(const char *text)
{
    struct json_value root;

    streams[0] = tag[0] = '\0';
    n_events = 0;
    why = NULL;
    sent = text;
    cr_assert_eq(json_check(text, strlen(text), JSON_STRICT, &root, NULL), 0, "%s", text);
    return nano_normaliser.normalise(root, note, NULL, &why);
}

static void expect(const char *text, const char *to, const char *tagged)
{
    cr_expect_eq(normalise(text), 0, "%s", text);
    cr_expect_str_eq(streams, to);
    cr_expect_str_eq(tag, tagged);
}

#define MESSAGE(topic, rest) "{\"topic\":\"" topic "\", \"time\":\"1\",\"message\":{" rest "}}"
#define CONFIRMED(account, block)                                                                  \
    MESSAGE("confirmation",                                                                        \
            "\"account\":\"" account "\",\"hash\":\"" HASH "\",\"block\":{" block "}")

Test(source_nano, a_state_block_goes_to_its_account_and_to_that_of_its_link)
{
    expect(CONFIRMED(X, "\"type\":\"state\",\"link_as_account\":\"" Y "\""),
           "nano.confirmation " OF X " " OF Y " ", HASH);
}

Test(source_nano, confirmations_have_a_history_and_what_nobody_asks_for_later_has_none)
{
    static const char *const forgotten[] = {MESSAGE("vote", "\"account\":\"" X "\""),
                                            MESSAGE("telemetry", ""), MESSAGE("work", "")};

    cr_expect_eq(normalise(CONFIRMED(X, "\"type\":\"state\",\"link_as_account\":\"" Y "\"")), 0);
    cr_expect_eq(histories[0], EVENT_HISTORY_STREAM);
    cr_expect_eq(histories[1], EVENT_HISTORY_ENTITY);
    cr_expect_eq(histories[2], EVENT_HISTORY_ENTITY);
    for (size_t i = 0; i < sizeof forgotten / sizeof *forgotten; i++) {
        cr_expect_eq(normalise(forgotten[i]), 0);
        cr_expect_eq(histories[0], EVENT_HISTORY_NONE, "%s", forgotten[i]);
    }
}

Test(source_nano, once_where_both_are_the_same)
{
    expect(CONFIRMED(X, "\"type\":\"state\",\"link_as_account\":\"" X "\""),
           "nano.confirmation " OF X " ", HASH);
}

Test(source_nano, a_block_of_an_older_kind_goes_to_no_account)
{
    expect(CONFIRMED(X, "\"type\":\"send\",\"destination\":\"" Y "\""), "nano.confirmation ", HASH);
    expect(MESSAGE("confirmation", "\"account\":\"" X "\",\"hash\":\"" HASH "\""),
           "nano.confirmation ", HASH);
}

Test(source_nano, accounts_are_told_by_the_one_name_that_clients_are_heard_for)
{
    expect(CONFIRMED("xrb_1tgkjkq9r96zd3pkr7edj8e4qbu3wr3ps6ettzse8hmoa37nurua7faupjhc",
                     "\"link_as_account\":\"nobody\""),
           "nano.confirmation " OF X " ", HASH);
    expect(CONFIRMED("nobody", "\"link_as_account\":\"" Y "\""), "nano.confirmation " OF Y " ",
           HASH);
}

Test(source_nano, a_vote_goes_to_its_representative)
{
    cr_expect_eq(normalise(MESSAGE("vote", "\"account\":\"" X "\"")), 0);
    cr_expect_str_eq(streams, "nano.vote nano.vote.representative." X " ");
}

Test(source_nano, a_vote_is_known_by_account_timestamp_blocks_and_type)
{
    const char *const votes[] = {
        MESSAGE("vote",
                "\"account\":\"" X "\",\"timestamp\":\"1\",\"blocks\":[\"A\"],\"type\":\"vote\""),
        MESSAGE("vote",
                "\"account\":\"" Y "\",\"timestamp\":\"1\",\"blocks\":[\"A\"],\"type\":\"vote\""),
        MESSAGE("vote",
                "\"account\":\"" X "\",\"timestamp\":\"2\",\"blocks\":[\"A\"],\"type\":\"vote\""),
        MESSAGE("vote",
                "\"account\":\"" X "\",\"timestamp\":\"1\",\"blocks\":[\"B\"],\"type\":\"vote\""),
        MESSAGE("vote",
                "\"account\":\"" X "\",\"timestamp\":\"1\",\"blocks\":[\"A\"],\"type\":\"replay\""),
    };
    char tags[5][MESSAGE_TAG_MAX + 1];

    for (size_t i = 0; i < 5; i++) {
        normalise(votes[i]);
        memcpy(tags[i], tag, sizeof tag);
        for (size_t k = 0; k < i; k++)
            cr_expect_str_neq(tags[i], tags[k], "%zu and %zu", i, k);
    }
    normalise(MESSAGE("vote", "\"type\":\"vote\",\"blocks\":[\"A\"],\"timestamp\":\"1\","
                              "\"duration\":\"9\",\"account\":\"" X "\""));
    cr_expect_str_eq(tag, tags[0]);
}

Test(source_nano, telemetry_is_known_by_node_and_timestamp)
{
    char first[sizeof tag];

    expect(MESSAGE("telemetry", "\"node_id\":\"n\",\"timestamp\":\"1\""), "nano.telemetry ", tag);
    memcpy(first, tag, sizeof tag);
    normalise(MESSAGE("telemetry", "\"uptime\":\"7\",\"timestamp\":\"1\",\"node_id\":\"n\""));
    cr_expect_str_eq(tag, first);
    normalise(MESSAGE("telemetry", "\"node_id\":\"n\",\"timestamp\":\"2\""));
    cr_expect_str_neq(tag, first);
}

Test(source_nano, topics_that_may_repeat_themselves_have_no_tag)
{
    const char *const topics[] = {"stopped_election", "started_election", "active_difficulty",
                                  "work", "bootstrap"};
    char text[200], stream[64];

    for (size_t i = 0; i < sizeof topics / sizeof *topics; i++) {
        snprintf(text, sizeof text, "{\"topic\":\"%s\",\"message\":{\"hash\":\"A\"}}", topics[i]);
        snprintf(stream, sizeof stream, "nano.%s ", topics[i]);
        expect(text, stream, "");
    }
}

Test(source_nano, a_new_block_is_known_by_the_hash_beside_it_if_there_is_one)
{
    expect("{\"topic\":\"new_unconfirmed_block\",\"hash\":\"AB\",\"message\":{}}",
           "nano.new_unconfirmed_block ", "AB");
    expect("{\"topic\":\"new_unconfirmed_block\",\"message\":{}}", "nano.new_unconfirmed_block ",
           "");
}

Test(source_nano, what_cannot_be_a_tag_is_none)
{
    expect(MESSAGE("confirmation", "\"hash\":\"a b\""), "nano.confirmation ", "");
    expect(MESSAGE("confirmation", "\"hash\":5"), "nano.confirmation ", "");
}

Test(source_nano, an_acknowledgement_is_no_event)
{
    expect("{\"ack\":\"subscribe\",\"time\":\"1\",\"id\":\"c\"}", "", "");
}

Test(source_nano, what_is_no_message_of_a_node_is_refused)
{
    const char *const odd[] = {"{}",
                               "[]",
                               "5",
                               "{\"topic\":\"blocks\",\"message\":{}}",
                               "{\"topic\":\"vote\"}",
                               "{\"topic\":\"vote\",\"message\":[]}",
                               "{\"topic\":5,\"ack\":\"x\"}"};

    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        cr_expect_eq(normalise(odd[i]), -EBADMSG, "%s", odd[i]);
        cr_expect_not_null(why);
        cr_expect_str_eq(streams, "");
    }
}
