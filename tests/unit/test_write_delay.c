/* Messages that may wait a little, so that one write carries several. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/fake_client.h"
#include "tests/support/leaks.h"

static struct fake_gateway g;
static struct client *c;

static void set_up(void)
{
    fake_gateway_start(&g,
                       FAKE_FLAGS("--class", "book=depth.*", "--class", "trade=trade.*",
                                  "--write-delay", "book=100ms", "--write-delay", "trade=10ms"));
    c = fake_open(&g, &dialect_binance, PROFILE_DOC, "/stream", "");
    fake_say(c,
             "{\"method\":\"SUBSCRIBE\",\"params\":[\"depth.A\",\"trade.A\",\"fill.A\"],\"id\":1}");
    (void)fake_heard(&g, c);
    fake_turn(&g);
}

static void tear_down(void)
{
    fake_gateway_stop(&g);
    no_leaks();
}

/* The end of a turn so many milliseconds later: would the client be flushed in it? */
static bool flushed_after(uint64_t ms)
{
    g.host.now_ms += ms;
    write_delays_run(&g.host);
    bool flushed = c->dirty;
    if (flushed)
        (void)fake_heard(&g, c);
    fake_turn(&g);
    return flushed;
}

static void publish(const char *stream)
{
    fake_publish(&g, stream, "{}");
}

TestSuite(write_delay, .init = set_up, .fini = tear_down);

Test(write_delay, a_message_waits_as_long_as_its_class_says)
{
    publish("depth.A");
    cr_expect_not(flushed_after(0));
    cr_expect_not(flushed_after(99));
    publish("depth.A");
    cr_expect_eq(c->queue.n, 2u);
    cr_expect(flushed_after(1), "the first of them is due");
    cr_expect_eq(c->queue.n, 0u);
    cr_expect_not(flushed_after(1000));
}

Test(write_delay, a_message_of_a_class_without_delay_takes_the_others_with_it)
{
    publish("depth.A");
    publish("fill.A");
    cr_expect(flushed_after(0));
}

Test(write_delay, the_shorter_of_two_delays_goes)
{
    publish("depth.A");
    cr_expect_not(flushed_after(50));
    publish("trade.A");
    cr_expect_not(flushed_after(9));
    cr_expect(flushed_after(1));
}

Test(write_delay, a_longer_delay_makes_nothing_later)
{
    publish("trade.A");
    cr_expect_not(flushed_after(9));
    publish("depth.A");
    cr_expect(flushed_after(1));
}

Test(write_delay, what_is_due_soon_is_not_put_off_by_what_came_before_it)
{
    publish("depth.A");
    cr_expect_not(flushed_after(95));
    publish("trade.A");
    cr_expect(flushed_after(5));
}

Test(write_delay, a_reply_does_not_wait)
{
    publish("depth.A");
    fake_say(c, "{\"method\":\"LIST_SUBSCRIPTIONS\",\"id\":2}");
    cr_expect(flushed_after(0));
}

Test(write_delay, a_whole_batch_does_not_wait)
{
    for (int i = 0; i < 1024; i++)
        publish("depth.A");
    cr_expect(flushed_after(0));
}

Test(write_delay, the_next_time_is_known)
{
    cr_expect_eq(write_delays_next(&g.host), WRITE_DELAY_NEVER);
    publish("depth.A");
    cr_expect_eq(write_delays_next(&g.host), g.host.now_ms + 100);
    publish("trade.A");
    cr_expect_eq(write_delays_next(&g.host), g.host.now_ms + 10);
}

Test(write_delay, one_that_is_closed_is_not_held)
{
    publish("depth.A");
    fake_close(&g, c);
    cr_expect_eq(write_delays_next(&g.host), WRITE_DELAY_NEVER);
}

Test(write_delay, a_slow_reader_is_no_longer_held)
{
    publish("depth.A");
    g.host.now_ms += 100;
    fake_turn(&g); /* its socket took nothing */
    publish("depth.A");
    cr_expect(c->dirty, "so that its limits are looked at");
    cr_expect_eq(write_delays_next(&g.host), WRITE_DELAY_NEVER);
}
