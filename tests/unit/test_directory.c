/* Which streams had events in the last minute. */
#include "publisher/directory.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/leaks.h"

enum { START = 1790000040000, MINUTE = 60000 };

static struct directory directory;
static const struct directory_entry **list;
static int one, two; /* sources */

static void set_up(void)
{
    cr_assert_eq(directory_init(&directory), 0);
}

static void tear_down(void)
{
    directory_fini(&directory);
    free(list);
    no_leaks();
}

TestSuite(directory, .init = set_up, .fini = tear_down);

static void note(const void *source, const char *name, uint64_t ms)
{
    const struct event event = {
        .stream = name, .stream_len = strlen(name), .history = EVENT_HISTORY_STREAM};

    directory_note(&directory, source, &event, START + ms);
}

static size_t tell(uint64_t ms)
{
    free(list);
    return directory_list(&directory, START + ms, &list);
}

Test(directory, the_busiest_stream_of_a_source_comes_first_with_its_rate)
{
    note(&one, "a", 0);
    for (int i = 0; i < 60; i++)
        note(&one, "b", (uint64_t)i * 1000);
    cr_assert_eq(tell(MINUTE - 1), 2u);
    cr_expect_eq(list[0]->name[0], 'b');
    cr_expect_eq(list[0]->last_ms, (uint64_t)START + 59000);
    cr_expect_float_eq(directory_rate(list[0], START + MINUTE), 1.0, 0.001);
}

Test(directory, a_stream_that_was_silent_for_a_minute_is_forgotten)
{
    note(&one, "a", 0);
    note(&one, "b", 30000);
    cr_expect_eq(tell(50000), 2u);
    cr_expect_eq(tell(MINUTE + 5000), 1u);
    cr_expect_eq(list[0]->name[0], 'b');
    cr_expect_eq(tell(10 * MINUTE), 0u);
    cr_expect_eq(directory.table.n, 0u);
}

Test(directory, only_the_last_minute_counts)
{
    for (int i = 0; i < 100; i++)
        note(&one, "a", 0);
    note(&one, "a", 2 * MINUTE);
    cr_assert_eq(tell(2 * MINUTE), 1u);
    cr_expect_eq(list[0]->total, 1u);
}

Test(directory, a_clock_that_was_set_back_does_no_harm)
{
    note(&one, "a", 10 * MINUTE);
    note(&one, "a", 0);
    cr_assert_eq(tell(0), 1u);
    cr_expect_eq(list[0]->total, 2u);
}

Test(directory, streams_of_single_accounts_are_not_in_it_but_snapshots_are)
{
    directory_note(&directory, &one,
                   &(struct event){.stream = "x", .stream_len = 1, .history = EVENT_HISTORY_ENTITY},
                   START);
    directory_note(&directory, &one, &(struct event){.stream = "y", .stream_len = 1}, START);
    directory_note(&directory, &one,
                   &(struct event){.stream = "z", .stream_len = 1, .keep_last = true}, START);
    cr_assert_eq(tell(0), 1u);
    cr_expect_eq(list[0]->name[0], 'z');
}

Test(directory, of_each_source_no_more_are_told_than_a_thousand_and_there_is_a_limit_to_all)
{
    char name[20];

    for (int i = 0; i < DIRECTORY_NAMES_MAX + 10; i++) {
        snprintf(name, sizeof name, "s%d", i);
        note(&one, name, 0);
    }
    cr_expect_eq(directory.table.n, (size_t)DIRECTORY_NAMES_MAX);
    cr_expect_eq(tell(0), (size_t)DIRECTORY_SOURCE_MAX);
    tell(10 * MINUTE);
    for (int i = 0; i < 1500; i++) {
        snprintf(name, sizeof name, "s%d", i);
        note(i % 2 ? &one : (const void *)&two, name, 10 * MINUTE);
    }
    cr_expect_eq(tell(10 * MINUTE), 1500u);
}
