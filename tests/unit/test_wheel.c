/* One deadline per client, for very many clients. */
#include "gateway/wheel.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { ROUND_MS = WHEEL_TICK_MS * WHEEL_SLOTS, ENTRIES = 2000 };

struct clock_entry {
    struct wheel_entry entry;
    uint64_t rang_ms; /* when, last */
    int rang;
};

static struct wheel w;
static struct clock_entry a, b, many[ENTRIES];
static uint64_t now_ms;
static void (*when_due)(struct clock_entry *e);

static void due(struct wheel_entry *entry, void *ctx)
{
    struct clock_entry *e = list_entry(entry, struct clock_entry, entry);

    cr_expect_eq(ctx, (void *)&w);
    e->rang++;
    e->rang_ms = now_ms;
    if (when_due)
        when_due(e);
}

static void run_until(uint64_t ms)
{
    for (; now_ms < ms; now_ms += 10)
        wheel_run(&w, now_ms, due, &w);
    wheel_run(&w, now_ms = ms, due, &w);
}

static void set_up(void)
{
    now_ms = 123456;
    wheel_init(&w, now_ms);
    wheel_entry_init(&a.entry);
    wheel_entry_init(&b.entry);
}

TestSuite(wheel, .init = set_up);

Test(wheel, a_deadline_is_never_early_and_at_most_a_tick_late)
{
    uint64_t begin = now_ms;

    for (uint64_t i = 0; i < ENTRIES; i++) {
        wheel_entry_init(&many[i].entry);
        wheel_set(&w, &many[i].entry, begin + 1 + i * 7);
    }
    run_until(begin + ENTRIES * 7 + 2 * WHEEL_TICK_MS);
    for (uint64_t i = 0; i < ENTRIES; i++) {
        uint64_t at = begin + 1 + i * 7;
        cr_assert_eq(many[i].rang, 1, "%d", (int)i);
        cr_assert_geq(many[i].rang_ms, at, "%d", (int)i);
        cr_assert_leq(many[i].rang_ms, at + WHEEL_TICK_MS + 10, "%d", (int)i);
    }
}

Test(wheel, a_deadline_many_rounds_away_waits_for_its_round)
{
    wheel_set(&w, &a.entry, now_ms + 3 * ROUND_MS + 500);
    wheel_set(&w, &b.entry, now_ms + 500); /* the same slot */
    run_until(now_ms + 3 * ROUND_MS + 400);
    cr_expect_eq(a.rang, 0);
    cr_expect_eq(b.rang, 1);
    run_until(now_ms + 300);
    cr_expect_eq(a.rang, 1);
}

Test(wheel, the_farthest_times_never_come)
{
    wheel_set(&w, &a.entry, (uint64_t)1 << 62);
    run_until(now_ms + 2 * ROUND_MS);
    cr_expect_eq(a.rang, 0);
}

Test(wheel, a_time_that_has_passed_is_due_at_the_next_tick)
{
    wheel_set(&w, &a.entry, 0);
    wheel_set(&w, &b.entry, now_ms);
    run_until(now_ms + WHEEL_TICK_MS);
    cr_expect_eq(a.rang, 1);
    cr_expect_eq(b.rang, 1);
}

Test(wheel, after_a_long_pause_everything_due_rings_once_and_nothing_else)
{
    static const int rounds[] = {1, 2, 50};

    for (size_t i = 0; i < sizeof rounds / sizeof *rounds; i++) {
        uint64_t until = now_ms + (uint64_t)rounds[i] * ROUND_MS + 12345;
        a.rang = b.rang = 0;
        wheel_set(&w, &a.entry, now_ms + 700);
        wheel_set(&w, &b.entry, until + 1000);
        now_ms = until;
        wheel_run(&w, now_ms, due, &w);
        cr_expect_eq(a.rang, 1, "%d rounds", rounds[i]);
        cr_expect_eq(b.rang, 0, "%d rounds", rounds[i]);
        run_until(now_ms + 1200);
        cr_expect_eq(b.rang, 1, "%d rounds", rounds[i]);
        cr_expect_eq(a.rang, 1, "%d rounds", rounds[i]);
    }
}

Test(wheel, after_a_long_pause_no_slot_is_left_out)
{
    for (int i = 0; i < WHEEL_SLOTS; i++) {
        wheel_entry_init(&many[i].entry);
        wheel_set(&w, &many[i].entry, now_ms + (uint64_t)i * WHEEL_TICK_MS);
    }
    now_ms += 3 * ROUND_MS + 7 * WHEEL_TICK_MS;
    wheel_run(&w, now_ms, due, &w);
    for (int i = 0; i < WHEEL_SLOTS; i++)
        cr_assert_eq(many[i].rang, 1, "%d", i);
}

Test(wheel, moving_a_deadline_forgets_the_old_one)
{
    wheel_set(&w, &a.entry, now_ms + 1000);
    wheel_set(&w, &a.entry, now_ms + 5000);
    run_until(now_ms + 4900);
    cr_expect_eq(a.rang, 0);
    wheel_set(&w, &a.entry, now_ms + 200);
    run_until(now_ms + 400);
    cr_expect_eq(a.rang, 1);
    run_until(now_ms + 10000);
    cr_expect_eq(a.rang, 1);
}

Test(wheel, a_stopped_one_never_rings_and_may_be_stopped_again)
{
    wheel_stop(&a.entry);
    wheel_set(&w, &a.entry, now_ms + 1000);
    wheel_stop(&a.entry);
    wheel_stop(&a.entry);
    run_until(now_ms + 2 * ROUND_MS);
    cr_expect_eq(a.rang, 0);
}

static void set_again(struct clock_entry *e)
{
    wheel_set(&w, &e->entry, now_ms + 1000);
}

Test(wheel, who_rings_may_be_set_again)
{
    when_due = set_again;
    wheel_set(&w, &a.entry, now_ms + 1000);
    run_until(now_ms + 10500);
    cr_expect_geq(a.rang, 9);
    cr_expect_leq(a.rang, 10);
}

static void set_to_the_past(struct clock_entry *e)
{
    wheel_set(&w, &e->entry, 0);
}

Test(wheel, who_is_set_to_the_past_while_ringing_rings_once_a_tick)
{
    when_due = set_to_the_past;
    wheel_set(&w, &a.entry, now_ms);
    run_until(now_ms + 10 * WHEEL_TICK_MS);
    cr_expect_eq(a.rang, 10);
}

static void stop_the_other(struct clock_entry *e)
{
    wheel_stop(e == &a ? &b.entry : &a.entry);
}

Test(wheel, who_rings_may_stop_another_of_the_same_slot)
{
    when_due = stop_the_other;
    wheel_set(&w, &a.entry, now_ms + 1000);
    wheel_set(&w, &b.entry, now_ms + 1000);
    run_until(now_ms + 2000);
    cr_expect_eq(a.rang + b.rang, 1);
}
