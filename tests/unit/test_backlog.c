/* The queue of what Redis has not acknowledged, driven by plain calls. */
#include <assert.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "publisher/backlog.h"

enum { LIMIT = 1000 };

static struct backlog b;

static void set_up(void)
{
    backlog_init(&b, LIMIT);
}

static void tear_down(void)
{
    assert(b.added == b.acked + b.dropped + b.n); /* I3; in a .fini cr_assert fails nothing */
    assert(b.bytes <= b.limit);                   /* I2 */
    backlog_fini(&b);
}

static void add(const char *text)
{
    char *room = backlog_add(&b, strlen(text));

    cr_assert_not_null(room);
    cr_expect_eq((uintptr_t)room % 8, 0u);
    memcpy(room, text, strlen(text));
}

static void expect_sends(const char *text)
{
    size_t len = 0;
    const char *bytes = backlog_next(&b, &len);

    cr_assert_not_null(bytes, "expected %s", text);
    cr_assert_eq(len, strlen(text));
    cr_assert_eq(memcmp(bytes, text, len), 0, "expected %s, got %.*s", text, (int)len, bytes);
    backlog_sent(&b);
}

static void expect_nothing_to_send(void)
{
    size_t len;

    cr_expect_null(backlog_next(&b, &len));
}

/* An entry of so many bytes in all, so that the limit is reached exactly. */
static void add_sized(char name, size_t taken)
{
    char *room = backlog_add(&b, taken - BACKLOG_ENTRY_EXTRA);

    cr_assert_not_null(room);
    memset(room, name, taken - BACKLOG_ENTRY_EXTRA);
}

static char next_name(void)
{
    size_t len;
    const char *bytes = backlog_next(&b, &len);

    return bytes ? *bytes : '\0';
}

TestSuite(backlog, .init = set_up, .fini = tear_down);

Test(backlog, is_empty_at_first)
{
    expect_nothing_to_send();
    cr_expect_not(backlog_ack(&b));
}

Test(backlog, entries_are_sent_and_acknowledged_in_the_order_they_came)
{
    add("one");
    add("two");
    expect_sends("one");
    add("three");
    expect_sends("two");
    expect_sends("three");
    expect_nothing_to_send();
    cr_expect_eq(b.n, 3u);
    for (int i = 0; i < 3; i++)
        cr_expect(backlog_ack(&b));
    cr_expect_not(backlog_ack(&b));
    cr_expect_eq(b.n, 0u);
    cr_expect_eq(b.bytes, 0u);
    cr_expect_eq(b.acked, 3u);
}

Test(backlog, an_answer_before_anything_was_sent_is_noticed)
{
    add("one");
    cr_expect_not(backlog_ack(&b));
    expect_sends("one");
}

Test(backlog, after_a_lost_link_what_was_not_acknowledged_goes_again_in_order)
{
    add("one");
    add("two");
    add("three");
    expect_sends("one");
    expect_sends("two");
    backlog_ack(&b);
    backlog_rewind(&b);
    cr_expect_eq(b.bytes_sent, 0u);
    expect_sends("two");
    expect_sends("three");
    expect_nothing_to_send();
}

Test(backlog, a_full_backlog_lets_the_oldest_go)
{
    for (char name = 'a'; name <= 'e'; name++)
        add_sized(name, 200);
    cr_expect_eq(b.dropped, 0u);
    cr_expect_eq(b.bytes, (size_t)LIMIT);
    add_sized('f', 8 + 8);
    cr_expect_eq(b.dropped, 1u);
    cr_expect_eq(next_name(), 'b');
    add_sized('g', 400); /* 184 are free: two more have to go */
    cr_expect_eq(b.dropped, 3u);
    cr_expect_eq(next_name(), 'd');
}

Test(backlog, an_entry_that_can_never_fit_is_refused_and_costs_no_other)
{
    add("kept");
    cr_expect_null(backlog_add(&b, LIMIT));
    cr_expect_null(backlog_add(&b, SIZE_MAX));
    cr_expect_eq(b.dropped, 2u);
    expect_sends("kept");
}

Test(backlog, an_entry_as_large_as_the_limit_is_alone)
{
    add("gone");
    add_sized('x', LIMIT);
    cr_expect_eq(b.n, 1u);
    cr_expect_eq(next_name(), 'x');
}

Test(backlog, the_answer_to_a_dropped_entry_is_not_taken_for_the_next_ones)
{
    add_sized('a', 496);
    add_sized('b', 496);
    backlog_sent(&b);
    add_sized('c', 496); /* a goes, though it was sent */
    cr_expect_eq(b.dropped, 1u);
    cr_expect_eq(backlog_awaited(&b), 1u);
    cr_expect(backlog_ack(&b)); /* a's */
    cr_expect_eq(b.dropped, 0u, "it did arrive");
    cr_expect_eq(b.n, 2u);
    cr_expect_eq(next_name(), 'b');
    cr_expect_not(backlog_ack(&b));
}

Test(backlog, a_lost_link_forgets_the_answers_of_dropped_entries)
{
    add_sized('a', 496);
    backlog_sent(&b);
    add_sized('b', 496);
    add_sized('c', 496);
    backlog_rewind(&b);
    cr_expect_eq(backlog_awaited(&b), 0u);
    cr_expect_eq(b.dropped, 1u);
    cr_expect_eq(next_name(), 'b');
}

Test(backlog, an_entry_that_was_never_made_is_counted_as_dropped)
{
    backlog_lose(&b);
    cr_expect_eq(b.dropped, 1u);
    cr_expect_eq(b.n, 0u);
}

/* Against a simple model: numbers in a row, with a first, an unsent and a last. */
Test(backlog, keeps_order_over_many_chunks_whatever_happens)
{
    unsigned first = 0, unsent = 0, last = 0, ghosts = 0;

    b.limit = 5 * BACKLOG_CHUNK;
    srandom(1);
    for (int i = 0; i < 200000; i++) {
        unsigned what = (unsigned)random() % 100;
        if (what < 45) {
            size_t len = sizeof last + (size_t)random() % (what == 0 ? BACKLOG_CHUNK * 2 : 600);
            size_t n = b.n;
            uint64_t dropped = b.dropped;
            memcpy(backlog_add(&b, len), &last, sizeof last);
            last++;
            for (uint64_t d = b.dropped - dropped; d > 0; d--) {
                ghosts += first < unsent;
                first++;
                unsent = unsent < first ? first : unsent;
            }
            cr_assert_eq(b.n, n + 1 - (b.dropped - dropped));
        } else if (what < 75) {
            size_t len;
            const void *next = backlog_next(&b, &len);
            cr_assert_eq(next != NULL, unsent < last);
            if (!next)
                continue;
            cr_assert_eq(memcmp(next, &unsent, sizeof unsent), 0);
            backlog_sent(&b);
            unsent++;
        } else if (what < 99) {
            bool expected = ghosts > 0 || first < unsent;
            cr_assert_eq(backlog_ack(&b), expected);
            if (ghosts > 0)
                ghosts--;
            else if (expected)
                first++;
        } else {
            backlog_rewind(&b);
            unsent = first;
            ghosts = 0;
        }
        cr_assert_eq(b.n, last - first);
        cr_assert_eq(b.n_sent, unsent - first);
        cr_assert_leq(b.bytes, b.limit);
    }
    cr_expect_gt(b.acked, 1000u);
}
