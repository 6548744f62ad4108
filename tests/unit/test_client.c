/* One connection: its queue, what it sends, its memberships, its end. For its times see
 * test_client_times.c. */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "tests/support/fake_client.h"
#include "tests/support/leaks.h"

/* A dialect that repeats what it was told, and whose hooks the tests set. */
static struct {
    char said[256]; /* "text|" of each message, "<n>|" of a binary one of n bytes */
    bool full;
    int closed, open_error;
} echo;

static int echo_open(struct client *c, const char *path, const char *query)
{
    (void)c, (void)path, (void)query;
    return echo.open_error;
}

static void echo_message(struct client *c, const char *text, size_t len, bool binary)
{
    size_t at = strlen(echo.said);

    (void)c;
    if (binary)
        snprintf(echo.said + at, sizeof echo.said - at, "<%zu>|", len);
    else
        snprintf(echo.said + at, sizeof echo.said - at, "%.*s|", (int)len, text);
}

static bool echo_takes(struct client *c)
{
    (void)c;
    return !echo.full;
}

static void echo_closed(struct client *c)
{
    (void)c;
    echo.closed++;
}

static struct dialect dialect = {.name = "echo",
                                 .open = echo_open,
                                 .message = echo_message,
                                 .takes = echo_takes,
                                 .closed = echo_closed};

static int open_view(struct view *view, struct hub *hub, const void *request)
{
    (void)request;
    return hub_listen(hub, &view->listener, view->key, view->key_len);
}

static void on_message(struct view *view, const struct stream *stream, const struct message *m)
{
    (void)view, (void)stream, (void)m;
}

static const struct view_type type = {.name = "a", .open = open_view, .message = on_message};
static const struct view_type other = {.name = "b", .open = open_view, .message = on_message};

static struct fake_gateway g;
static struct client *c;

static void set_up(void)
{
    fake_gateway_start(&g, FAKE_FLAGS("--queue-bytes", "10000", "--queue-messages", "5",
                                      "--max-message", "1000", "--max-subscriptions", "2"));
    c = fake_open(&g, &dialect, PROFILE_DOC, "/", "");
}

static void tear_down(void)
{
    fake_gateway_stop(&g);
    no_leaks();
}

static int join(const char *key)
{
    return client_join(c, &type, key, strlen(key), NULL);
}

static void deliver(size_t payload)
{
    static char bytes[20000];
    struct frame *f = frame_new(WS_TEXT, &(struct span){bytes, payload}, 1);

    client_deliver(c, f);
    frame_unref(&f);
}

static void expect_closed(enum close_reason reason)
{
    cr_expect_eq(c->state, CLIENT_CLOSING);
    cr_expect_eq(c->close_reason, reason, "%s", close_reasons[c->close_reason].name);
}

TestSuite(client, .init = set_up, .fini = tear_down);

/* ---- its queue ---- */

Test(client, C1_whoever_has_gained_frames_is_on_the_turns_list_once)
{
    deliver(1);
    deliver(1);
    client_reply(c, &SPAN("x"), 1);
    cr_expect_eq(g.host.n_dirty, 1u);
    cr_expect_eq(g.host.dirty[0], c);
    cr_expect_eq(c->queue.n, 3u);
    cr_expect_eq(g.counters.deliveries, 3u);
}

Test(client, C2_who_is_closing_gains_no_frames_and_joins_nothing)
{
    client_close(c, CLOSE_drain);
    deliver(1);
    client_reply(c, &SPAN("x"), 1);
    cr_expect_eq(c->queue.n, 0u);
    cr_expect_eq(join("x"), -ECONNRESET);
    fake_turn(&g);
    cr_expect(list_empty(&c->memberships));
}

Test(client, C3_a_queue_over_its_messages_ends_the_client)
{
    for (int i = 0; i < 5; i++)
        deliver(1);
    fake_turn(&g);
    cr_expect_eq(c->state, CLIENT_OPEN);
    deliver(1);
    fake_turn(&g);
    expect_closed(CLOSE_slow_reader);
    cr_expect_eq(g.counters.queue_overflows, 1u);
}

Test(client, C3_a_queue_over_its_bytes_ends_the_client)
{
    deliver(4996);
    deliver(4996); /* with their headers: 10,000 */
    fake_turn(&g);
    cr_expect_eq(c->state, CLIENT_OPEN);
    deliver(0);
    fake_turn(&g);
    expect_closed(CLOSE_slow_reader);
}

Test(client, C3_one_frame_may_be_longer_than_the_queue)
{
    deliver(20000);
    fake_turn(&g);
    cr_expect_eq(c->state, CLIENT_OPEN);
}

Test(client, within_a_turn_a_queue_may_be_over_its_limits)
{
    for (int i = 0; i < 100; i++)
        deliver(1);
    (void)fake_heard(&g, c); /* the socket took it all */
    fake_turn(&g);
    cr_expect_eq(c->state, CLIENT_OPEN);
}

Test(client, queued_bytes_are_counted_and_forgotten_with_the_client)
{
    struct client *second = fake_open(&g, &dialect, PROFILE_DOC, "/", "");

    deliver(98);
    client_reply(second, &SPAN("12345678"), 1);
    fake_turn(&g);
    cr_expect_eq(g.counters.queued_bytes, 110u);
    (void)fake_heard(&g, c);
    client_look_at(c);
    fake_turn(&g);
    cr_expect_eq(g.counters.queued_bytes, 10u);
    fake_close(&g, second);
    fake_turn(&g);
    cr_expect_eq(g.counters.queued_bytes, 0u);
}

Test(client, a_dialect_may_leave_frames_out_but_its_replies_always_go)
{
    echo.full = true;
    deliver(1);
    cr_expect_eq(c->queue.n, 0u);
    cr_expect_eq(g.counters.held_back, 1u);
    client_reply(c, &SPAN("x"), 1);
    cr_expect_eq(c->queue.n, 1u);
}

/* ---- what it sends ---- */

Test(client, a_message_may_come_in_pieces)
{
    client_receive(c, "ab", 2, true, false, false);
    client_receive(c, "", 0, false, false, false);
    client_receive(c, "cd", 2, false, false, false);
    cr_expect_str_eq(echo.said, "");
    client_receive(c, "e", 1, false, true, false);
    cr_expect_str_eq(echo.said, "abcde|");
    cr_expect_null(c->input);
    client_receive(c, "next", 4, true, true, false);
    cr_expect_str_eq(echo.said, "abcde|next|");
    cr_expect_eq(g.counters.requests, 2u);
}

Test(client, the_first_piece_says_whether_it_is_binary)
{
    client_receive(c, "\xff", 1, true, false, true);
    client_receive(c, "\xff", 1, false, true, false);
    cr_expect_str_eq(echo.said, "<2>|");
    client_receive(c, "a", 1, true, false, false);
    client_receive(c, "b", 1, false, true, true);
    cr_expect_str_eq(echo.said, "<2>|ab|");
}

Test(client, a_character_may_be_cut_in_two_by_the_pieces)
{
    client_receive(c, "\xe2\x98", 2, true, false, false);
    client_receive(c, "\x83", 1, false, true, false);
    cr_expect_str_eq(echo.said, "\xe2\x98\x83|");
}

Test(client, text_that_is_not_utf_8_ends_it)
{
    client_receive(c, "\xc0\x80", 2, true, true, false);
    expect_closed(CLOSE_bad_utf8);
    cr_expect_str_eq(echo.said, "");
}

Test(client, an_empty_message_is_a_message)
{
    client_receive(c, "", 0, true, true, false);
    client_receive(c, "", 0, true, false, false);
    client_receive(c, "", 0, false, true, false);
    cr_expect_str_eq(echo.said, "||");
}

Test(client, the_longest_message_is_taken_whole_or_in_pieces)
{
    static char bytes[1001];

    client_receive(c, bytes, 1000, true, true, true);
    client_receive(c, bytes, 600, true, false, true);
    client_receive(c, bytes, 400, false, true, true);
    cr_expect_str_eq(echo.said, "<1000>|<1000>|");
    cr_expect_eq(c->state, CLIENT_OPEN);
}

Test(client, a_longer_message_ends_it)
{
    static char bytes[1001];

    client_receive(c, bytes, 1001, true, true, true);
    expect_closed(CLOSE_message_too_big);
}

Test(client, a_message_that_becomes_too_long_by_its_pieces_ends_it)
{
    static char bytes[1001];

    client_receive(c, bytes, 1000, true, false, true);
    cr_expect_eq(c->state, CLIENT_OPEN);
    client_receive(c, bytes, 1, false, false, true);
    expect_closed(CLOSE_message_too_big);
    client_receive(c, bytes, 1, false, true, true);
    cr_expect_str_eq(echo.said, "");
}

Test(client, pieces_of_a_message_are_freed_with_the_client)
{
    client_receive(c, "ab", 2, true, false, false);
    fake_close(&g, c); /* see no_leaks() */
}

Test(client, more_messages_than_its_rate_in_one_second_end_it)
{
    for (int i = 0; i < 3; i++)
        cr_expect(client_rate(c, 3));
    cr_expect_not(client_rate(c, 3));
    expect_closed(CLOSE_too_many_messages);
}

Test(client, a_new_second_begins_with_the_first_message_after_it)
{
    for (int i = 0; i < 10; i++) {
        cr_expect(client_rate(c, 2));
        cr_expect(client_rate(c, 2));
        g.host.now_ms += 1000;
    }
    client_rate(c, 2);
    g.host.now_ms += 999;
    cr_expect(client_rate(c, 2));
    cr_expect_not(client_rate(c, 2));
}

Test(client, the_highest_rate_is_a_limit_too)
{
    for (int i = 0; i < 100000; i++)
        cr_assert(client_rate(c, 100000));
    cr_expect_not(client_rate(c, 100000));
}

Test(client, a_rate_of_0_is_no_limit)
{
    for (int i = 0; i < 100000; i++)
        cr_assert(client_rate(c, 0));
}

/* ---- its memberships ---- */

Test(client, it_has_at_most_so_many_subscriptions)
{
    cr_expect_eq(join("x"), 0);
    cr_expect_eq(join("y"), 0);
    cr_expect_eq(join("z"), -ENOSPC);
    cr_expect_eq(g.counters.bad_requests, 1u);
    cr_expect_eq(join("x"), -EEXIST, "what it has counts only once");
    cr_expect_eq(client_leave(c, &type, "x", 1), 0);
    cr_expect_eq(join("z"), 0);
    cr_expect_str_eq(fake_wishes(&g), "+x +y -x +z ");
}

Test(client, leaving_what_it_never_joined_is_told)
{
    cr_expect_eq(client_leave(c, &type, "x", 1), -ENOENT);
    join("x");
    cr_expect_eq(client_leave(c, &other, "x", 1), -ENOENT);
    cr_expect_eq(c->n_memberships, 1u);
}

Test(client, who_has_left_everything_has_subscribed_all_the_same)
{
    cr_expect_not(c->has_subscribed);
    join("x");
    client_leave(c, &type, "x", 1);
    cr_expect(c->has_subscribed);
}

Test(client, a_membership_moves_between_types_though_the_limit_is_reached)
{
    join("x");
    join("y");
    (void)fake_wishes(&g);
    cr_expect_eq(client_change(c, &type, "x", 1, &other, "x", 1), 0);
    cr_expect_eq(c->n_memberships, 2u);
    cr_expect_not_null(views_member(g.views, &other, "x", 1, c));
    cr_expect_null(views_member(g.views, &type, "x", 1, c));
    cr_expect_str_eq(fake_wishes(&g), "", "the stream never was without a listener");
}

/* ---- its end ---- */

Test(client, the_first_reason_given_stays)
{
    client_close_saying(c, CLOSE_slow_reader, 4000, "text");
    client_close(c, CLOSE_drain);
    client_close_saying(c, CLOSE_drain, 4001, "other");
    expect_closed(CLOSE_slow_reader);
    cr_expect_eq(c->close_code, 4000);
    cr_expect_str_eq(c->close_text, "text");
}

Test(client, gone_it_has_left_everything_and_is_counted_once)
{
    join("x");
    deliver(1);
    client_receive(c, "ab", 2, true, false, false);
    cr_expect_eq(g.counters.clients, 1u);
    client_close(c, CLOSE_drain);
    client_gone(c);
    client_gone(c);
    cr_expect_str_eq(fake_wishes(&g), "+x -x ");
    cr_expect_eq(c->queue.n, 0u);
    cr_expect_eq(echo.closed, 1);
    cr_expect_eq(g.counters.clients, 0u);
    cr_expect_eq(g.counters.closes[CLOSE_drain], 1u);
}

Test(client, time_goes_on_without_those_that_have_gone)
{
    struct client *marked = fake_open(&g, &dialect, PROFILE_DOC, "/", "");

    client_close(marked, CLOSE_drain);
    fake_turn(&g);
    fake_close(&g, c);
    fake_pass(&g, 100000);
    cr_expect_not(marked->dirty, "whose deadline could that have been?");
}

Test(client, what_comes_after_its_end_is_passed_over)
{
    client_close(c, CLOSE_drain);
    client_gone(c);
    client_receive(c, "x", 1, true, true, false);
    client_heard(c);
    deliver(1);
    client_tick(c);
    cr_expect_str_eq(echo.said, "");
    cr_expect_eq(c->queue.n, 0u);
}

Test(client, a_dialect_that_cannot_open_closes_it)
{
    echo.open_error = -ENOMEM;
    c = fake_open(&g, &dialect, PROFILE_DOC, "/", "");
    expect_closed(CLOSE_no_memory);
}

Test(client, the_turns_list_has_room_for_every_client)
{
    cr_assert_eq(client_host_reserve(&g.host, 1000), 0);
    cr_expect_geq(g.host.dirty_cap, 1000u);
    size_t cap = g.host.dirty_cap;
    cr_assert_eq(client_host_reserve(&g.host, 10), 0);
    cr_expect_eq(g.host.dirty_cap, cap, "it never shrinks");
}

Test(client, one_that_is_on_the_turns_list_may_not_be_freed, .signal = SIGABRT)
{
    deliver(1);
    client_fini(c);
}
