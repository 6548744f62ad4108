/* The Binance form: requests are acknowledged, errors are told, streams come bare or combined. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>

#include "tests/support/fake_client.h"
#include "tests/support/leaks.h"

static struct fake_gateway g;
static struct client *c;

static void set_up(void)
{
    fake_gateway_start(&g, FAKE_FLAGS("--streams", "*@trade", "--streams", "!arr@trade",
                                      "--max-subscriptions", "3", "--binance-rate", "0"));
    c = fake_open(&g, &dialect_binance, PROFILE_DOC, "/ws", "");
}

static void tear_down(void)
{
    fake_gateway_stop(&g);
    no_leaks();
}

static void answers(const char *request, const char *answer)
{
    fake_say(c, request);
    cr_expect_str_eq(fake_heard(&g, c), answer, "%s", request);
}

static int admit(const char *path, const char *query)
{
    char why[200] = "";

    return dialect_binance.admit(&g.settings, path, query, why, sizeof why);
}

TestSuite(binance, .init = set_up, .fini = tear_down);

Test(binance, streams_named_in_the_path_come_bare)
{
    c = fake_open(&g, &dialect_binance, PROFILE_DOC, "/ws/a@trade/b@trade", "");
    cr_expect_str_eq(fake_wishes(&g), "+a@trade +b@trade ");
    fake_publish(&g, "b@trade", "{\"n\": 1}");
    cr_expect_str_eq(fake_heard(&g, c), "{\"n\": 1}");
}

Test(binance, streams_named_in_the_query_come_combined)
{
    c = fake_open(&g, &dialect_binance, PROFILE_DOC, "/stream", "x=1&streams=a@trade/b@trade&y");
    cr_expect_str_eq(fake_wishes(&g), "+a@trade +b@trade ");
    fake_publish(&g, "a@trade", "{\"n\":1}");
    cr_expect_str_eq(fake_heard(&g, c), "{\"stream\":\"a@trade\",\"data\":{\"n\":1}}");
}

Test(binance, a_client_library_may_number_its_connections)
{
    c = fake_open(&g, &dialect_binance, PROFILE_DOC, "/ws/0", "");
    cr_expect_eq(admit("/ws/17", ""), 0);
    cr_expect_str_eq(fake_wishes(&g), "");
}

Test(binance, a_handshake_that_names_what_is_not_served_is_refused)
{
    cr_expect_eq(admit("/ws/a@trade", ""), 0);
    cr_expect_eq(admit("/ws/a@trade/secret", ""), 400);
    cr_expect_eq(admit("/stream", "streams=secret"), 400);
    cr_expect_eq(admit("/stream", "a=b&streams=a@trade&c=secret"), 0);
    cr_expect_eq(admit("/stream", "streamsx=secret"), 0);
    cr_expect_eq(admit("/stream", "streams="), 0);
}

Test(binance, a_handshake_that_names_too_many_streams_is_refused)
{
    cr_expect_eq(admit("/ws/a@trade/b@trade/c@trade", ""), 0);
    cr_expect_eq(admit("/ws/a@trade/b@trade/c@trade/d@trade", ""), 400);
}

Test(binance, requests_are_acknowledged_with_their_id_as_it_was_written)
{
    answers("{\"method\":\"SUBSCRIBE\",\"params\":[\"a@trade\"],\"id\": 1795174369245 }",
            "{\"result\":null,\"id\":1795174369245}");
    answers("{\"method\":\"UNSUBSCRIBE\",\"params\":[\"a@trade\"],\"id\":\"a-b_1\"}",
            "{\"result\":null,\"id\":\"a-b_1\"}");
    answers("{\"method\":\"UNSUBSCRIBE\",\"params\":[\"never@trade\"],\"id\":null}",
            "{\"result\":null,\"id\":null}");
    cr_expect_str_eq(fake_wishes(&g), "+a@trade -a@trade ");
}

Test(binance, subscriptions_are_listed_in_the_order_in_which_they_were_made)
{
    answers("{\"method\":\"SUBSCRIBE\",\"params\":[\"b@trade\",\"a@trade\"],\"id\":1}",
            "{\"result\":null,\"id\":1}");
    answers("{\"method\":\"LIST_SUBSCRIPTIONS\",\"id\":2}",
            "{\"result\":[\"b@trade\",\"a@trade\"],\"id\":2}");
}

Test(binance, one_stream_that_is_not_served_spoils_the_whole_request)
{
    answers("{\"method\":\"SUBSCRIBE\",\"params\":[\"a@trade\",\"secret\"],\"id\":7}",
            "{\"error\":{\"code\":2,\"msg\":\"Invalid request: invalid stream\"},\"id\":7}");
    answers("{\"method\":\"SUBSCRIBE\",\"params\":[\"a@trade\",1],\"id\":7}",
            "{\"error\":{\"code\":2,\"msg\":\"Invalid request: invalid stream\"},\"id\":7}");
    cr_expect_str_eq(fake_wishes(&g), "");
    cr_expect_eq(g.counters.bad_requests, 2u);
}

Test(binance, too_many_subscriptions_are_refused_and_nothing_is_subscribed)
{
    answers("{\"method\":\"SUBSCRIBE\",\"params\":[\"a@trade\",\"b@trade\"],\"id\":1}",
            "{\"result\":null,\"id\":1}");
    answers(
        "{\"method\":\"SUBSCRIBE\",\"params\":[\"c@trade\",\"d@trade\"],\"id\":2}",
        "{\"error\":{\"code\":2,\"msg\":\"Invalid request: too many subscriptions\"},\"id\":2}");
    answers("{\"method\":\"SUBSCRIBE\",\"params\":[\"a@trade\",\"b@trade\",\"c@trade\"],\"id\":3}",
            "{\"result\":null,\"id\":3}");
    cr_expect_str_eq(fake_wishes(&g), "+a@trade +b@trade +c@trade ");
}

Test(binance, ids_that_are_none_are_refused)
{
    static const char *const ids[] = {"{}",
                                      "1.5",
                                      "true",
                                      "[1]",
                                      "9223372036854775808",
                                      "\"a b\"",
                                      "\"0123456789012345678901234567890123456\""};
    char text[100];

    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        snprintf(text, sizeof text, "{\"method\":\"LIST_SUBSCRIPTIONS\",\"id\":%s}", ids[i]);
        answers(text, "{\"code\":2,\"msg\":\"Invalid request: request ID must be an unsigned "
                      "integer\"}");
    }
    answers("{\"method\":\"LIST_SUBSCRIPTIONS\"}",
            "{\"code\":2,\"msg\":\"Invalid request: request ID must be an unsigned integer\"}");
}

Test(binance, errors_say_where_in_the_text_they_were_found)
{
    answers("{bad", "{\"code\":3,\"msg\":\"Invalid JSON: expected value at line 1 column 2\"}");
    answers("{\n\"method\":\"SUBSCRIBE\",\"id\":1}",
            "{\"code\":2,\"msg\":\"Invalid request: missing field `params` at line 2 column 28\"}");
    answers("{\"id\":1}",
            "{\"code\":2,\"msg\":\"Invalid request: missing field `method` at line 1 column 8\"}");
}

Test(binance, an_unknown_method_is_named_as_json_wants_it)
{
    fake_say(c, "{\"method\":\"a\\\"b\",\"id\":1}");
    const char *answer = fake_heard(&g, c);
    cr_expect_not_null(strstr(answer, "unknown variant `a\\\"b`, expected one of `SUBSCRIBE`"),
                       "%s", answer);
}

Test(binance, a_method_too_long_to_be_shown_is_refused_without_being_shown)
{
    char text[300];

    snprintf(text, sizeof text, "{\"method\":\"%0200d\",\"id\":1}", 0);
    fake_say(c, text);
    cr_expect_not_null(strstr(fake_heard(&g, c), "unknown variant ``"));
}

Test(binance, the_property_combined_is_told_and_changed)
{
    answers("{\"method\":\"GET_PROPERTY\",\"params\":[\"combined\"],\"id\":1}",
            "{\"result\":false,\"id\":1}");
    answers("{\"method\":\"SET_PROPERTY\",\"params\":[\"combined\",true],\"id\":2}",
            "{\"result\":null,\"id\":2}");
    answers("{\"method\":\"GET_PROPERTY\",\"params\":[\"combined\"],\"id\":3}",
            "{\"result\":true,\"id\":3}");
}

Test(binance, properties_that_are_none_are_refused)
{
    answers("{\"method\":\"GET_PROPERTY\",\"params\":[\"foo\"],\"id\":6}",
            "{\"code\":0,\"msg\":\"Unknown property\",\"id\":6}");
    answers("{\"method\":\"GET_PROPERTY\",\"params\":[\"combined\",1],\"id\":6}",
            "{\"code\":2,\"msg\":\"Invalid request: too many parameters\"}");
    answers("{\"method\":\"SET_PROPERTY\",\"params\":[\"combined\"],\"id\":6}",
            "{\"code\":1,\"msg\":\"Invalid value type: expected Boolean\"}");
    answers("{\"method\":\"SET_PROPERTY\",\"params\":[1,true],\"id\":6}",
            "{\"code\":2,\"msg\":\"Invalid request: property name must be a string\"}");
    answers("{\"method\":\"SET_PROPERTY\",\"id\":6}",
            "{\"code\":2,\"msg\":\"Invalid request: property name must be a string\"}");
}

/* With as many subscriptions as it may have: none may get lost on the way. */
Test(binance, changing_the_form_moves_every_subscription_in_order_and_asks_redis_nothing)
{
    fake_say(c, "{\"method\":\"SUBSCRIBE\",\"params\":[\"c@trade\",\"a@trade\",\"b@trade\"],"
                "\"id\":1}");
    (void)fake_heard(&g, c);
    (void)fake_wishes(&g);
    answers("{\"method\":\"SET_PROPERTY\",\"params\":[\"combined\",true],\"id\":2}",
            "{\"result\":null,\"id\":2}");
    cr_expect_str_eq(fake_wishes(&g), "");
    answers("{\"method\":\"LIST_SUBSCRIPTIONS\",\"id\":3}",
            "{\"result\":[\"c@trade\",\"a@trade\",\"b@trade\"],\"id\":3}");
    cr_expect_eq(c->n_memberships, 3u);
    cr_expect_eq(g.counters.bad_requests, 0u);
    fake_publish(&g, "c@trade", "{}");
    cr_expect_str_eq(fake_heard(&g, c), "{\"stream\":\"c@trade\",\"data\":{}}");
}

Test(binance, the_engines_own_wrapping_is_taken_off_for_bare_streams)
{
    g.settings.payload = PAYLOAD_WRAPPED;
    c = fake_open(&g, &dialect_binance, PROFILE_DOC, "/ws/a@trade", "");
    struct client *combined =
        fake_open(&g, &dialect_binance, PROFILE_DOC, "/stream", "streams=a@trade");
    fake_publish(&g, "a@trade", "{\"stream\":\"a@trade\", \"data\": {\"n\": 1}}");
    cr_expect_str_eq(fake_heard(&g, c), "{\"n\": 1}");
    cr_expect_str_eq(fake_heard(&g, combined), "{\"stream\":\"a@trade\", \"data\": {\"n\": 1}}");
}

Test(binance, a_binary_message_is_counted_and_not_answered)
{
    client_receive(c, "{}", 2, true, true, true);
    cr_expect_str_eq(fake_heard(&g, c), "");
    cr_expect_eq(g.counters.bad_requests, 1u);
}

Test(binance, more_messages_a_second_than_set_end_the_connection_pongs_included)
{
    g.settings.binance_rate = 2;
    fake_say(c, "{\"method\":\"LIST_SUBSCRIPTIONS\",\"id\":1}");
    dialect_binance.pong(c);
    cr_expect_eq(c->state, CLIENT_OPEN);
    dialect_binance.pong(c);
    cr_expect_eq(c->state, CLIENT_CLOSING);
    cr_expect_eq(c->close_reason, CLOSE_too_many_messages);
}

Test(binance, a_connection_ends_at_its_greatest_age)
{
    g.settings.binance_max_age_ms = 50000;
    c = fake_open(&g, &dialect_binance, PROFILE_DOC, "/ws/a@trade", "");
    for (int i = 0; i < 49; i++) {
        fake_pass(&g, 1000);
        client_heard(c);
    }
    cr_expect_eq(c->state, CLIENT_OPEN);
    fake_pass(&g, 1000);
    cr_expect_eq(c->close_reason, CLOSE_max_age);
}

Test(binance, a_drain_is_announced_in_the_form_of_the_connection)
{
    dialect_binance.drain(c);
    const char *said = fake_heard(&g, c);
    cr_expect_eq(strncmp(said, "{\"e\":\"serverShutdown\",\"E\":1", 27), 0, "%s", said);
    fake_say(c, "{\"method\":\"SET_PROPERTY\",\"params\":[\"combined\",true],\"id\":2}");
    (void)fake_heard(&g, c);
    dialect_binance.drain(c);
    said = fake_heard(&g, c);
    cr_expect_eq(strncmp(said, "{\"stream\":\"!serverShutdown\",\"data\":{\"e\":", 40), 0, "%s",
                 said);
}
