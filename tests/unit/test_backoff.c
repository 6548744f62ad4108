/* test_backoff.c - the waits between attempts. */
#include "common/backoff.h"

#include <criterion/criterion.h>
#include <limits.h>

static const uint32_t lowest = 0, highest = UINT32_MAX;

Test(backoff, the_upper_bound_doubles_up_to_the_most)
{
    struct backoff b = {.first_ms = 50, .most_ms = 300};
    cr_expect_eq(backoff_next(&b, highest), 50u);
    cr_expect_eq(backoff_next(&b, highest), 100u);
    cr_expect_eq(backoff_next(&b, highest), 200u);
    cr_expect_eq(backoff_next(&b, highest), 300u);
    cr_expect_eq(backoff_next(&b, highest), 300u);
    cr_expect_eq(b.failures, 5u);
}

Test(backoff, a_wait_is_never_less_than_half_the_bound)
{
    struct backoff b = {.first_ms = 51, .most_ms = 300};
    cr_expect_eq(backoff_next(&b, lowest), 25u);
    cr_expect_eq(backoff_next(&b, lowest), 51u);
    cr_expect_eq(backoff_next(&b, highest / 2), 153u);
}

Test(backoff, success_begins_again_with_the_first)
{
    struct backoff b = {.first_ms = 50, .most_ms = 5000, .failures = 6};
    backoff_reset(&b);
    cr_expect_eq(backoff_next(&b, highest), 50u);
}

Test(backoff, a_first_above_the_most_is_held_to_the_most)
{
    struct backoff b = {.first_ms = 500, .most_ms = 100};
    cr_expect_eq(backoff_next(&b, highest), 100u);
}

Test(backoff, years_of_failures_and_the_longest_waits_do_not_overflow)
{
    struct backoff b = {.first_ms = 3, .most_ms = UINT32_MAX, .failures = UINT_MAX};
    cr_expect_eq(backoff_next(&b, highest), UINT32_MAX);
    cr_expect_eq(backoff_next(&b, lowest), UINT32_MAX / 2);
    cr_expect_eq(b.failures, UINT_MAX);
}

Test(backoff, random_numbers_differ)
{
    uint32_t first = backoff_random();
    int same = 0;
    for (int i = 0; i < 8; i++)
        same += backoff_random() == first;
    cr_expect_lt(same, 8);
}
