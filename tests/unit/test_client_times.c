/* When a connection is pinged, when its heartbeat comes and when it is given up. */
#include <criterion/criterion.h>

#include "tests/support/fake_client.h"
#include "tests/support/leaks.h"

static int beats;

static void take_no_notice(struct client *c, const char *text, size_t len, bool binary)
{
    (void)c, (void)text, (void)len, (void)binary;
}

static void beat(struct client *c)
{
    beats++;
    client_reply(c, &SPAN("beat"), 1);
}

static const struct dialect dialect = {.name = "any", .message = take_no_notice};

static struct fake_gateway g;
static struct client *c;

static void set_up(void)
{
    fake_gateway_start(&g, FAKE_FLAGS("--ping-interval", "20s", "--pong-timeout", "60s",
                                      "--first-subscription-timeout", "30s"));
    c = fake_open(&g, &dialect, PROFILE_DOC, "/", "");
}

static void tear_down(void)
{
    fake_gateway_stop(&g);
    no_leaks();
}

static void expect_closed(enum close_reason reason)
{
    cr_expect_eq(c->state, CLIENT_CLOSING);
    cr_expect_eq(c->close_reason, reason, "%s", close_reasons[c->close_reason].name);
}

TestSuite(client_times, .init = set_up, .fini = tear_down);

Test(client_times, who_never_subscribes_is_closed_at_the_deadline)
{
    fake_pass(&g, 29900);
    client_heard(c);
    cr_expect_eq(c->state, CLIENT_OPEN);
    fake_pass(&g, 200);
    expect_closed(CLOSE_no_subscription);
}

Test(client_times, who_has_subscribed_once_may_stay_without_any)
{
    c->has_subscribed = true; /* ever */
    fake_pass(&g, 40000);
    cr_expect_eq(c->state, CLIENT_OPEN);
}

Test(client_times, a_silent_client_is_pinged_and_then_closed)
{
    c->has_subscribed = true;
    fake_pass(&g, 19900);
    cr_expect_str_eq(fake_heard(&g, c), "");
    fake_pass(&g, 200);
    cr_expect_str_eq(fake_heard(&g, c), "(ping)");
    fake_pass(&g, 39700);
    cr_expect_eq(c->state, CLIENT_OPEN);
    cr_expect_str_eq(fake_heard(&g, c), "(ping)");
    fake_pass(&g, 400);
    expect_closed(CLOSE_no_pong);
}

Test(client_times, who_answers_is_pinged_for_ever_and_who_talks_never)
{
    c->has_subscribed = true;
    for (int i = 0; i < 100; i++) {
        fake_pass(&g, 20200);
        cr_assert_str_eq(fake_heard(&g, c), "(ping)", "%d", i);
        client_heard(c); /* a pong */
    }
    for (int i = 0; i < 100; i++) {
        fake_pass(&g, 19000);
        client_receive(c, "", 0, true, true, false);
        cr_assert_str_eq(fake_heard(&g, c), "", "%d", i);
    }
    cr_expect_eq(c->state, CLIENT_OPEN);
}

Test(client_times, a_dialect_may_have_times_of_its_own_or_none)
{
    struct dialect quick = dialect, never = dialect;

    quick.ping_ms = 1000;
    quick.pong_ms = 2500;
    never.ping_ms = never.pong_ms = DIALECT_NEVER;
    struct client *a = fake_open(&g, &quick, PROFILE_DOC, "/", "");
    struct client *b = fake_open(&g, &never, PROFILE_DOC, "/", "");
    a->has_subscribed = b->has_subscribed = true;
    fake_pass(&g, 1100);
    cr_expect_str_eq(fake_heard(&g, a), "(ping)");
    fake_pass(&g, 1500);
    cr_expect_eq(a->close_reason, CLOSE_no_pong);
    fake_pass(&g, 10000000);
    cr_expect_str_eq(fake_heard(&g, b), "");
    cr_expect_eq(b->state, CLIENT_OPEN);
    fake_turn(&g);
}

Test(client_times, a_heartbeat_comes_at_its_interval_whatever_the_client_says)
{
    struct dialect beating = dialect;

    beating.beat = beat;
    beating.beat_interval_ms = 5000;
    c = fake_open(&g, &beating, PROFILE_DOC, "/", "");
    c->has_subscribed = true;
    for (int i = 0; i < 60; i++) {
        fake_pass(&g, 1000);
        client_heard(c);
    }
    cr_expect_eq(beats, 12);
    client_close(c, CLOSE_drain);
    fake_turn(&g);
    fake_pass(&g, 60000);
    cr_expect_eq(beats, 12);
}

Test(client_times, a_connection_that_never_becomes_a_websocket_ends)
{
    struct client *waiting = malloc(sizeof *waiting);

    client_init(waiting, &g.host);

    client_tick(waiting);
    cr_expect_eq(waiting->close_reason, CLOSE_handshake);
    cr_expect_eq(g.host.n_dirty, 1u);
    waiting->dirty = false;
    g.host.n_dirty = 0;
    client_fini(waiting);
    free(waiting);
    cr_expect_eq(g.counters.closes[CLOSE_handshake], 0u, "it never was a client");
}

Test(client_times, who_does_not_go_when_asked_to_is_overdue_the_next_time)
{
    client_close(c, CLOSE_drain);
    client_tick(c);
    cr_expect_not(c->overdue, "the turn has not even looked at it");
    c->dirty = false; /* the turn has sent the close frame */
    g.host.n_dirty = 0;
    client_tick(c);
    cr_expect(c->overdue);
    cr_expect_eq(g.host.n_dirty, 1u);
}
