/* Is a stream's message the next one, a repeat, or does something lie between? */
#include "gateway/continuity.h"

#include <criterion/criterion.h>

#include "common/message.h"

static struct continuity c;
static uint64_t missing;

/* Judge it, and pass on what may go on, as the reader does. */
static enum continuity_verdict judge(uint64_t epoch, uint64_t seq)
{
    struct message m = {.has_head = true, .epoch = epoch, .seq = seq};
    struct gap gap = {0};
    enum continuity_verdict verdict = continuity_judge(&c, &m, &gap);

    missing = gap.missed;
    if (verdict == CONTINUITY_GAP) {
        cr_expect_eq(gap.epoch, c.epoch);
        cr_expect_eq(gap.seq, c.seq);
    }
    if (verdict == CONTINUITY_NEXT || verdict == CONTINUITY_GAP)
        continuity_pass(&c, &m);
    return verdict;
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

    struct gap gap;

    cr_expect_eq(continuity_judge(&c, &bare, &gap), CONTINUITY_NEXT);
    judge(100, 5);
    cr_expect_eq(continuity_judge(&c, &bare, &gap), CONTINUITY_NEXT);
    continuity_pass(&c, &bare);
    cr_expect(continuity_step(&c, &bare));
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

Test(continuity, the_quick_way_takes_the_next_one_and_nothing_else)
{
    struct message m = {.has_head = true, .epoch = 7, .seq = 1};

    cr_expect_not(continuity_step(&c, &m), "the first is for the long way");
    judge(7, 1);
    m.seq = 3;
    cr_expect_not(continuity_step(&c, &m));
    m.seq = 2;
    cr_expect(continuity_step(&c, &m));
    cr_expect_not(continuity_step(&c, &m), "twice");
    m.epoch = 8;
    m.seq = 3;
    cr_expect_not(continuity_step(&c, &m));
    cr_expect_eq(judge(7, 3), CONTINUITY_NEXT);
}

Test(continuity, against_a_baseline_the_first_message_goes_on_and_may_leave_a_hole)
{
    continuity_begin(&c, 7, 10);
    cr_expect_eq(judge(7, 12), CONTINUITY_GAP);
    cr_expect_eq(missing, 1u);
    c = (struct continuity){0};
    continuity_begin(&c, 7, 10);
    cr_expect_eq(judge(7, 9), CONTINUITY_NEXT, "it was on its way");
    cr_expect_eq(judge(7, 9), CONTINUITY_REPEAT);
    cr_expect_eq(judge(7, 10), CONTINUITY_NEXT);
    c = (struct continuity){0};
    continuity_begin(&c, 7, 10);
    cr_expect_eq(judge(6, 11), CONTINUITY_STALE);
}

Test(continuity, a_baseline_does_not_undo_what_was_heard)
{
    judge(7, 5);
    continuity_begin(&c, 7, 9);
    cr_expect_eq(judge(7, 6), CONTINUITY_NEXT);
}

Test(continuity, in_a_history_that_reaches_back_a_new_term_is_no_hole)
{
    struct message m = {.has_head = true, .epoch = 8, .seq = 1};
    struct gap gap;

    judge(7, 5);
    cr_expect_eq(continuity_judge_next(&c, &m, &gap), CONTINUITY_NEXT);
    m.seq = 3;
    cr_expect_eq(continuity_judge_next(&c, &m, &gap), CONTINUITY_GAP);
    cr_expect_eq(gap.missed, 2u);
    m = (struct message){.has_head = true, .epoch = 7, .seq = 8};
    cr_expect_eq(continuity_judge_next(&c, &m, &gap), CONTINUITY_GAP);
    cr_expect_eq(gap.missed, 2u);
}
