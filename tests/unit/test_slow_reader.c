/* Clients whose sockets take less than they are due: what they may cost. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/fake_client.h"
#include "tests/support/leaks.h"

static const struct dialect dialect = {.name = "plain"};

static struct fake_gateway g;
static uint64_t acknowledged;

static uint64_t acknowledged_by_peer(int fd)
{
    (void)fd;
    return acknowledged;
}

static void start(const char *const *flags)
{
    fake_gateway_start(&g, flags);
    g.host.acknowledged = acknowledged_by_peer;
}

static struct client *client(void)
{
    return fake_open(&g, &dialect, PROFILE_DOC, "/", "");
}

static struct frame *frame(size_t len)
{
    static char bytes[2 << 20];

    return frame_new(WS_TEXT, &(struct span){bytes, len}, 1);
}

static void deliver(struct client *c, size_t len)
{
    struct frame *f = frame(len);

    client_deliver(c, f);
    frame_unref(&f);
}

static void tear_down(void)
{
    fake_gateway_stop(&g);
    cr_expect_eq(g.host.slow.pool.held, 0u);
    cr_expect_eq(g.host.slow.pool.waiting, 0u);
    cr_expect_eq(g.host.slow.n, 0u);
    no_leaks();
}

TestSuite(slow_reader, .fini = tear_down);

/* ---- its limits ---- */

static struct client *listener(const char *stream)
{
    struct client *c = fake_open(&g, &dialect_exchange, PROFILE_DOC, "/", "");
    char request[128];

    snprintf(request, sizeof request, "{\"method\":\"SUBSCRIBE\",\"params\":[\"%s\"],\"id\":1}",
             stream);
    fake_say(c, request);
    return c;
}

Test(slow_reader, a_full_queue_closes_it_unless_the_class_says_otherwise)
{
    start(FAKE_FLAGS("--queue-messages", "10", "--class", "book=depth.*", "--policy",
                     "book=conflate"));
    struct client *trades = listener("trade.A"), *books = listener("depth.A");

    for (int i = 0; i < 11; i++) {
        fake_publish(&g, "trade.A", "{\"n\":1}");
        fake_publish(&g, "depth.A", "{\"n\":1}");
    }
    fake_turn(&g);
    cr_expect_eq(trades->close_reason, CLOSE_slow_reader);
    cr_expect_eq(g.counters.of_class[1].frames_unsent, 11u);
    cr_expect_eq(books->state, CLIENT_OPEN);
    cr_expect_eq(books->queue.n, 1u);
    cr_expect_eq(g.counters.of_class[0].frames_conflated, 10u);
}

Test(slow_reader, with_drop_it_gets_what_is_newest)
{
    start(FAKE_FLAGS("--queue-messages", "4", "--policy", "other=drop"));
    struct client *c = listener("trade.A");

    for (int i = 0; i < 10; i++) {
        char text[32];
        snprintf(text, sizeof text, "{\"n\":%d}", i);
        fake_publish(&g, "trade.A", text);
        fake_turn(&g);
    }
    cr_expect_eq(c->state, CLIENT_OPEN);
    cr_expect_str_eq(fake_heard(&g, c), "{\"stream\":\"trade.A\",\"data\":{\"n\":6}}\n"
                                        "{\"stream\":\"trade.A\",\"data\":{\"n\":7}}\n"
                                        "{\"stream\":\"trade.A\",\"data\":{\"n\":8}}\n"
                                        "{\"stream\":\"trade.A\",\"data\":{\"n\":9}}");
}

Test(slow_reader, with_notices_it_is_told_once_how_many_were_dropped)
{
    start(FAKE_FLAGS("--queue-messages", "4", "--policy", "other=drop"));
    struct client *c = fake_open(&g, &dialect_exchange, PROFILE_DOC, "/", "notices=1");

    fake_say(c, "{\"method\":\"SUBSCRIBE\",\"params\":[\"trade.A\"],\"id\":1}");
    for (int i = 0; i < 8; i++) {
        char text[32];
        snprintf(text, sizeof text, "{\"n\":%d}", i);
        fake_publish(&g, "trade.A", text);
        fake_turn(&g);
    }
    cr_expect_eq(c->state, CLIENT_OPEN);
    cr_expect_eq(g.counters.of_class[0].frames_dropped, 6u);
    cr_expect_str_eq(fake_heard(&g, c), "{\"stream\":\"trade.A\",\"notice\":{\"dropped\":6}}\n"
                                        "{\"stream\":\"trade.A\",\"data\":{\"n\":6}}\n"
                                        "{\"stream\":\"trade.A\",\"data\":{\"n\":7}}");
}

/* A client of the dialect with notices, and eight messages for it of which six are dropped. */
static struct client *told(const struct dialect *d, const char *path, const char *query,
                           const char *format)
{
    struct client *c = fake_open(&g, d, PROFILE_DOC, path, query);

    if (d == &dialect_exchange)
        fake_say(c, "{\"method\":\"SUBSCRIBE\",\"params\":[\"trade.A\"],\"id\":1}");
    for (int i = 0; i < 8; i++) {
        char text[64];
        snprintf(text, sizeof text, format, i);
        fake_publish(&g, "trade.A", text);
        fake_turn(&g);
    }
    return c;
}

Test(slow_reader, bare_streams_are_told_by_name_whatever_their_messages_say)
{
    start(FAKE_FLAGS("--queue-messages", "4", "--policy", "other=drop"));
    struct client *c =
        told(&dialect_binance, "/ws/trade.A", "notices=1", "{\"stream\":\"x\",\"n\":%d}");

    cr_expect_str_eq(fake_heard(&g, c), "{\"stream\":\"trade.A\",\"notice\":{\"dropped\":6}}\n"
                                        "{\"stream\":\"x\",\"n\":6}\n"
                                        "{\"stream\":\"x\",\"n\":7}");
}

Test(slow_reader, with_ids_it_is_told_what_of_an_engines_messages_was_dropped)
{
    start(FAKE_FLAGS("--queue-messages", "4", "--policy", "other=drop", "--payload", "wrapped"));
    struct client *c =
        told(&dialect_exchange, "/", "ids=1&notices=1", "{\"data\":%d,\"stream\":\"trade.A\"}");

    cr_expect_str_eq(fake_heard(&g, c), "{\"stream\":\"trade.A\",\"notice\":{\"dropped\":6}}\n"
                                        "{\"id\":null,\"data\":6,\"stream\":\"trade.A\"}\n"
                                        "{\"id\":null,\"data\":7,\"stream\":\"trade.A\"}");
}

Test(slow_reader, who_did_not_ask_for_notices_gets_none)
{
    start(FAKE_FLAGS("--queue-messages", "4", "--policy", "other=drop"));
    struct client *c = told(&dialect_binance, "/ws/trade.A", "", "[%d]");

    cr_expect_str_eq(fake_heard(&g, c), "[6]\n[7]");
}

/* ---- the budget ---- */

Test(slow_reader, a_frame_that_waits_for_many_costs_its_bytes_once)
{
    start(FAKE_FLAGS("--queue-budget", "1M"));
    struct frame *f = frame(900000);

    for (int i = 0; i < 20; i++)
        client_deliver(client(), f);
    frame_unref(&f);
    fake_turn(&g);
    cr_expect_eq(g.counters.slow_clients, 20u);
    cr_expect_lt(g.counters.queue_memory, 901000u);
    cr_expect_gt(g.counters.queued_bytes, 20u * 900000u);
}

Test(slow_reader, over_the_budget_the_longest_queue_goes_first)
{
    start(FAKE_FLAGS("--queue-budget", "1M"));
    struct client *little = client(), *much = client(), *some = client();

    deliver(little, 1000);
    deliver(much, 600000);
    fake_turn(&g);
    deliver(some, 300000);
    fake_turn(&g);
    cr_expect_eq(much->state, CLIENT_OPEN);
    deliver(some, 200000);
    fake_turn(&g);
    fake_turn(&g);
    cr_expect_eq(much->close_reason, CLOSE_queue_budget);
    cr_expect_eq(little->state, CLIENT_OPEN);
    cr_expect_eq(some->state, CLIENT_OPEN);
    cr_expect_lt(g.counters.queue_memory, 1u << 20);
}

Test(slow_reader, among_queues_of_like_length_the_one_that_has_been_long_for_longest_goes)
{
    start(FAKE_FLAGS("--queue-budget", "1M"));
    struct client *first = client(), *second = client();

    deliver(second, 500000);
    fake_turn(&g);
    deliver(first, 400000);
    fake_turn(&g);
    deliver(first, 120000);
    deliver(second, 60000);
    fake_turn(&g);
    fake_turn(&g);
    cr_expect_eq(second->close_reason, CLOSE_queue_budget);
    cr_expect_eq(first->state, CLIENT_OPEN);
}

Test(slow_reader, the_copy_of_a_cut_frame_counts)
{
    start(FAKE_FLAGS("--queue-budget", "1M"));
    struct client *c = client();

    slow_reader_copied(c, 1 << 21);
    slow_reader_check(c);
    fake_turn(&g);
    fake_turn(&g);
    cr_expect_eq(c->close_reason, CLOSE_queue_budget);
}

Test(slow_reader, one_that_is_closing_politely_is_cut_when_its_memory_is_wanted)
{
    start(FAKE_FLAGS("--queue-budget", "1M"));
    struct client *c = client();

    deliver(c, 2000000);
    client_close_after_queue(c, CLOSE_drain, 0, NULL);
    slow_reader_check(c);
    slow_readers_keep_budget(&g.host);
    cr_expect(c->overdue);
    cr_expect(c->dirty);
    cr_expect_eq(c->queue.n, 0u);
}

Test(slow_reader, whoever_has_caught_up_is_slow_no_longer)
{
    start(FAKE_NO_FLAGS);
    struct client *c = client();

    deliver(c, 100);
    fake_turn(&g);
    cr_expect_eq(g.counters.slow_clients, 1u);
    (void)fake_heard(&g, c);
    client_look_at(c);
    fake_turn(&g);
    cr_expect_eq(g.counters.slow_clients, 0u);
    cr_expect_eq(g.counters.queue_memory, 0u);
}

/* ---- its time ---- */

#define PATIENT                                                                                    \
    "--first-subscription-timeout", "1h", "--pong-timeout", "1h", "--ping-interval", "30m"

Test(slow_reader, one_that_takes_nothing_is_cut)
{
    start(FAKE_FLAGS(PATIENT, "--stall-timeout", "5s"));
    struct client *c = client();

    deliver(c, 100);
    fake_turn(&g);
    fake_pass(&g, 4900);
    cr_expect_eq(c->state, CLIENT_OPEN);
    fake_pass(&g, 200);
    cr_expect_eq(c->close_reason, CLOSE_stalled);
}

Test(slow_reader, time_begins_anew_when_the_socket_has_taken_something)
{
    start(FAKE_FLAGS(PATIENT, "--stall-timeout", "5s"));
    struct client *c = client();

    deliver(c, 100);
    fake_turn(&g);
    for (int i = 0; i < 5; i++) {
        fake_pass(&g, 4000);
        slow_reader_moved(c);
    }
    cr_expect_eq(c->state, CLIENT_OPEN);
    fake_pass(&g, 5200);
    cr_expect_eq(c->close_reason, CLOSE_stalled);
}

Test(slow_reader, a_long_frame_on_a_slow_line_is_no_stall)
{
    start(FAKE_FLAGS(PATIENT, "--stall-timeout", "5s"));
    struct client *c = client();

    deliver(c, 100);
    fake_turn(&g);
    for (int i = 0; i < 5; i++) {
        acknowledged += 1000;
        fake_pass(&g, 5100);
    }
    cr_expect_eq(c->state, CLIENT_OPEN);
    fake_pass(&g, 5200);
    cr_expect_eq(c->close_reason, CLOSE_stalled);
}

Test(slow_reader, one_that_is_due_nothing_does_not_stall)
{
    start(FAKE_FLAGS(PATIENT, "--stall-timeout", "5s"));
    struct client *c = client();

    fake_pass(&g, 60000);
    cr_expect_eq(c->state, CLIENT_OPEN);
}
