/* A message from Redis becomes a message for listeners, or a counted drop. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <time.h>

#include "tests/support/fake_client.h"
#include "tests/support/leaks.h"

enum { BOOK, OTHER };

static struct fake_gateway g;
static struct client *c;
static const struct class_counters *book, *other;

static void set_up(void)
{
    fake_gateway_start(&g, FAKE_FLAGS("--class", "book=depth.*", "--max-payload", "1024"));
    book = &g.counters.of_class[BOOK];
    other = &g.counters.of_class[OTHER];
    c = fake_open(&g, &dialect_exchange, PROFILE_DOC, "/", "");
    fake_say(c, "{\"method\":\"SUBSCRIBE\",\"params\":[\"s\",\"depth.A\"],\"id\":1}");
}

static void tear_down(void)
{
    fake_gateway_stop(&g);
    no_leaks();
}

/* What the client hears of a message on "s": its data, without the wrapping. */
static const char *pass(const char *bytes)
{
    static char data[4096];
    static const char before[] = "{\"stream\":\"s\",\"data\":";

    fake_publish(&g, "s", bytes);
    const char *heard = fake_heard(&g, c);
    size_t len = strlen(heard);
    if (len == 0)
        return "";
    cr_assert_eq(strncmp(heard, before, sizeof before - 1), 0, "%s", heard);
    snprintf(data, sizeof data, "%.*s", (int)(len - sizeof before), heard + sizeof before - 1);
    return data;
}

TestSuite(gateway_intake, .init = set_up, .fini = tear_down);

Test(gateway_intake, a_message_without_a_head_is_passed_on_when_it_is_json)
{
    cr_expect_str_eq(pass("{\"a\": 1}"), "{\"a\": 1}");
    cr_expect_str_eq(pass("[1]"), "[1]");
    cr_expect_eq(other->messages, 2u);
    cr_expect_eq(g.counters.redis_bytes, 11u);
}

Test(gateway_intake, what_is_not_json_and_has_no_head_is_dropped)
{
    static const char *const bad[] = {"{\"a\":}", "[1", "{} {}", "{\"a\":\"\xff\"}"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_str_eq(pass(bad[i]), "", "%s", bad[i]);
    cr_expect_eq(other->dropped_bad, 4u);
    cr_expect_eq(other->messages, 0u);
    cr_expect_str_eq(pass("{}"), "{}", "and the stream goes on");
}

Test(gateway_intake, with_a_head_the_publisher_vouches_for_the_json)
{
    cr_expect_str_eq(pass("7-1 1000\n{\"looked\" \"at\" by nobody}"),
                     "{\"looked\" \"at\" by nobody}");
}

Test(gateway_intake, a_torn_head_is_dropped)
{
    static const char *const bad[] = {"",
                                      "x",
                                      "7-1 1000",
                                      "7-1 1000\n",
                                      "7- 1000\n{}",
                                      "7-0 1000\n{}",
                                      "-1 1000\n{}",
                                      "7-1 1000 \n{}"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_str_eq(pass(bad[i]), "", "%s", bad[i]);
    cr_expect_eq(other->dropped_bad, sizeof bad / sizeof *bad);
}

Test(gateway_intake, what_is_longer_than_allowed_is_dropped)
{
    char text[1100] = "[\"";

    memset(text + 2, 'x', sizeof text - 2);
    strcpy(text + 1022, "\"]");
    cr_expect_eq(strlen(pass(text)), 1024u);
    strcpy(text + 1022, "x\"]");
    text[1022] = 'x';
    cr_expect_str_eq(pass(text), "");
    cr_expect_eq(other->dropped_oversized, 1u);
    cr_expect_eq(other->messages, 1u);
}

Test(gateway_intake, a_repeat_is_dropped_and_an_older_term_too)
{
    cr_expect_str_eq(pass("7-5 1\n[1]"), "[1]");
    cr_expect_str_eq(pass("7-5 1\n[2]"), "");
    cr_expect_str_eq(pass("7-4 1\n[3]"), "");
    cr_expect_str_eq(pass("6-9 1\n[4]"), "");
    cr_expect_str_eq(pass("7-6 1\n[5]"), "[5]");
    cr_expect_eq(other->dropped_repeated, 2u);
    cr_expect_eq(other->dropped_stale, 1u);
    cr_expect_eq(other->gaps, 0u);
}

Test(gateway_intake, a_hole_is_counted_and_what_follows_it_is_passed_on)
{
    pass("7-1 1\n[1]");
    cr_expect_str_eq(pass("7-5 1\n[5]"), "[5]");
    cr_expect_eq(other->gaps, 1u);
    cr_expect_eq(other->gap_messages, 3u);
    cr_expect_str_eq(pass("8-1 1\n[1]"), "[1]");
    cr_expect_eq(other->gaps, 2u);
    cr_expect_eq(other->gap_messages, 3u);
}

/* A listener beside the client: what it can see of the message at hand. */
static bool was_holed;
static struct gap gap_seen;

static void look(struct listener *l, struct stream *stream, const struct message *m)
{
    (void)l, (void)m;
    was_holed = stream->holed;
    gap_seen = stream->gap ? *stream->gap : (struct gap){0};
}

Test(gateway_intake, whoever_takes_a_message_can_see_that_others_are_missing_before_it)
{
    struct listener l;

    listener_init(&l, look);
    cr_assert_eq(hub_listen(g.hub, &l, "s", 1), 0);
    pass("7-1 1\n[1]");
    cr_expect_not(was_holed);
    pass("7-5 1\n[5]");
    cr_expect(was_holed);
    cr_expect_eq(gap_seen.epoch, 7u);
    cr_expect_eq(gap_seen.seq, 1u);
    cr_expect_eq(gap_seen.missed, 3u);
    pass("7-6 1\n[6]");
    cr_expect_not(was_holed);
    cr_expect_eq(gap_seen.seq, 0u);
    hub_leave(g.hub, &l);
}

Test(gateway_intake, each_stream_is_judged_by_itself_and_counted_by_its_class)
{
    fake_publish(&g, "s", "7-1 1\n[]");
    fake_publish(&g, "depth.A", "7-1 1\n[]");
    fake_publish(&g, "depth.A", "7-1 1\n[]");
    fake_publish(&g, "depth.A", "bad");
    cr_expect_eq(other->messages, 1u);
    cr_expect_eq(book->messages, 1u);
    cr_expect_eq(book->dropped_repeated, 1u);
    cr_expect_eq(book->dropped_bad, 1u);
    cr_expect_eq(other->dropped_repeated + other->dropped_bad, 0u);
}

Test(gateway_intake, a_message_nobody_listens_to_is_counted_and_not_judged)
{
    fake_publish(&g, "nobody", "bad");
    cr_expect_eq(g.counters.redis_unwanted, 1u);
    cr_expect_eq(other->dropped_bad, 0u);
}

Test(gateway_intake, an_engine_that_wraps_must_wrap)
{
    g.settings.payload = PAYLOAD_WRAPPED;
    c = fake_open(&g, &dialect_binance, PROFILE_DOC, "/stream", "streams=s");
    fake_publish(&g, "s", "{\"stream\":\"s\",\"data\":null}");
    cr_expect_str_eq(fake_heard(&g, c), "{\"stream\":\"s\",\"data\":null}");
    fake_publish(&g, "s", "{\"stream\":\"s\"}");
    fake_publish(&g, "s", "{\"data\":1}");
    fake_publish(&g, "s", "{\"stream\":1,\"data\":1}");
    fake_publish(&g, "s", "[]");
    fake_publish(&g, "s", "7-1 1\n{\"data\":1}");
    cr_expect_str_eq(fake_heard(&g, c), "");
    cr_expect_eq(other->dropped_bad, 5u);
}

/* ---- latency ---- */

static uint64_t observed(void)
{
    uint64_t n = 0;

    for (int i = 0; i <= LATENCY_BUCKETS; i++)
        n += g.counters.latency[i];
    return n;
}

Test(gateway_intake, latency_is_taken_at_the_end_of_the_turn_of_messages_with_a_time)
{
    pass("7-1 1000\n[]");
    pass("[]");
    cr_expect_eq(observed(), 0u);
    fake_turn(&g);
    cr_expect_eq(observed(), 1u);
    cr_expect_eq(g.counters.latency[LATENCY_BUCKETS], 1u, "since 1970");
    fake_turn(&g);
    cr_expect_eq(observed(), 1u);
}

Test(gateway_intake, a_time_that_is_yet_to_come_counts_as_no_time_at_all)
{
    char text[60];

    snprintf(text, sizeof text, "7-1 %lld000000\n[]", (long long)time(NULL) + 1000);
    pass(text);
    fake_turn(&g);
    cr_expect_eq(g.counters.latency[0], 1u);
    cr_expect_eq(g.counters.latency_sum_us, 0u);
}

Test(gateway_intake, beyond_its_limit_a_turns_messages_are_passed_on_without_their_latency)
{
    char text[40];

    for (int i = 1; i <= INTAKE_STAMPS_MAX + 5; i++) {
        snprintf(text, sizeof text, "7-%d 1000\n[]", i);
        fake_publish(&g, "s", text);
    }
    cr_expect_eq(other->messages, INTAKE_STAMPS_MAX + 5u);
    fake_turn(&g);
    cr_expect_eq(observed(), (uint64_t)INTAKE_STAMPS_MAX);
}
