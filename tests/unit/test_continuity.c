/* Is a stream's message the next one, a repeat, or does something lie between? */
#include "gateway/continuity.h"

#include <criterion/criterion.h>

#include "common/message.h"

static struct continuity c;
static uint64_t missing;

static enum continuity_verdict judge(uint64_t epoch, uint64_t seq)
{
    struct message m = {.has_head = true, .epoch = epoch, .seq = seq};

    missing = 999;
    return continuity_judge(&c, &m, &missing);
}

Test(continuity, who_joins_late_has_missed_nothing)
{
    cr_expect_eq(judge(100, 50), CONTINUITY_NEXT);
    cr_expect_eq(missing, 0u);
    cr_expect_eq(judge(100, 51), CONTINUITY_NEXT);
}

Test(continuity, a_jump_is_a_gap_and_says_how_many_are_missing)
{
    judge(100, 1);
    cr_expect_eq(judge(100, 3), CONTINUITY_GAP);
    cr_expect_eq(missing, 1u);
    cr_expect_eq(judge(100, 14), CONTINUITY_GAP);
    cr_expect_eq(missing, 10u);
    cr_expect_eq(judge(100, 15), CONTINUITY_NEXT);
    cr_expect_eq(missing, 0u);
}

Test(continuity, what_was_passed_on_before_is_a_repeat_and_changes_nothing)
{
    judge(100, 5);
    cr_expect_eq(judge(100, 5), CONTINUITY_REPEAT);
    cr_expect_eq(judge(100, 1), CONTINUITY_REPEAT);
    cr_expect_eq(judge(100, 6), CONTINUITY_NEXT);
}

Test(continuity, a_new_term_is_a_gap_of_unknown_size_wherever_it_begins)
{
    judge(100, 5);
    cr_expect_eq(judge(101, 1), CONTINUITY_GAP);
    cr_expect_eq(missing, 0u);
    cr_expect_eq(judge(102, 77), CONTINUITY_GAP);
    cr_expect_eq(missing, 0u);
    cr_expect_eq(judge(102, 78), CONTINUITY_NEXT);
}

Test(continuity, an_older_term_is_stale_and_changes_nothing)
{
    judge(100, 5);
    cr_expect_eq(judge(99, 6), CONTINUITY_STALE);
    cr_expect_eq(judge(99, 1000), CONTINUITY_STALE);
    cr_expect_eq(judge(100, 6), CONTINUITY_NEXT);
}

Test(continuity, messages_without_a_head_are_not_judged_and_leave_no_trace)
{
    struct message bare = {0};

    cr_expect_eq(continuity_judge(&c, &bare, &missing), CONTINUITY_NEXT);
    judge(100, 5);
    missing = 999;
    cr_expect_eq(continuity_judge(&c, &bare, &missing), CONTINUITY_NEXT);
    cr_expect_eq(missing, 0u);
    cr_expect_eq(judge(100, 6), CONTINUITY_NEXT);
}

Test(continuity, the_greatest_numbers_do_not_wrap)
{
    judge(UINT64_MAX, UINT64_MAX - 1);
    cr_expect_eq(judge(UINT64_MAX, UINT64_MAX), CONTINUITY_NEXT);
    cr_expect_eq(judge(UINT64_MAX, UINT64_MAX), CONTINUITY_REPEAT);
    cr_expect_eq(judge(UINT64_MAX, 1), CONTINUITY_REPEAT);
    cr_expect_eq(judge(1, 1), CONTINUITY_STALE);
}
