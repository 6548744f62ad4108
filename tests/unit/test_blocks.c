/* Blocks are put together whole, or said to be missing. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "gateway/blocks.h"

enum { LIMIT = 1000, SECOND = 1000000 };

static struct blocks b;
static uint64_t now_us = 1000 * (uint64_t)SECOND;
static uint64_t epoch = 5;

static void tear_down(void)
{
    blocks_fini(&b);
}

TestSuite(blocks, .fini = tear_down);

static void part(uint64_t height, const char *text)
{
    blocks_part(&b, epoch, height, false, 7, text, strlen(text), LIMIT);
}

static enum blocks_verdict end(uint64_t height)
{
    now_us += SECOND / 2;
    return blocks_end(&b, epoch, height, now_us, false, true);
}

/* The parts at hand, one behind the other; done with them. */
static const char *take(void)
{
    static char text[LIMIT + 100];
    size_t at = 0;

    text[0] = '\0';
    for (size_t i = 0; i < b.n_parts; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%.*s", i ? "," : "",
                               (int)b.parts[i].len, b.bytes + b.parts[i].at);
    blocks_next(&b);
    return text;
}

static void expect_ready(uint64_t height, const char *parts)
{
    cr_expect_eq(end(height), BLOCKS_READY, "%d", (int)height);
    cr_expect_str_eq(take(), parts);
}

static void begin_after(uint64_t height)
{
    cr_assert_eq(end(height), BLOCKS_SKIP);
}

Test(blocks, the_first_is_the_one_after_the_first_end_seen)
{
    part(10, "half of it");
    cr_expect_eq(end(10), BLOCKS_SKIP);
    part(11, "a");
    part(11, "b");
    expect_ready(11, "a,b");
}

Test(blocks, nothing_begins_while_a_stream_is_not_confirmed)
{
    cr_expect_eq(blocks_end(&b, epoch, 10, now_us, false, false), BLOCKS_SKIP);
    cr_expect_eq(blocks_end(&b, epoch, 11, now_us, false, true), BLOCKS_SKIP);
    expect_ready(12, "");
}

Test(blocks, a_block_may_be_empty)
{
    begin_after(10);
    expect_ready(11, "");
    expect_ready(12, "");
}

Test(blocks, a_part_keeps_its_kind)
{
    begin_after(10);
    blocks_part(&b, epoch, 11, false, 3, "x", 1, LIMIT);
    cr_assert_eq(end(11), BLOCKS_READY);
    cr_expect_eq(b.parts[0].kind, 3u);
}

Test(blocks, a_height_left_out_is_a_gap_and_the_next_is_whole_again)
{
    begin_after(10);
    part(12, "a");
    cr_expect_eq(end(12), BLOCKS_GAP);
    part(13, "b");
    expect_ready(13, "b");
}

Test(blocks, an_end_that_never_came_is_a_gap)
{
    begin_after(10);
    part(11, "a");
    part(12, "b");
    cr_expect_eq(end(12), BLOCKS_GAP);
    blocks_next(&b);
    expect_ready(13, "");
}

Test(blocks, parts_of_two_heights_in_turns_are_a_gap)
{
    begin_after(10);
    part(11, "a");
    part(12, "b");
    part(11, "c");
    cr_expect_eq(end(11), BLOCKS_GAP);
}

Test(blocks, a_hole_before_a_part_is_a_gap)
{
    begin_after(10);
    blocks_part(&b, epoch, 11, true, 7, "a", 1, LIMIT);
    part(11, "b");
    cr_expect_eq(end(11), BLOCKS_GAP);
}

Test(blocks, a_hole_before_the_end_is_a_gap)
{
    begin_after(10);
    part(11, "a");
    cr_expect_eq(blocks_end(&b, epoch, 11, now_us, true, true), BLOCKS_GAP);
}

Test(blocks, a_link_that_was_lost_is_a_gap)
{
    begin_after(10);
    expect_ready(11, "");
    cr_expect_eq(blocks_end(&b, epoch, 12, now_us, false, false), BLOCKS_GAP);
    cr_expect_eq(end(13), BLOCKS_SKIP);
    expect_ready(14, "");
}

Test(blocks, a_gap_is_said_once)
{
    begin_after(10);
    cr_expect_eq(end(12), BLOCKS_GAP);
    cr_expect_eq(end(14), BLOCKS_SKIP);
    expect_ready(15, "");
    cr_expect_eq(end(17), BLOCKS_GAP);
}

Test(blocks, a_block_over_the_limit_is_a_gap)
{
    char much[LIMIT] = {0};

    memset(much, 'x', sizeof much - 1);
    begin_after(10);
    part(11, much);
    part(11, "y"); /* now it has as many bytes as it may */
    cr_expect_eq(end(11), BLOCKS_READY);
    cr_expect_eq(b.len, (size_t)LIMIT);
    blocks_next(&b);
    part(12, much);
    part(12, "yy");
    cr_expect_eq(end(12), BLOCKS_GAP);
    part(13, "z");
    expect_ready(13, "z");
}

Test(blocks, a_new_leader_sends_the_block_at_hand_again)
{
    begin_after(10);
    part(11, "old");
    epoch++;
    part(11, "new");
    expect_ready(11, "new");
    epoch--;
}

Test(blocks, a_new_leader_may_have_no_part_for_us)
{
    begin_after(10);
    part(11, "old");
    epoch++;
    expect_ready(11, "");
    epoch--;
}

Test(blocks, a_new_leader_heals_a_hole_in_the_block_at_hand)
{
    begin_after(10);
    blocks_part(&b, epoch, 11, true, 7, "old", 3, LIMIT);
    epoch++;
    part(11, "new");
    expect_ready(11, "new");
    epoch--;
}

Test(blocks, a_new_leader_repeats_what_is_finished_and_nobody_is_told)
{
    begin_after(10);
    expect_ready(11, "");
    epoch++;
    part(11, "again");
    cr_expect_eq(end(11), BLOCKS_SKIP);
    part(12, "next");
    expect_ready(12, "next");
    epoch--;
}

Test(blocks, an_old_leader_that_wakes_up_is_not_heard)
{
    begin_after(10);
    epoch++;
    part(11, "new");
    epoch--;
    part(11, "old");
    cr_expect_eq(end(11), BLOCKS_SKIP);
    epoch++;
    expect_ready(11, "new");
    epoch--;
}

Test(blocks, a_chain_that_begins_anew_is_a_gap_and_then_followed)
{
    begin_after(10);
    expect_ready(11, "");
    epoch++;
    now_us += 60 * (uint64_t)SECOND;
    part(1, "anew");
    cr_expect_eq(end(1), BLOCKS_GAP);
    part(2, "b");
    expect_ready(2, "b");
    epoch--;
}

Test(blocks, many_parts_are_kept_in_order)
{
    char expected[LIMIT] = "";
    size_t at = 0;

    begin_after(10);
    for (int i = 0; i < 100; i++) {
        char text[8];
        snprintf(text, sizeof text, "%d", i);
        part(11, text);
        at += (size_t)snprintf(expected + at, sizeof expected - at, "%s%d", i ? "," : "", i);
    }
    expect_ready(11, expected);
}

Test(blocks, it_can_be_ended_at_any_time)
{
    part(10, "a");
    blocks_fini(&b);
    blocks_fini(&b);
    begin_after(11);
}
