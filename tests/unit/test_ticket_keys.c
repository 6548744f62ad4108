/* test_ticket_keys.c - the secrets of TLS session tickets move on with the hours. */
#include <criterion/criterion.h>
#include <string.h>

#include "gateway/ticket_keys.h"

static const uint64_t noon = 1800000000;

static struct ticket_keys keys(void)
{
    struct ticket_keys k = {0};

    cr_assert_eq(ticket_keys_init(&k, noon), 0);
    return k;
}

Test(ticket_keys, the_secret_stays_within_a_period)
{
    struct ticket_keys k = keys(), same = k;

    ticket_keys_turn(&k, noon + 1);
    cr_expect(memcmp(&k, &same, sizeof k) == 0);
}

Test(ticket_keys, the_next_period_has_a_new_one_and_knows_the_last)
{
    struct ticket_keys k = keys(), first = k;

    ticket_keys_turn(&k, noon + TICKET_PERIOD_S);
    cr_expect(memcmp(k.before, first.now, sizeof k.before) == 0);
    cr_expect(memcmp(k.now, first.now, sizeof k.now) != 0);
}

Test(ticket_keys, workers_that_turn_at_different_times_have_the_same_ones)
{
    struct ticket_keys one = keys(), other = one;

    ticket_keys_turn(&one, noon + TICKET_PERIOD_S);
    ticket_keys_turn(&one, noon + 3 * TICKET_PERIOD_S);
    ticket_keys_turn(&other, noon + 3 * TICKET_PERIOD_S);
    cr_expect(memcmp(&one, &other, sizeof one) == 0);
}

Test(ticket_keys, a_clock_that_is_set_back_changes_nothing)
{
    struct ticket_keys k = keys(), same = k;

    ticket_keys_turn(&k, noon - 10 * TICKET_PERIOD_S);
    cr_expect(memcmp(&k, &same, sizeof k) == 0);
}

/* A gateway without TLS has no secret: half a million hours since 1970 must not be made up for. */
Test(ticket_keys, without_a_secret_nothing_is_done)
{
    struct ticket_keys k = {0}, same = k;

    ticket_keys_turn(&k, noon);
    cr_expect(memcmp(&k, &same, sizeof k) == 0);
}
