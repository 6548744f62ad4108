/* What a subscription to a Nano topic asks for: truth values, types, accounts, and the key. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "gateway/dialects/nano_options.h"

#define X "nano_1tgkjkq9r96zd3pkr7edj8e4qbu3wr3ps6ettzse8hmoa37nurua7faupjhc"
#define Y "nano_1e6rym1f5p7xj4fh1y8fzy1ym1orxymffp9tx7cey58whakprhwdzuk533th"
#define X_OLD "xrb_1tgkjkq9r96zd3pkr7edj8e4qbu3wr3ps6ettzse8hmoa37nurua7faupjhc"

enum { ALL = NANO_QUORUM | NANO_HEIGHT | NANO_INACTIVE };

static struct json_value json(const char *text)
{
    struct json_value root = {0};

    if (text)
        cr_assert_eq(json_check(text, strlen(text), JSON_STRICT, &root, NULL), 0, "%s", text);
    return root;
}

static size_t ignored;

/* text NULL: no options. */
static struct nano_options options(enum nano_topic topic, enum profile profile, const char *text,
                                   size_t limit)
{
    struct nano_options o;

    cr_assert_eq(nano_options_read(&o, topic, profile, json(text), limit, &ignored), 0);
    return o;
}

static unsigned flags(enum nano_topic topic, enum profile profile, const char *text)
{
    struct nano_options o = options(topic, profile, text, 100);
    unsigned result = o.flags;

    nano_options_fini(&o);
    return result;
}

static bool same_key(const char *a, const char *b)
{
    struct nano_options x = options(NANO_CONFIRMATION, PROFILE_DOC, a, 100);
    struct nano_options y = options(NANO_CONFIRMATION, PROFILE_DOC, b, 100);
    struct text k = {0}, l = {0};

    nano_options_key(&x, 1, &k);
    nano_options_key(&y, 2, &l);
    bool same = k.len == l.len && memcmp(k.at, l.at, k.len) == 0;
    nano_options_fini(&x);
    nano_options_fini(&y);
    text_free(&k);
    text_free(&l);
    return same;
}

Test(nano_options, true_is_what_a_stream_of_characters_takes_for_it)
{
    const char *const yes[] = {"true",   "\"true\"", "1",          "\"1\"",      "\"01\"",
                               "\"+1\"", "\" 1 \"",  "\" true \"", "\"\\t1\\n\""};

    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
        cr_expect(nano_bool(json(yes[i]), false), "%s", yes[i]);
        cr_expect(nano_bool(json(yes[i]), true), "%s", yes[i]);
    }
}

Test(nano_options, false_likewise)
{
    const char *const no[] = {"false", "\"false\"", "0", "-0", "\"00\"", "\" false\""};

    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        cr_expect(!nano_bool(json(no[i]), true), "%s", no[i]);
}

Test(nano_options, anything_else_counts_as_left_out)
{
    const char *const odd[] = {"\"True\"",
                               "\"TRUE\"",
                               "\"yes\"",
                               "2",
                               "-1",
                               "1.0",
                               "1e0",
                               "null",
                               "\"\"",
                               "\"true x\"",
                               "\"1 1\"",
                               "\"0x1\"",
                               "[]",
                               "{}",
                               "[true]",
                               "\"truefalse\"",
                               "\"true\\u0000\"",
                               "99999999999999999999999"};

    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        cr_expect(nano_bool(json(odd[i]), true), "%s", odd[i]);
        cr_expect(!nano_bool(json(odd[i]), false), "%s", odd[i]);
    }
    cr_expect(nano_bool(json(NULL), true));
}

Test(nano_options, a_very_long_text_is_no_truth_value)
{
    char text[200];

    snprintf(text, sizeof text, "\"%0150d\"", 1);
    cr_expect(!nano_bool(json(text), false));
}

Test(nano_options, topics_are_known_by_their_exact_names)
{
    cr_expect_eq(nano_topic_of(json("\"vote\"")), NANO_VOTE);
    cr_expect_eq(nano_topic_of(json("\"v\\u006fte\"")), NANO_VOTE);
    cr_expect_eq(nano_topic_of(json("\"ack\"")), NANO_ACK);
    cr_expect_eq(nano_topic_of(json("\"Vote\"")), NANO_NO_TOPIC);
    cr_expect_eq(nano_topic_of(json("\"\"")), NANO_NO_TOPIC);
    cr_expect_eq(nano_topic_of(json("[\"vote\"]")), NANO_NO_TOPIC);
    cr_expect_eq(nano_topic_of(json(NULL)), NANO_NO_TOPIC);
    for (int i = 0; i < NANO_TOPICS; i++)
        cr_expect_not_null(nano_topic_name((enum nano_topic)i));
}

Test(nano_options, without_options_everything_comes_with_its_block)
{
    cr_expect_eq(flags(NANO_CONFIRMATION, PROFILE_DOC, NULL), NANO_BLOCK | ALL);
    cr_expect_eq(flags(NANO_VOTE, PROFILE_NODE, NULL), 0);
}

Test(nano_options, empty_options_are_an_empty_filter_by_the_document_and_none_by_the_node)
{
    const char *const empty[] = {"{}", "[]", "null", "\"\"", "5"};

    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
        cr_expect_eq(flags(NANO_CONFIRMATION, PROFILE_DOC, empty[i]),
                     NANO_GIVEN | NANO_BLOCK | ALL | NANO_BY_ACCOUNT);
        cr_expect_eq(flags(NANO_CONFIRMATION, PROFILE_NODE, empty[i]),
                     NANO_GIVEN | NANO_BLOCK | ALL);
        cr_expect_eq(flags(NANO_VOTE, PROFILE_DOC, empty[i]), NANO_GIVEN);
    }
    cr_expect_eq(flags(NANO_CONFIRMATION, PROFILE_DOC, "{\"x\":1}"), NANO_GIVEN | NANO_BLOCK | ALL);
}

Test(nano_options, topics_without_filters_ignore_options)
{
    cr_expect_eq(flags(NANO_WORK, PROFILE_DOC, "{\"accounts\":[]}"), 0);
}

Test(nano_options, accounts_are_sorted_and_each_is_there_once)
{
    struct nano_options o =
        options(NANO_CONFIRMATION, PROFILE_DOC,
                "{\"accounts\":[\"" X "\",\"" Y "\",\"bad\",\"" X_OLD "\",5,{},\"\"]}", 100);

    cr_assert_eq(o.n, 2u);
    cr_expect_lt(nano_key_compare(&o.keys[0], &o.keys[1]), 0);
    cr_expect_eq(o.flags, NANO_GIVEN | NANO_BLOCK | ALL | NANO_BY_ACCOUNT);
    nano_options_fini(&o);
}

Test(nano_options, of_repeated_keys_the_first_counts)
{
    cr_expect(same_key("{\"accounts\":[\"" X "\"],\"accounts\":[\"" Y "\"]}",
                       "{\"accounts\":[\"" X "\"]}"));
}

Test(nano_options, the_same_wish_has_the_same_key)
{
    cr_expect(same_key("{\"accounts\":[\"" X "\",\"" Y "\"],\"include_block\":\"true\"}",
                       "{\"accounts\":{\"a\":\"" Y "\",\"b\":\"" X_OLD "\"},"
                       "\"confirmation_type\":\"ALL\"}"));
    cr_expect(!same_key("{\"accounts\":[\"" X "\"]}", "{\"accounts\":[\"" Y "\"]}"));
    cr_expect(!same_key("{\"confirmation_type\":\"all\"}", NULL), "only one can be updated");
    cr_expect(!same_key("{\"include_block\":0}", "{\"include_block\":1}"));
}

Test(nano_options, a_key_can_be_read_back)
{
    struct nano_options back, o = options(NANO_VOTE, PROFILE_NODE,
                                          "{\"representatives\":[\"" X "\",\"" Y "\"],"
                                          "\"include_replays\":1}",
                                          100);
    struct text key = {0};

    nano_options_key(&o, 1, &key);
    nano_options_of_key(&back, key.at, key.len);
    cr_expect_eq(back.topic, NANO_VOTE);
    cr_expect_eq(back.profile, PROFILE_NODE);
    cr_expect_eq(back.flags, NANO_GIVEN | NANO_REPLAYS);
    cr_assert_eq(back.n, 2u);
    cr_expect_eq(memcmp(back.keys, o.keys, 2 * sizeof *o.keys), 0);
    nano_options_fini(&o);
    text_free(&key);
}

Test(nano_options, accounts_beyond_the_limit_are_counted_and_passed_over)
{
    struct nano_options o =
        options(NANO_CONFIRMATION, PROFILE_DOC, "{\"accounts\":[\"" X "\",\"" Y "\",\"bad\"]}", 1);

    cr_expect_eq(o.n, 1u);
    cr_expect_eq(ignored, 1u);
    nano_options_fini(&o);
}

static struct nano_options updated(const char *before, const char *update, size_t limit)
{
    struct nano_options after, o = options(NANO_CONFIRMATION, PROFILE_DOC, before, limit);

    cr_assert_eq(nano_options_update(&after, &o, json(update), limit, &ignored), 0);
    nano_options_fini(&o);
    return after;
}

Test(nano_options, an_update_adds_and_then_removes)
{
    struct nano_options o =
        updated("{\"accounts\":[\"" X "\"]}",
                "{\"accounts_add\":[\"" Y "\"],\"accounts_del\":[\"" X_OLD "\",\"bad\"]}", 100);

    cr_expect_eq(o.n, 1u);
    cr_expect(o.flags & NANO_BY_ACCOUNT);
    nano_options_fini(&o);
    o = updated("{\"accounts\":[]}", "{\"accounts_add\":[\"" Y "\"],\"accounts_del\":[\"" Y "\"]}",
                100);
    cr_expect_eq(o.n, 0u);
    nano_options_fini(&o);
}

Test(nano_options, an_update_keeps_everything_but_the_accounts)
{
    struct nano_options o =
        updated("{\"include_block\":0,\"confirmation_type\":\"inactive\"}", "{\"x\":[]}", 100);

    cr_expect_eq(o.flags, NANO_GIVEN | NANO_INACTIVE);
    nano_options_fini(&o);
}

Test(nano_options, an_account_that_is_there_already_needs_no_room)
{
    struct nano_options o =
        updated("{\"accounts\":[\"" X "\",\"" Y "\"]}", "{\"accounts_add\":[\"" X_OLD "\"]}", 2);

    cr_expect_eq(o.n, 2u);
    cr_expect_eq(ignored, 0u);
    nano_options_fini(&o);
}
