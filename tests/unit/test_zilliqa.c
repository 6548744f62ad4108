/* Zilliqa's dialect: subscriptions become views, blocks become notifications. Which texts are
 * answered to which requests is in tests/transcripts/zilliqa-*.txt. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/support/fake_client.h"

#define A "1111111111111111111111111111111111111111"
#define B "2222222222222222222222222222222222222222"
#define C "3333333333333333333333333333333333333333"
#define NEW_BLOCK "{\"query\":\"NewBlock\"}"
#define EVENTS_OF(addresses) "{\"query\":\"EventLog\",\"addresses\":[" addresses "]}"
#define UNSUBSCRIBE(type) "{\"query\":\"Unsubscribe\",\"type\":\"" type "\"}"

static struct fake_gateway g;
static struct client *c;
static char expected[1024];

static struct client *another(enum profile profile)
{
    return fake_open(&g, &dialect_zilliqa, profile, "/zilliqa", "");
}

static void set_up(void)
{
    fake_gateway_start(&g, FAKE_NO_FLAGS);
    c = another(PROFILE_DOC);
}

static void tear_down(void)
{
    fake_gateway_stop(&g);
}

TestSuite(zilliqa, .init = set_up, .fini = tear_down);

/* The request, which must be echoed. */
static void ask(struct client *client, const char *request)
{
    fake_say(client, request);
    cr_expect_str_eq(fake_heard(&g, client), request);
}

static void end_block(unsigned number)
{
    char text[200];

    snprintf(text, sizeof text, "{\"TxBlock\":{\"header\":{\"BlockNum\":\"%u\"}},\"TxHashes\":[]}",
             number);
    fake_publish(&g, "zilliqa.NewBlock", text);
}

static void happens(const char *address, unsigned number)
{
    char stream[80], text[200];

    snprintf(stream, sizeof stream, "zilliqa.EventLog.%s", address);
    snprintf(text, sizeof text, "{\"BlockNum\":\"%u\",\"event_logs\":[%u]}", number, number);
    fake_publish(&g, stream, text);
}

static void tick(void)
{
    fake_turn(&g);
    dialects_tick(&g.host);
}

static const char *notification(const char *values)
{
    snprintf(expected, sizeof expected, "{\"type\":\"notification\",\"values\":[%s]}", values);
    return expected;
}

#define BLOCK(n)                                                                                   \
    "{\"query\":\"NewBlock\",\"value\":{\"TxBlock\":{\"header\":{\"BlockNum\":\"" #n               \
    "\"}},\"TxHashes\":[]}}"
#define EVENT(address, n)                                                                          \
    "{\"query\":\"EventLog\",\"value\":[{\"address\":\"0x" address "\",\"event_logs\":[" #n "]}]}"
#define TOLD(types) "{\"query\":\"Unsubscribe\",\"value\":[" types "]}"

/* ---- views ---------------------------------------------------------------------------------- */

Test(zilliqa, one_request_in_any_order_and_writing_is_one_view)
{
    struct client *d = another(PROFILE_DOC);

    ask(c, EVENTS_OF("\"0x" A "\",\"0x" B "\""));
    ask(d, EVENTS_OF("\"0x" B "\",\"0x" B "\", \"0x" A "\""));
    cr_expect_eq(views_count(g.views), 1u);
    happens(A, 1);
    end_block(1);
    cr_expect_eq(queue_at(&c->queue, 0), queue_at(&d->queue, 0)); /* the very same bytes */
}

Test(zilliqa, profiles_have_views_of_their_own)
{
    ask(c, NEW_BLOCK);
    ask(another(PROFILE_NODE), NEW_BLOCK);
    cr_expect_eq(views_count(g.views), 2u);
}

Test(zilliqa, streams_are_wished_for_once_and_given_back)
{
    ask(c, EVENTS_OF("\"0x" A "\""));
    cr_expect_str_eq(fake_wishes(&g), "+zilliqa.NewBlock +zilliqa.EventLog." A " ");
    ask(c, EVENTS_OF("\"0x" B "\""));
    cr_expect_str_eq(fake_wishes(&g), "+zilliqa.EventLog." B " ");
    ask(c, NEW_BLOCK);
    ask(c, EVENTS_OF("\"0x" B "\""));
    cr_expect_str_eq(fake_wishes(&g), "");
    fake_close(&g, c);
    cr_expect_eq(hub_streams(g.hub), 0u);
}

/* ---- blocks --------------------------------------------------------------------------------- */

Test(zilliqa, the_first_block_after_subscribing_is_told)
{
    ask(c, EVENTS_OF("\"0x" A "\""));
    happens(A, 5);
    cr_expect_str_eq(fake_heard(&g, c), "");
    end_block(5);
    cr_expect_str_eq(fake_heard(&g, c), notification(EVENT(A, 5)));
}

Test(zilliqa, what_came_before_a_request_in_the_same_block_is_not_lost)
{
    ask(c, EVENTS_OF("\"0x" A "\""));
    happens(A, 5);
    ask(c, NEW_BLOCK);
    ask(c, UNSUBSCRIBE("NewBlock"));
    end_block(5);
    cr_expect_str_eq(fake_heard(&g, c),
                     notification(BLOCK(5) "," EVENT(A, 5) "," TOLD("\"NewBlock\"")));
}

Test(zilliqa, a_part_is_of_the_block_that_it_names)
{
    ask(c, EVENTS_OF("\"0x" A "\""));
    happens(A, 4); /* its end was lost */
    happens(A, 5);
    end_block(5);
    cr_expect_str_eq(fake_heard(&g, c), notification(EVENT(A, 5)));
    happens(A, 5); /* too late */
    happens(A, 6);
    end_block(7); /* the end of 6 was lost */
    cr_expect_str_eq(fake_heard(&g, c), "");
}

Test(zilliqa, a_block_is_told_once)
{
    ask(c, NEW_BLOCK);
    end_block(5);
    end_block(5);
    cr_expect_str_eq(fake_heard(&g, c), notification(BLOCK(5)));
}

Test(zilliqa, a_chain_that_begins_anew_is_followed)
{
    ask(c, NEW_BLOCK);
    end_block(5);
    (void)fake_heard(&g, c);
    end_block(1);
    cr_expect_str_eq(fake_heard(&g, c), notification(BLOCK(1)));
}

Test(zilliqa, a_new_publisher_may_repeat_a_block_but_nobody_hears_it_twice)
{
    ask(c, NEW_BLOCK);
    fake_publish(&g, "zilliqa.NewBlock",
                 "10-1 1000000 5\n{\"TxBlock\":{\"header\":{\"BlockNum\":\"5\"}},\"TxHashes\":[]}");
    (void)fake_heard(&g, c);
    fake_publish(&g, "zilliqa.NewBlock",
                 "11-1 1000000 4\n{\"TxBlock\":{\"header\":{\"BlockNum\":\"4\"}},\"TxHashes\":[]}");
    cr_expect_str_eq(fake_heard(&g, c), "");
    fake_publish(
        &g, "zilliqa.NewBlock",
        "12-1 99000000 4\n{\"TxBlock\":{\"header\":{\"BlockNum\":\"4\"}},\"TxHashes\":[]}");
    cr_expect_str_eq(fake_heard(&g, c), notification(BLOCK(4)));
}

Test(zilliqa, parts_of_a_replaced_publisher_are_forgotten)
{
    ask(c, EVENTS_OF("\"0x" A "\",\"0x" B "\""));
    fake_publish(&g, "zilliqa.EventLog." A, "10-1 1 5\n{\"event_logs\":[\"old\"]}");
    fake_publish(&g, "zilliqa.EventLog." B, "11-1 1 5\n{\"event_logs\":[5]}");
    fake_publish(&g, "zilliqa.NewBlock", "11-1 1 5\n{}");
    cr_expect_str_eq(fake_heard(&g, c), notification(EVENT(B, 5)));
}

Test(zilliqa, a_replaced_publisher_that_still_speaks_on_another_stream_is_not_heard)
{
    ask(c, EVENTS_OF("\"0x" A "\",\"0x" B "\""));
    fake_publish(&g, "zilliqa.EventLog." B, "11-1 1 5\n{\"event_logs\":[5]}");
    fake_publish(&g, "zilliqa.EventLog." A, "10-1 1 5\n{\"event_logs\":[\"old\"]}");
    fake_publish(&g, "zilliqa.NewBlock", "11-1 1 5\n{\"TxBlock\":{}}");
    cr_expect_str_eq(fake_heard(&g, c), notification(EVENT(B, 5)));
}

Test(zilliqa, a_part_that_names_no_block_is_of_the_next_that_ends)
{
    ask(c, EVENTS_OF("\"0x" A "\",\"0x" B "\""));
    fake_publish(&g, "zilliqa.EventLog." A, "[1]");
    happens(B, 5);
    end_block(5);
    cr_expect_str_eq(fake_heard(&g, c),
                     notification("{\"query\":\"EventLog\",\"value\":[{\"address\":\"0x" A
                                  "\",\"event_logs\":[1]},{\"address\":\"0x" B
                                  "\",\"event_logs\":[5]}]}"));
    fake_publish(&g, "zilliqa.EventLog." A, "[6]");
    end_block(6);
    cr_expect_str_eq(fake_heard(&g, c), notification(EVENT(A, 6)));
}

Test(zilliqa, a_message_that_is_not_what_it_should_be_is_counted_and_dropped)
{
    static const char *const bad[] = {"1-1 1 5\n{\"event_logs\":", "1-2 1 5\n{\"event_logs\":5}",
                                      "1-3 1 5\n7", "1-4 1 5\n{}"};

    ask(c, EVENTS_OF("\"0x" A "\""));
    for (size_t i = 0; i < 4; i++)
        fake_publish(&g, "zilliqa.EventLog." A, bad[i]);
    cr_expect_eq(g.counters.of_class[0].dropped_bad, 4u);
    fake_publish(&g, "zilliqa.NewBlock", "1-1 1\n{\"TxBlock\":{}}");
    fake_publish(&g, "zilliqa.NewBlock", "1-2 1 x\n[]");
    fake_publish(&g, "zilliqa.NewBlock", "1-3 1 5\n{\"TxBlock\":");
    cr_expect_str_eq(fake_heard(&g, c), "");
}

/* ---- a lost link ---------------------------------------------------------------------------- */

static void hear(const char *stream)
{
    fake_confirm(&g, stream);
}

Test(zilliqa, a_block_with_a_lost_link_in_it_is_left_out_for_those_who_follow_addresses)
{
    struct client *d = another(PROFILE_DOC);

    ask(c, EVENTS_OF("\"0x" A "\""));
    ask(d, NEW_BLOCK);
    hear("zilliqa.NewBlock");
    hear("zilliqa.EventLog." A);
    happens(A, 5);
    fake_lose_link(&g);
    hear("zilliqa.NewBlock");
    hear("zilliqa.EventLog." A);
    end_block(5);
    cr_expect_str_eq(fake_heard(&g, c), "");
    cr_expect_eq(g.counters.of_class[0].gaps, 1u);
    cr_expect_str_eq(fake_heard(&g, d), notification(BLOCK(5)));
    happens(A, 6);
    end_block(6);
    cr_expect_str_eq(fake_heard(&g, c), notification(EVENT(A, 6)));
}

Test(zilliqa, a_view_is_whole_again_only_once_all_its_streams_are_heard)
{
    ask(c, EVENTS_OF("\"0x" A "\""));
    hear("zilliqa.NewBlock");
    hear("zilliqa.EventLog." A);
    fake_lose_link(&g);
    hear("zilliqa.NewBlock");
    end_block(5);
    end_block(6);
    hear("zilliqa.EventLog." A);
    happens(A, 7);
    end_block(7);
    cr_expect_str_eq(fake_heard(&g, c), "");
    happens(A, 8);
    end_block(8);
    cr_expect_str_eq(fake_heard(&g, c), notification(EVENT(A, 8)));
}

Test(zilliqa, a_request_after_a_lost_link_does_not_make_the_block_whole)
{
    ask(c, EVENTS_OF("\"0x" A "\""));
    hear("zilliqa.NewBlock");
    hear("zilliqa.EventLog." A);
    fake_lose_link(&g);
    ask(c, EVENTS_OF("\"0x" B "\""));
    end_block(5);
    cr_expect_str_eq(fake_heard(&g, c), "");
}

Test(zilliqa, an_unsubscribe_waits_for_the_next_notification_that_goes_out)
{
    ask(c, EVENTS_OF("\"0x" A "\""));
    hear("zilliqa.NewBlock");
    hear("zilliqa.EventLog." A);
    ask(c, UNSUBSCRIBE("EventLog"));
    fake_lose_link(&g);
    hear("zilliqa.NewBlock");
    hear("zilliqa.EventLog." A);
    end_block(5);
    tick();
    cr_expect_str_eq(fake_heard(&g, c), "");
    end_block(6);
    cr_expect_str_eq(fake_heard(&g, c), notification(TOLD("\"EventLog\"")));
}

/* ---- Unsubscribe ---------------------------------------------------------------------------- */

Test(zilliqa, a_second_block_in_the_same_turn_has_the_topic_no_more)
{
    ask(c, NEW_BLOCK);
    ask(c, EVENTS_OF("\"0x" A "\""));
    ask(c, UNSUBSCRIBE("NewBlock"));
    end_block(1);
    happens(A, 2);
    end_block(2);
    end_block(3);
    char heard[1024];
    int n = snprintf(heard, sizeof heard, "%s\n", notification(BLOCK(1) "," TOLD("\"NewBlock\"")));
    snprintf(heard + n, sizeof heard - (size_t)n, "%s", notification(EVENT(A, 2)));
    cr_expect_str_eq(fake_heard(&g, c), heard);
}

Test(zilliqa, after_it_was_told_its_clients_share_the_view_of_those_who_never_asked)
{
    struct client *d = another(PROFILE_DOC), *e = another(PROFILE_DOC);

    ask(c, EVENTS_OF("\"0x" A "\""));
    ask(d, EVENTS_OF("\"0x" A "\""));
    ask(e, EVENTS_OF("\"0x" A "\""));
    ask(d, NEW_BLOCK);
    ask(d, UNSUBSCRIBE("NewBlock"));
    ask(e, NEW_BLOCK);
    ask(e, UNSUBSCRIBE("NewBlock"));
    cr_expect_eq(views_count(g.views), 2u);
    end_block(1);
    tick();
    cr_expect_eq(views_count(g.views), 1u);
    cr_expect_eq(views_members(g.views), 3u);
}

Test(zilliqa, whoever_leaves_the_last_topic_is_nowhere)
{
    ask(c, NEW_BLOCK);
    ask(c, UNSUBSCRIBE("NewBlock"));
    end_block(1);
    cr_expect_str_eq(fake_heard(&g, c), notification(BLOCK(1) "," TOLD("\"NewBlock\"")));
    end_block(2);
    tick();
    cr_expect_str_eq(fake_heard(&g, c), "");
    cr_expect_eq(views_count(g.views), 0u);
    cr_expect_eq(hub_streams(g.hub), 0u);
    ask(c, NEW_BLOCK);
    end_block(3);
    cr_expect_str_eq(fake_heard(&g, c), notification(BLOCK(3)));
}

Test(zilliqa, a_request_right_after_the_block_finds_the_topic_gone)
{
    ask(c, NEW_BLOCK);
    ask(c, UNSUBSCRIBE("NewBlock"));
    end_block(1);
    (void)fake_heard(&g, c);
    ask(c, NEW_BLOCK); /* before the turn's end */
    end_block(2);
    cr_expect_str_eq(fake_heard(&g, c), notification(BLOCK(2)));
}

Test(zilliqa, whoever_asks_to_leave_right_after_the_block_is_told_with_the_next)
{
    struct client *d = another(PROFILE_DOC);

    ask(c, NEW_BLOCK);
    ask(d, NEW_BLOCK);
    ask(c, UNSUBSCRIBE("NewBlock"));
    end_block(1);
    (void)fake_heard(&g, d);
    ask(d, UNSUBSCRIBE("NewBlock")); /* into a view like the one that has just told */
    end_block(2);
    cr_expect_str_eq(fake_heard(&g, d), notification(BLOCK(2) "," TOLD("\"NewBlock\"")));
}

Test(zilliqa, a_client_that_goes_between_the_block_and_the_turns_end_is_gone)
{
    ask(c, NEW_BLOCK);
    ask(c, UNSUBSCRIBE("NewBlock"));
    end_block(1);
    fake_close(&g, c);
    tick();
    cr_expect_eq(views_count(g.views), 0u);
}

/* ---- limits --------------------------------------------------------------------------------- */

Test(zilliqa, a_connection_that_may_have_one_subscription_may_still_change_it)
{
    fake_gateway_stop(&g);
    fake_gateway_start(&g, FAKE_FLAGS("--max-subscriptions", "1"));
    c = another(PROFILE_DOC);
    ask(c, EVENTS_OF("\"0x" A "\""));
    ask(c, NEW_BLOCK);
    happens(A, 1);
    end_block(1);
    cr_expect_str_eq(fake_heard(&g, c), notification(BLOCK(1) "," EVENT(A, 1)));
    fake_say(c, EVENTS_OF("\"0x" B "\""));
    cr_expect_str_eq(fake_heard(&g, c), "{\"type\":\"Error\",\"error\":\"too many addresses\"}");
}

Test(zilliqa, forty_four_addresses_fit_into_a_message_and_are_all_taken)
{
    char text[4096] = "{\"query\":\"EventLog\",\"addresses\":[";

    for (unsigned i = 0; i < 44; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s\"0x%040x\"", i ? "," : "", i);
    strcat(text, "]}");
    cr_assert_leq(strlen(text), 2048u);
    ask(c, text);
    cr_expect_eq(hub_streams(g.hub), 45u);
}

Test(zilliqa, a_drain_cuts_clients_of_the_node_profile_without_a_close_frame)
{
    struct client *d = another(PROFILE_NODE);

    dialect_zilliqa.drain(c);
    dialect_zilliqa.drain(d);
    cr_expect_eq(c->state, CLIENT_OPEN); /* the edge closes it as it does everybody */
    cr_expect_eq(d->state, CLIENT_CLOSING);
    cr_expect_eq(close_reasons[d->close_reason].code, 0);
}

/* ---- time ----------------------------------------------------------------------------------- */

Test(zilliqa, a_silent_client_is_pinged_after_thirty_seconds_and_ends_after_sixty)
{
    ask(c, NEW_BLOCK);
    fake_pass(&g, 29000);
    cr_expect_str_eq(fake_heard(&g, c), "");
    fake_pass(&g, 2000);
    cr_expect_str_eq(fake_heard(&g, c), "(ping)");
    fake_pass(&g, 28000);
    cr_expect_eq(c->state, CLIENT_OPEN);
    fake_pass(&g, 2000);
    cr_expect_eq(c->state, CLIENT_CLOSING);
}

Test(zilliqa, a_client_that_answers_pings_stays)
{
    ask(c, NEW_BLOCK);
    for (int i = 0; i < 6; i++) {
        fake_pass(&g, 31000);
        client_heard(c);
    }
    cr_expect_eq(c->state, CLIENT_OPEN);
}
