/* Drift clients: heartbeats, slow readers, limits. */
#include <criterion/criterion.h>

#include "tests/support/fake_client.h"

#define SUBSCRIBE                                                                                  \
    "{\"type\":\"subscribe\",\"marketType\":\"perp\",\"channel\":\"trades\","                      \
    "\"market\":\"SOL-PERP\"}"
#define HEARTBEAT "{\"channel\":\"heartbeat\"}"

static struct fake_gateway g;
static struct client *c;

static void tear_down(void)
{
    fake_gateway_stop(&g);
}

static void subscribed(enum profile profile)
{
    fake_gateway_start(&g, FAKE_FLAGS("--queue-messages", "10", "--queue-bytes", "4096"));
    c = fake_open(&g, &dialect_drift, profile, "/drift", "");
    fake_say(c, SUBSCRIBE);
    fake_heard(&g, c);
}

static void publish(unsigned n, size_t size)
{
    char *text = malloc(size + 20);

    memset(text, 'x', size + 20);
    memcpy(text, "{\"x\":\"", 6);
    strcpy(text + 6 + size, "\"}");
    while (n-- > 0)
        fake_publish(&g, "trades_perp_0", text);
    free(text);
}

TestSuite(drift, .fini = tear_down);

Test(drift, a_heartbeat_comes_every_five_seconds_and_never_a_ping)
{
    subscribed(PROFILE_NODE);
    fake_pass(&g, 4900);
    cr_expect_str_eq(fake_heard(&g, c), "");
    fake_pass(&g, 200);
    cr_expect_str_eq(fake_heard(&g, c), HEARTBEAT);
    for (int minute = 0; minute < 5; minute++) {
        fake_pass(&g, 60000);
        cr_expect_null(strstr(fake_heard(&g, c), "ping"));
    }
    cr_expect_eq(c->state, CLIENT_OPEN);
}

Test(drift, while_the_socket_takes_everything_nothing_is_held_back)
{
    subscribed(PROFILE_DOC);
    publish(100, 10);
    cr_expect_eq(c->queue.n, 100u);
    fake_turn(&g);
    cr_expect_eq(c->state, CLIENT_OPEN, "the limits of other dialects do not count");
}

Test(drift, by_the_document_more_than_fifty_unsent_messages_stop_the_sending)
{
    subscribed(PROFILE_DOC);
    c->blocked = true;
    publish(60, 10);
    cr_expect_eq(c->queue.n, 51u);
    cr_expect_eq(g.counters.held_back, 9u);
    fake_turn(&g);
    cr_expect_eq(c->state, CLIENT_OPEN);

    queue_pop(&c->queue, 40);
    publish(1, 10);
    cr_expect_eq(c->queue.n, 11u, "not before the queue is empty");
    fake_pass(&g, 5100);
    cr_expect_eq(c->queue.n, 12u, "the heartbeat goes on");

    queue_pop(&c->queue, 12);
    c->blocked = false;
    publish(1, 10);
    cr_expect_eq(c->queue.n, 1u);
    c->blocked = true;
    publish(1, 10);
    cr_expect_eq(c->queue.n, 2u, "it counts anew");
}

Test(drift, by_the_server_messages_are_skipped_while_so_many_bytes_are_unsent)
{
    subscribed(PROFILE_NODE);
    c->blocked = true;
    publish(5, 100000);
    cr_expect_eq(c->queue.n, 3u);
    cr_expect_eq(g.counters.held_back, 2u);
    queue_pop(&c->queue, 1);
    publish(1, 10);
    cr_expect_eq(c->queue.n, 3u);
    fake_pass(&g, 5100);
    cr_expect_eq(c->queue.n, 4u, "the heartbeat is not held back");
    cr_expect_eq(c->state, CLIENT_OPEN);
}

Test(drift, by_the_server_too_much_unsent_at_the_ten_second_tick_closes)
{
    subscribed(PROFILE_NODE);
    c->blocked = true;
    publish(3, 100000);
    fake_pass(&g, 9900);
    cr_expect_eq(c->state, CLIENT_OPEN);
    fake_pass(&g, 200);
    cr_expect_eq(c->state, CLIENT_CLOSING);
    cr_expect_eq(c->close_code, 1008);
    cr_expect_str_eq(c->close_text, "Buffer overflow");
    cr_expect(c->after_queue, "what is queued still goes out");
}

Test(drift, by_the_document_nobody_is_closed_for_reading_slowly)
{
    subscribed(PROFILE_DOC);
    c->blocked = true;
    publish(60, 100000);
    fake_pass(&g, 60000);
    fake_turn(&g);
    cr_expect_eq(c->state, CLIENT_OPEN);
}

Test(drift, a_client_that_piles_up_answers_is_closed_all_the_same)
{
    subscribed(PROFILE_DOC);
    c->blocked = true;
    for (int i = 0; i < 17000; i++)
        fake_say(c, SUBSCRIBE);
    fake_turn(&g);
    cr_expect_eq(c->state, CLIENT_CLOSING);
}
