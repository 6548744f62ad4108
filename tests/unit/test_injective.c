/* The Injective dialect: what needs a clock, a lost link, or a look at the frames themselves. What
 * is said to whom is in the transcripts. */
#include <criterion/criterion.h>

#include "tests/support/fake_client.h"

#define PRICES "injective.oracle_prices"
#define ALL_PRICES "{\"oracle_price_filter\":{\"symbol\":[\"*\"]}}"

static struct fake_gateway g;
static struct client *c;

static void set_up(void)
{
    fake_gateway_start(&g, FAKE_FLAGS("--injective-max-block", "4k", "--queue-bytes", "4k",
                                      "--injective-max-filter-values", "200"));
    c = fake_open(&g, &dialect_injective, PROFILE_NODE, "/injstream-ws", "");
}

static void tear_down(void)
{
    fake_gateway_stop(&g);
}

TestSuite(injective, .init = set_up, .fini = tear_down);

static void subscribe(struct client *client, int id, const char *name, const char *filter)
{
    char *text;

    cr_assert_gt(asprintf(&text,
                          "{\"id\":%d,\"method\":\"subscribe\",\"params\":{\"req\":{"
                          "\"subscription_id\":\"%s\",\"filter\":%s}}}",
                          id, name, filter),
                 0);
    fake_say(client, text);
    free(text);
    cr_assert_not_null(strstr(fake_heard(&g, client), "\"result\":\"success\""));
}

static void confirm(const char *stream)
{
    fake_confirm(&g, stream);
}

static void confirm_prices(void)
{
    confirm(PRICES);
    confirm("injective.block");
}

static void part(int height, const char *events)
{
    char text[8192];

    snprintf(text, sizeof text,
             "{\"block_height\":\"%d\",\"block_time\":\"1\",\"oracle_prices\":[%s]}", height,
             events);
    fake_publish(&g, PRICES, text);
}

static void end(int height)
{
    char text[100];

    snprintf(text, sizeof text, "{\"block_height\":\"%d\",\"block_time\":\"1\"}", height);
    fake_publish(&g, "injective.block", text);
}

static bool hears(struct client *client, const char *text)
{
    return strstr(fake_heard(&g, client), text) != NULL;
}

static void expect_broken(struct client *client)
{
    cr_expect(hears(client, "\"error\":{\"code\":1,\"message\":\"stream error\"}"));
}

/* ---- blocks ---------------------------------------------------------------------------------- */

Test(injective, nothing_is_told_before_redis_has_confirmed_every_stream)
{
    subscribe(c, 1, "a", ALL_PRICES);
    confirm("injective.block");
    end(1);
    end(2);
    cr_expect_str_eq(fake_heard(&g, c), "");
    confirm(PRICES);
    end(3);
    cr_expect_str_eq(fake_heard(&g, c), "");
    end(4);
    cr_expect(hears(c, "\"block_height\":\"4\""));
}

Test(injective, a_link_lost_and_found_between_two_blocks_breaks_the_subscription)
{
    subscribe(c, 1, "a", ALL_PRICES);
    confirm_prices();
    end(1);
    fake_lose_link(&g);
    confirm_prices();
    end(2);
    expect_broken(c);
}

Test(injective, a_subscription_that_broke_is_gone_in_the_next_request)
{
    subscribe(c, 1, "a", ALL_PRICES);
    subscribe(c, 2, "b", ALL_PRICES);
    confirm_prices();
    end(1);
    end(3);
    expect_broken(c);
    end(4);
    cr_expect_str_eq(fake_heard(&g, c), "");
    subscribe(c, 3, "a", ALL_PRICES);
    confirm_prices();
    end(5);
    end(6);
    cr_expect(hears(c, "\"id\":3,\"result\":{\"block_height\":\"6\""));
    cr_expect_eq(c->n_memberships, 1u);
}

Test(injective, a_subscription_that_broke_is_gone_in_time_without_a_request)
{
    subscribe(c, 1, "a", ALL_PRICES);
    confirm_prices();
    end(1);
    end(3);
    dialects_tick(&g.host);
    cr_expect_eq(c->n_memberships, 0u);
    cr_expect_eq(hub_streams(g.hub), 0u);
}

Test(injective, a_client_may_go_while_its_subscription_is_broken)
{
    struct client *other = fake_open(&g, &dialect_injective, PROFILE_NODE, "/", "");

    subscribe(c, 1, "a", ALL_PRICES);
    subscribe(other, 1, "a", ALL_PRICES);
    confirm_prices();
    end(1);
    end(3);
    fake_close(&g, c);
    dialects_tick(&g.host);
    cr_expect_eq(other->n_memberships, 0u);
    fake_close(&g, other);
    dialects_tick(&g.host);
}

Test(injective, a_stream_that_comes_again_is_not_taken_for_the_one_before)
{
    for (int i = 0; i < 3; i++) {
        subscribe(c, 1, "a", ALL_PRICES);
        confirm_prices();
        end(1);
        part(2, i == 0 ? "1" : i == 1 ? "2" : "3");
        end(2);
        cr_expect(hears(c, i == 0 ? "[1]" : i == 1 ? "[2]" : "[3]"));
        fake_say(c, "{\"id\":2,\"method\":\"unsubscribe\",\"params\":{\"req\":{"
                    "\"subscription_id\":\"a\"}}}");
        fake_heard(&g, c);
    }
}

Test(injective, a_new_term_that_is_first_seen_at_its_third_message_has_lost_two)
{
    subscribe(c, 1, "a", ALL_PRICES);
    confirm_prices();
    fake_publish(&g, "injective.block", "7-1 1\n{\"block_height\":\"1\",\"block_time\":\"1\"}");
    fake_publish(&g, PRICES,
                 "7-1 1\n{\"block_height\":\"2\",\"block_time\":\"1\",\"oracle_prices\":[1]}");
    fake_publish(&g, PRICES,
                 "8-3 1\n{\"block_height\":\"2\",\"block_time\":\"1\",\"oracle_prices\":[2]}");
    fake_publish(&g, "injective.block", "8-1 1\n{\"block_height\":\"2\",\"block_time\":\"1\"}");
    expect_broken(c);
}

/* ---- what is shared -------------------------------------------------------------------------- */

Test(injective, clients_with_one_filter_and_id_share_the_very_frame)
{
    struct client *other = fake_open(&g, &dialect_injective, PROFILE_NODE, "/", "");

    subscribe(c, 1, "a", ALL_PRICES);
    subscribe(other, 1, "b", ALL_PRICES);
    confirm_prices();
    end(1);
    end(2);
    cr_assert_eq(c->queue.n, 1u);
    cr_assert_eq(other->queue.n, 1u);
    cr_expect_eq(queue_at(&c->queue, 0), queue_at(&other->queue, 0));
    cr_expect_eq(views_count(g.views), 1u);
}

Test(injective, every_subscription_has_its_own_id_in_its_updates)
{
    char name[16], wanted[40];

    for (int i = 0; i < 18; i++) {
        snprintf(name, sizeof name, "n%d", i);
        subscribe(c, i, name, ALL_PRICES);
    }
    confirm_prices();
    end(1);
    end(2);
    char *heard = strdup(fake_heard(&g, c));
    for (int i = 0; i < 18; i++) {
        snprintf(wanted, sizeof wanted, "\"id\":%d,\"result\":{", i);
        cr_expect_not_null(strstr(heard, wanted), "%d", i);
    }
    free(heard);
}

Test(injective, the_profiles_do_not_share_a_view)
{
    struct client *other = fake_open(&g, &dialect_injective, PROFILE_DOC, "/", "");

    subscribe(c, 1, "a", ALL_PRICES);
    subscribe(other, 1, "a", ALL_PRICES);
    cr_expect_eq(views_count(g.views), 2u);
}

Test(injective, one_message_is_taken_apart_for_views_that_check_different_things)
{
    struct client *other = fake_open(&g, &dialect_injective, PROFILE_NODE, "/", "");
    const char *positions = "injective.positions.subaccount.s";

    subscribe(c, 1, "a",
              "{\"positions_filter\":{\"market_ids\":[\"m\"],\"subaccount_ids\":[\"s\"]}}");
    subscribe(other, 1, "a",
              "{\"positions_filter\":{\"market_ids\":[\"n\",\"m/\"],\"subaccount_ids\":[\"s\"]}}");
    confirm(positions);
    confirm("injective.block");
    end(1);
    fake_publish(&g, positions,
                 "{\"block_height\":\"2\",\"block_time\":\"1\",\"positions\":[{\"market_id\":\"m\","
                 "\"subaccount_id\":\"s\"},{\"market_id\":\"n\",\"subaccount_id\":\"s\"},"
                 "{\"market_id\":\"m\\/\",\"subaccount_id\":\"s\"},{\"subaccount_id\":\"s\"}]}");
    end(2);
    cr_expect(hears(c, "\"positions\":[{\"market_id\":\"m\",\"subaccount_id\":\"s\"}],"));
    cr_expect(hears(other, "\"positions\":[{\"market_id\":\"n\",\"subaccount_id\":\"s\"},"
                           "{\"market_id\":\"m\\/\",\"subaccount_id\":\"s\"}],"));
}

/* ---- what is listened to --------------------------------------------------------------------- */

static char *subaccounts(int n)
{
    struct text t = {0};

    text_add(&t, "{\"spot_trades_filter\":{\"market_ids\":[\"m1\",\"m2\"],\"subaccount_ids\":[");
    for (int i = 0; i < n; i++)
        text_add(&t, "%s\"s%d\"", i ? "," : "", i);
    text_add(&t, "]}}");
    return t.at;
}

Test(injective, few_subaccounts_are_listened_to)
{
    char *filter = subaccounts(64);

    subscribe(c, 1, "a", filter);
    free(filter);
    cr_expect_eq(hub_streams(g.hub), 65u);
}

Test(injective, of_many_subaccounts_the_markets_are_listened_to)
{
    char *filter = subaccounts(65);

    subscribe(c, 1, "a", filter);
    free(filter);
    cr_expect_str_eq(fake_wishes(&g), "+injective.spot_trades.market.m1 "
                                      "+injective.spot_trades.market.m2 +injective.block ");
    confirm("injective.spot_trades.market.m1");
    confirm("injective.spot_trades.market.m2");
    confirm("injective.block");
    end(1);
    fake_publish(&g, "injective.spot_trades.market.m1",
                 "{\"block_height\":\"2\",\"block_time\":\"1\",\"spot_trades\":["
                 "{\"market_id\":\"m1\",\"subaccount_id\":\"s64\"},"
                 "{\"market_id\":\"m1\",\"subaccount_id\":\"s65\"}]}");
    end(2);
    cr_expect(hears(c, "\"spot_trades\":[{\"market_id\":\"m1\",\"subaccount_id\":\"s64\"}],"));
}

Test(injective, all_filters_of_a_connection_have_a_limit_together)
{
    char *filter = subaccounts(198);
    char name[16];

    for (int i = 0; i < 10; i++) {
        snprintf(name, sizeof name, "n%d", i);
        subscribe(c, 1, name, filter);
    }
    fake_say(c, "{\"id\":1,\"method\":\"subscribe\",\"params\":{\"req\":{\"subscription_id\":\"x\","
                "\"filter\":{\"oracle_price_filter\":{\"symbol\":[\"a\"]}}}}}");
    cr_expect(hears(c, "\"data\":\"filters with 2001 values on this connection, at most 2000\""));
    free(filter);
}

/* ---- limits ---------------------------------------------------------------------------------- */

Test(injective, one_block_in_many_subscriptions_is_not_our_memory)
{
    char events[3000], name[16];

    snprintf(events, sizeof events, "\"%0*d\"", 2900, 0);
    for (int i = 0; i < 3; i++) {
        snprintf(name, sizeof name, "n%d", i);
        subscribe(c, i, name, ALL_PRICES);
    }
    confirm_prices();
    end(1);
    part(2, events);
    end(2);
    cr_expect_eq(c->state, CLIENT_CLOSING);
    cr_expect_eq(c->close_reason, CLOSE_slow_reader);
}

Test(injective, a_client_is_pinged_after_27_s_and_cut_after_30)
{
    fake_pass(&g, 26900);
    cr_expect_str_eq(fake_heard(&g, c), "");
    fake_pass(&g, 200);
    cr_expect_str_eq(fake_heard(&g, c), "(ping)");
    fake_pass(&g, 2700);
    cr_expect_eq(c->state, CLIENT_OPEN);
    fake_pass(&g, 300);
    cr_expect_eq(c->state, CLIENT_CLOSING);
    cr_expect_eq(close_reasons[c->close_reason].code, 0);
}

Test(injective, a_pong_keeps_it)
{
    fake_pass(&g, 27200);
    client_heard(c);
    fake_pass(&g, 26900);
    cr_expect_eq(c->state, CLIENT_OPEN);
}

static void pass_ticking(uint64_t ms)
{
    for (uint64_t passed = 0; passed < ms; passed += 100) {
        fake_pass(&g, 100);
        dialects_tick(&g.host);
    }
}

Test(injective, a_request_in_pieces_has_ten_seconds)
{
    client_receive(c, "{", 1, true, false, false);
    pass_ticking(9000);
    cr_expect_eq(c->state, CLIENT_OPEN);
    pass_ticking(2000);
    cr_expect_eq(c->state, CLIENT_CLOSING);
    cr_expect_eq(c->close_reason, CLOSE_stalled);
}

Test(injective, requests_in_pieces_one_after_the_other_have_ten_seconds_each)
{
    for (int i = 0; i < 5; i++) {
        client_receive(c, "{", 1, true, false, false);
        pass_ticking(4000);
        client_receive(c, "}", 1, false, true, false);
    }
    cr_expect_eq(c->state, CLIENT_OPEN);
}

/* As after a flush. */
static void socket_is_full(bool full)
{
    c->blocked = full;
    slow_reader_check(c);
}

Test(injective, a_client_that_takes_nothing_for_ten_seconds_is_cut)
{
    client_reply(c, &SPAN("waits"), 1);
    socket_is_full(true);
    pass_ticking(9000);
    socket_is_full(true);
    cr_expect_eq(c->state, CLIENT_OPEN);
    pass_ticking(2000);
    cr_expect_eq(c->close_reason, CLOSE_stalled);
}

Test(injective, a_client_that_takes_a_message_now_and_then_is_not)
{
    subscribe(c, 1, "a", ALL_PRICES);
    confirm_prices();
    end(1);
    for (int i = 2; i < 7; i++) {
        end(i);
        socket_is_full(true);
        pass_ticking(4000);
        queue_pop(&c->queue, 1);
    }
    cr_expect_eq(c->state, CLIENT_OPEN);
}

Test(injective, a_client_that_caught_up_has_ten_seconds_again)
{
    for (int i = 0; i < 5;
         i++) { /* the ring has two places: every other time the head is the same */
        client_reply(c, &SPAN("one"), 1);
        client_reply(c, &SPAN("two"), 1);
        socket_is_full(true);
        pass_ticking(4000);
        queue_pop(&c->queue, 2);
        socket_is_full(false);
    }
    client_heard(c);
    pass_ticking(20000);
    cr_expect_eq(c->state, CLIENT_OPEN);
}

/* ---- what Redis may say ---------------------------------------------------------------------- */

Test(injective, what_is_no_block_breaks_nothing_but_is_counted)
{
    subscribe(c, 1, "a", ALL_PRICES);
    confirm_prices();
    end(1);
    fake_publish(&g, "injective.block", "{\"block_height\":\"x\",\"block_time\":\"1\"}");
    fake_publish(&g, "injective.block", "{\"block_height\":\"2\",\"block_time\":\"\"}");
    fake_publish(&g, "injective.block", "{\"block_height\":\"99999999999999999999\"}");
    fake_publish(&g, "injective.block", "[]");
    end(2);
    cr_expect(hears(c, "\"block_height\":\"2\""));
    cr_expect_eq(g.counters.of_class[0].dropped_bad, 4u);
}

Test(injective, heights_may_be_numbers)
{
    subscribe(c, 1, "a", ALL_PRICES);
    confirm_prices();
    end(1);
    fake_publish(&g, "injective.block", "{\"block_height\":2,\"block_time\":3}");
    cr_expect(hears(c, "{\"block_height\":\"2\",\"block_time\":\"3\","));
}
