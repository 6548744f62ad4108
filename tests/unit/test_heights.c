/* The blocks of a chain: next, hole, repeat, another chain; and how a gap is said. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "publisher/sources/gap.h"
#include "publisher/sources/heights.h"

static struct heights h;

Test(heights, the_first_block_may_have_any_number)
{
    cr_expect_eq(heights_take(&h, 1000, 50), HEIGHT_NEXT);
    cr_expect_eq(heights_take(&h, 1001, 51), HEIGHT_NEXT);
}

Test(heights, zero_is_a_number_like_others)
{
    cr_expect_eq(heights_take(&h, 0, 50), HEIGHT_NEXT);
    cr_expect_eq(heights_take(&h, 0, 50), HEIGHT_REPEAT);
    cr_expect_eq(heights_take(&h, 1, 51), HEIGHT_NEXT);
}

Test(heights, a_block_that_was_had_is_a_repeat)
{
    heights_take(&h, 1000, 50);
    heights_take(&h, 1001, 51);
    cr_expect_eq(heights_take(&h, 1001, 51), HEIGHT_REPEAT);
    cr_expect_eq(heights_take(&h, 1000, 50), HEIGHT_REPEAT);
    cr_expect_eq(heights_take(&h, 1002, 52), HEIGHT_NEXT, "and changes nothing");
}

Test(heights, what_was_left_out_is_a_hole)
{
    heights_take(&h, 1000, 50);
    cr_expect_eq(heights_take(&h, 1002, 52), HEIGHT_HOLE);
    cr_expect_eq(heights_take(&h, 1003, 53), HEIGHT_NEXT);
}

Test(heights, a_lower_number_at_a_later_time_is_another_chain)
{
    heights_take(&h, 1000, 50);
    cr_expect_eq(heights_take(&h, 1, 51), HEIGHT_ANEW);
    cr_expect_eq(heights_take(&h, 2, 52), HEIGHT_NEXT);
}

static char said[400];

static void note(void *ctx, const struct event *e)
{
    (void)ctx;
    snprintf(said, sizeof said, "%.*s %.*s", (int)e->stream_len, e->stream, (int)e->data_len,
             e->data);
}

Test(gap, says_when_and_why)
{
    gap_emit(&(struct gap){.from_ms = 5, .to_ms = 7, .reason = "a \"quote\"", GAP_NO_BLOCKS},
             "nano.gap", note, NULL);
    cr_expect_str_eq(said, "nano.gap {\"from\":5,\"to\":7,\"reason\":\"a \\\"quote\\\"\"}");
}

Test(gap, says_which_blocks_where_they_have_numbers)
{
    gap_emit(&(struct gap){.to_ms = 7, .reason = "x", .first = 3, .last = 3}, "z.gap", note, NULL);
    cr_expect_str_eq(said,
                     "z.gap {\"from\":null,\"to\":7,\"reason\":\"x\",\"blocks\":[\"3\",\"3\"]}");
}
