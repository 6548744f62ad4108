/* The exchange's dialect: what a request does, and the silence about everything else. */
#include <criterion/criterion.h>

#include "tests/support/fake_client.h"
#include "tests/support/leaks.h"

static struct fake_gateway g;
static struct client *c;

static void set_up(void)
{
    fake_gateway_start(&g, FAKE_FLAGS("--streams", "trade.*", "--streams", "depth.*"));
    c = fake_open(&g, &dialect_exchange, PROFILE_DOC, "/", "");
}

static void tear_down(void)
{
    fake_gateway_stop(&g);
    no_leaks();
}

static void as_node(void)
{
    c = fake_open(&g, &dialect_exchange, PROFILE_NODE, "/", "");
}

TestSuite(exchange, .init = set_up, .fini = tear_down);

Test(exchange, subscribing_is_not_answered_and_then_the_data_comes_wrapped)
{
    fake_say(c, "{\"method\":\"SUBSCRIBE\",\"params\":[\"trade.A\"],\"id\":1}");
    cr_expect_str_eq(fake_wishes(&g), "+trade.A ");
    cr_expect_str_eq(fake_heard(&g, c), "");
    fake_publish(&g, "trade.A", "{\"p\": 1e400}");
    cr_expect_str_eq(fake_heard(&g, c), "{\"stream\":\"trade.A\",\"data\":{\"p\": 1e400}}");
}

Test(exchange, the_head_of_a_message_is_not_passed_on)
{
    fake_say(c, "{\"method\":\"SUBSCRIBE\",\"params\":[\"trade.A\"],\"id\":1}");
    fake_publish(&g, "trade.A", "1700000000000-1 1700000000000000 tag\n[1]");
    cr_expect_str_eq(fake_heard(&g, c), "{\"stream\":\"trade.A\",\"data\":[1]}");
}

Test(exchange, unsubscribing_ends_the_data_and_the_wish)
{
    fake_say(c, "{\"method\":\"SUBSCRIBE\",\"params\":[\"trade.A\",\"depth.A\"],\"id\":1}");
    fake_say(c, "{\"method\":\"UNSUBSCRIBE\",\"params\":[\"trade.A\"],\"id\":2}");
    cr_expect_str_eq(fake_wishes(&g), "+trade.A +depth.A -trade.A ");
    fake_publish(&g, "trade.A", "{}");
    fake_publish(&g, "depth.A", "{}");
    cr_expect_str_eq(fake_heard(&g, c), "{\"stream\":\"depth.A\",\"data\":{}}");
    cr_expect_eq(g.counters.bad_requests, 0u);
}

Test(exchange, a_second_subscription_delivers_once_and_one_unsubscribe_ends_both)
{
    fake_say(c, "{\"method\":\"SUBSCRIBE\",\"params\":[\"trade.A\",\"trade.A\"],\"id\":1}");
    fake_say(c, "{\"method\":\"SUBSCRIBE\",\"params\":[\"trade.A\"],\"id\":2}");
    fake_publish(&g, "trade.A", "{}");
    cr_expect_str_eq(fake_heard(&g, c), "{\"stream\":\"trade.A\",\"data\":{}}");
    fake_say(c, "{\"method\":\"UNSUBSCRIBE\",\"params\":[\"trade.A\"],\"id\":3}");
    cr_expect_eq(c->n_memberships, 0u);
    cr_expect_eq(g.counters.bad_requests, 0u);
}

Test(exchange, names_that_are_not_served_are_passed_over_and_the_others_are_subscribed)
{
    fake_say(c, "{\"method\":\"SUBSCRIBE\",\"params\":[\"secret\",\"trade.A\",\"trade.*\",\"\"],"
                "\"id\":1}");
    cr_expect_str_eq(fake_wishes(&g), "+trade.A ");
    cr_expect_eq(g.counters.bad_requests, 3u);
}

Test(exchange, a_name_longer_than_any_stream_is_not_cut_to_one_that_is_served)
{
    char text[600];

    snprintf(text, sizeof text, "{\"method\":\"SUBSCRIBE\",\"params\":[\"trade.%0400d\"],\"id\":1}",
             1);
    fake_say(c, text);
    cr_expect_str_eq(fake_wishes(&g), "");
    cr_expect_eq(g.counters.bad_requests, 1u);
}

/* Each would subscribe if one thing about it were right. */
static const char *const improper[] = {
    "hello",
    "null",
    "[]",
    "",
    "{\"method\":\"subscribe\",\"params\":[\"trade.A\"],\"id\":1}",
    "{\"method\":\"PSUBSCRIBE\",\"params\":[\"trade.A\"],\"id\":1}",
    "{\"method\":\"SUBSCRIBE\",\"params\":[\"trade.A\"]}",
    "{\"method\":\"SUBSCRIBE\",\"params\":[\"trade.A\"],\"id\":-1}",
    "{\"method\":\"SUBSCRIBE\",\"params\":[\"trade.A\"],\"id\":1.5}",
    "{\"method\":\"SUBSCRIBE\",\"params\":[\"trade.A\"],\"id\":\"1\"}",
    "{\"method\":\"SUBSCRIBE\",\"params\":[\"trade.A\"],\"id\":18446744073709551616}",
    "{\"method\":\"SUBSCRIBE\",\"params\":\"trade.A\",\"id\":1}",
    "{\"method\":\"SUBSCRIBE\",\"params\":{\"0\":\"trade.A\"},\"id\":1}",
    "{\"method\":\"SUBSCRIBE\",\"params\":[\"trade.A\",1],\"id\":1}",
    "{\"method\":\"SUBSCRIBE\",\"params\":[\"trade.A\"],\"id\":1,\"id\":2}",
    "{\"method\":\"SUBSCRIBE\",\"params\":[\"trade.A\"],\"id\":1} {}",
};

Test(exchange, what_is_no_request_is_met_with_silence_and_counted)
{
    size_t n = sizeof improper / sizeof *improper;

    for (size_t i = 0; i < n; i++) {
        fake_say(c, improper[i]);
        cr_expect_str_eq(fake_wishes(&g), "", "%s", improper[i]);
        cr_expect_str_eq(fake_heard(&g, c), "", "%s", improper[i]);
        cr_expect_eq(g.counters.bad_requests, i + 1, "%s", improper[i]);
    }
    cr_expect_eq(c->state, CLIENT_OPEN);
}

Test(exchange, a_binary_message_is_no_request)
{
    static const char text[] = "{\"method\":\"SUBSCRIBE\",\"params\":[\"trade.A\"],\"id\":1}";

    client_receive(c, text, sizeof text - 1, true, true, true);
    cr_expect_str_eq(fake_wishes(&g), "");
    cr_expect_eq(g.counters.bad_requests, 1u);
}

Test(exchange, ids_have_64_bits)
{
    fake_say(c, "{\"method\":\"SUBSCRIBE\",\"params\":[\"trade.A\"],\"id\":18446744073709551615}");
    cr_expect_str_eq(fake_wishes(&g), "+trade.A ");
}

Test(exchange, the_node_profile_reads_the_first_name_only_and_ids_of_32_bits)
{
    as_node();
    fake_say(c,
             "{\"method\":\"SUBSCRIBE\",\"params\":[\"trade.A\",\"depth.A\"],\"id\":4294967295}");
    cr_expect_str_eq(fake_wishes(&g), "+trade.A ");
    fake_say(c, "{\"method\":\"SUBSCRIBE\",\"params\":[\"depth.A\"],\"id\":4294967296}");
    cr_expect_str_eq(fake_wishes(&g), "");
    fake_say(c, "{\"method\":\"SUBSCRIBE\",\"params\":[],\"id\":1}");
    cr_expect_str_eq(fake_wishes(&g), "");
}

Test(exchange, an_engine_that_wraps_its_messages_itself_is_passed_on_byte_for_byte)
{
    g.settings.payload = PAYLOAD_WRAPPED;
    fake_say(c, "{\"method\":\"SUBSCRIBE\",\"params\":[\"trade.A\"],\"id\":1}");
    fake_publish(&g, "trade.A", "{ \"stream\":\"trade.A\", \"data\":{\"n\":1} }");
    cr_expect_str_eq(fake_heard(&g, c), "{ \"stream\":\"trade.A\", \"data\":{\"n\":1} }");
}
