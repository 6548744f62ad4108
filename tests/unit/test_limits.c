/* test_limits.c - connections and handshakes, of everybody and of each party. */
#include <criterion/criterion.h>
#include <string.h>

#include "gateway/counters.h"
#include "gateway/gateway_settings.h"
#include "gateway/limits.h"

enum { WORKERS = 2 };

static struct gateway_settings settings;
static struct counters counters[WORKERS];
static struct limits_shared *shared;
static struct limits *here, *there;

static void set_up(void)
{
    shared = limits_shared_new(WORKERS);
    here = limits_new(&settings, shared, counters, WORKERS, 0);
    there = limits_new(&settings, shared, counters, WORKERS, 1);
    cr_assert(shared && here && there);
}

static void tear_down(void)
{
    limits_free(&here);
    limits_free(&there);
    limits_shared_free(&shared);
}

TestSuite(limits, .init = set_up, .fini = tear_down);

static struct party *enter(struct limits *l, const char *text)
{
    struct address a;

    cr_assert_eq(address_parse(text, strlen(text), &a), 0);
    struct party *p = limits_enter(l, &a);
    cr_assert(p);
    return p;
}

Test(limits, the_connections_of_an_address_are_those_at_all_workers)
{
    settings.security.max_connections_per_address = 2;
    struct party *a = enter(here, "10.0.0.1"), *b = enter(there, "10.0.0.1");
    struct party *other = enter(here, "10.0.0.2");

    cr_expect_eq(limits_handshake(here, a, 0), REFUSAL_none);
    struct party *c = enter(there, "10.0.0.1");
    cr_expect_eq(limits_count(here, a), 3u);
    cr_expect_eq(limits_handshake(here, a, 0), REFUSAL_address_connections);
    cr_expect_eq(limits_handshake(here, other, 0), REFUSAL_none);
    limits_leave(there, &c);
    cr_expect_eq(limits_handshake(here, a, 0), REFUSAL_none);
    limits_leave(here, &a);
    limits_leave(there, &b);
    limits_leave(here, &other);
}

Test(limits, those_of_a_worker_that_died_are_forgotten)
{
    struct party *a = enter(here, "10.0.0.1"), *b = enter(there, "10.0.0.1");

    limits_shared_forget(shared, 1);
    cr_expect_eq(limits_count(here, a), 1u);
    limits_leave(here, &a);
    limits_leave(there, &b);
}

Test(limits, one_network_of_64_bits_is_one_party)
{
    settings.security.max_connections_per_address = 1;
    struct party *a = enter(here, "2001:db8::1"), *b = enter(here, "2001:db8::2");

    cr_expect_eq(a, b);
    cr_expect_eq(limits_handshake(here, a, 0), REFUSAL_address_connections);
    limits_leave(here, &a);
    limits_leave(here, &b);
}

Test(limits, handshakes_of_an_address_have_a_rate_that_outlives_its_connections)
{
    settings.security.handshake_rate_per_address = WORKERS; /* one a second at each */
    unsigned granted = 0;

    for (int i = 0; i < 30; i++) {
        struct party *a = enter(here, "10.0.0.1");
        granted += limits_handshake(here, a, 5000) == REFUSAL_none;
        limits_leave(here, &a);
    }
    cr_expect_eq(granted, 10u);
    struct party *a = enter(here, "10.0.0.1");
    cr_expect_eq(limits_handshake(here, a, 5000), REFUSAL_address_handshakes);
    cr_expect_eq(limits_handshake(here, a, 6000), REFUSAL_none);
    cr_expect_eq(limits_handshake(here, a, 6000), REFUSAL_address_handshakes);
    limits_leave(here, &a);
}

Test(limits, handshakes_of_everybody_have_one_too)
{
    settings.security.handshake_rate = WORKERS;
    struct party *a = enter(here, "10.0.0.1"), *b = enter(here, "10.0.0.2");

    for (int i = 0; i < 10; i++)
        cr_expect_eq(limits_handshake(here, i % 2 ? a : b, 5000), REFUSAL_none);
    cr_expect_eq(limits_handshake(here, a, 5000), REFUSAL_handshakes);
    limits_leave(here, &a);
    limits_leave(here, &b);
}

Test(limits, everybodys_connections_are_those_that_all_workers_count)
{
    settings.security.max_connections = 10;
    struct party *a = enter(here, "10.0.0.1");

    counters[0].connections = 6;
    counters[1].connections = 4;
    cr_expect_eq(limits_handshake(here, a, 0), REFUSAL_none);
    counters[1].connections = 5;
    cr_expect_eq(limits_handshake(here, a, 0), REFUSAL_connections);
    cr_expect_not(limits_flooded(here, a));
    counters[1].connections = 5 + FLOOD_MARGIN;
    cr_expect(limits_flooded(here, a));
    limits_leave(here, &a);
}

Test(limits, clients_of_a_unix_socket_are_no_party_with_limits)
{
    settings.security.max_connections_per_address = 1;
    settings.security.handshake_rate_per_address = 1;
    struct address none = {0};
    struct party *p[20];

    for (int i = 0; i < 20; i++)
        p[i] = limits_enter(here, &none);
    for (int i = 0; i < 20; i++)
        cr_expect_eq(limits_handshake(here, p[i], 0), REFUSAL_none);
    for (int i = 0; i < 20; i++)
        limits_leave(here, &p[i]);
}

Test(limits, parties_that_are_gone_are_forgotten_in_the_end)
{
    struct address a = {.bytes = {[15] = 1}};

    for (unsigned i = 0; i < PARTIES_IDLE_MAX + 1000u; i++) {
        memcpy(a.bytes, &i, sizeof i);
        struct party *p = limits_enter(here, &a);
        limits_leave(here, &p);
    }
}
