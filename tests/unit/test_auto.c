/* A connection whose dialect the first message tells. */
#include <criterion/criterion.h>

#include "tests/support/fake_client.h"
#include "tests/support/leaks.h"

static struct fake_gateway g;
static struct client *c;

static void set_up(void)
{
    fake_gateway_start(&g, FAKE_NO_FLAGS);
    c = fake_open(&g, &dialect_auto, PROFILE_DOC, "/", "");
}

static void tear_down(void)
{
    fake_gateway_stop(&g);
    no_leaks();
}

static void on_ws(void)
{
    c = fake_open(&g, &dialect_auto_ws, PROFILE_DOC, "/ws", "");
}

TestSuite(automatic, .init = set_up, .fini = tear_down);

Test(automatic, on_the_root_a_method_with_a_list_is_the_exchanges)
{
    fake_say(c, "{\"method\":\"SUBSCRIBE\",\"params\":[\"a\"],\"id\":1}");
    cr_expect_eq(c->dialect, &dialect_exchange);
    cr_expect_str_eq(fake_wishes(&g), "+a ");
    cr_expect_str_eq(fake_heard(&g, c), "");
}

Test(automatic, what_it_handed_over_stays_there_with_its_profile)
{
    c = fake_open(&g, &dialect_auto, PROFILE_NODE, "/", "");
    fake_say(c, "{\"method\":\"SUBSCRIBE\",\"params\":[\"a\",\"b\"],\"id\":1}");
    fake_say(c, "{\"method\":\"SUBSCRIBE\",\"params\":[\"c\",\"d\"],\"id\":1}");
    cr_expect_str_eq(fake_wishes(&g), "+a +c ");
}

Test(automatic, on_the_root_anything_else_is_met_with_silence_and_decides_nothing)
{
    static const char *const others[] = {"hello",
                                         "{",
                                         "[]",
                                         "7",
                                         "{\"method\":\"SUBSCRIBE\"}",
                                         "{\"params\":[\"a\"]}",
                                         "{\"method\":\"SUBSCRIBE\",\"params\":\"a\"}"};

    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        fake_say(c, others[i]);
        cr_expect_eq(c->dialect, &dialect_auto, "%s", others[i]);
        cr_expect_str_eq(fake_heard(&g, c), "", "%s", others[i]);
        cr_expect_eq(g.counters.bad_requests, i + 1, "%s", others[i]);
    }
    fake_say(c, "{\"method\":\"SUBSCRIBE\",\"params\":[\"a\"],\"id\":1}");
    cr_expect_eq(c->dialect, &dialect_exchange);
}

Test(automatic, a_binary_message_decides_nothing)
{
    static const char text[] = "{\"method\":\"SUBSCRIBE\",\"params\":[\"a\"],\"id\":1}";

    client_receive(c, text, sizeof text - 1, true, true, true);
    cr_expect_eq(c->dialect, &dialect_auto);
}

Test(automatic, on_ws_a_method_is_the_binance_forms_and_streams_come_bare)
{
    on_ws();
    fake_say(c, "{\"method\":\"SUBSCRIBE\",\"params\":[\"a\"],\"id\":1}");
    cr_expect_eq(c->dialect, &dialect_binance);
    cr_expect_str_eq(fake_heard(&g, c), "{\"result\":null,\"id\":1}");
    fake_publish(&g, "a", "{\"n\":1}");
    cr_expect_str_eq(fake_heard(&g, c), "{\"n\":1}");
}

Test(automatic, on_ws_errors_are_told_in_the_binance_form)
{
    on_ws();
    fake_say(c, "{bad");
    cr_expect_eq(c->dialect, &dialect_binance);
    cr_expect_str_eq(fake_heard(&g, c),
                     "{\"code\":3,\"msg\":\"Invalid JSON: expected value at line 1 column 2\"}");
}

Test(automatic, who_never_says_what_it_speaks_is_closed_at_the_deadline)
{
    g.settings.first_subscription_ms = 5000;
    c = fake_open(&g, &dialect_auto, PROFILE_DOC, "/", "");
    fake_pass(&g, 4900);
    cr_expect_eq(c->state, CLIENT_OPEN);
    fake_pass(&g, 200);
    cr_expect_eq(c->close_reason, CLOSE_no_subscription);
}

/* A dialect's limits begin with it, not with the next sign of life. */
Test(automatic, the_binance_forms_greatest_age_counts_from_the_handshake)
{
    g.settings.binance_max_age_ms = 3000;
    on_ws();
    fake_pass(&g, 2000);
    fake_say(c, "{\"method\":\"SUBSCRIBE\",\"params\":[\"a\"],\"id\":1}");
    fake_pass(&g, 1100);
    cr_expect_eq(c->close_reason, CLOSE_max_age);
}
