/* The queue of what Redis has not acknowledged, driven by plain calls. */
#include <assert.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "publisher/backlog.h"

enum { LIMIT = 4000 };

static struct backlog b;
static struct backlog_queue *q; /* the one of most tests */
static struct backlog_queue left, right;
static char used_up[200]; /* streams whose events were dropped before they had a number */
static bool again;

static void on_drop(void *ctx, const char *stream, size_t len, uint32_t term)
{
    (void)ctx;
    (void)term;
    if (strlen(used_up) + len < sizeof used_up)
        strncat(used_up, stream, len);
}

static void set_up(void)
{
    backlog_init(&b, LIMIT);
    b.on_drop = on_drop;
    q = &b.loose;
}

static void tear_down(void)
{
    assert(b.added == b.acked + backlog_dropped(&b) + b.n - b.n_again); /* I3 */
    assert(b.bytes_kept <= b.kept_limit);                               /* I2 */
    backlog_fini(&b);
}

static bool add_event(struct backlog_queue *to, const struct event *event)
{
    if (!backlog_fits(&b, event))
        return false;
    backlog_add(&b, to, entry_new(event, (struct history_limits){0}, 1, 1));
    cr_assert_leq(b.bytes, b.limit); /* I2 */
    return true;
}

static struct event event_of(const char *stream, const char *data)
{
    return (struct event){
        .stream = stream, .stream_len = strlen(stream), .data = data, .data_len = strlen(data)};
}

static bool add(const char *data)
{
    struct event event = event_of("s", data);

    return add_event(NULL, &event);
}

/* An entry of so many bytes in all, so that the limit is reached exactly. */
static bool add_sized(char name, size_t size)
{
    char data[2 * LIMIT + 1] = "";
    struct event event = event_of("s", data);

    event.data_len = size - entry_size_of(&event);
    memset(data, name, event.data_len);
    return add_event(NULL, &event);
}

/* The parts p and the end of a block. */
static bool add_block(const char *height, unsigned parts)
{
    struct event event = event_of("c.part", "{\"p\":1}");
    bool added = true;

    event.tag = height;
    event.tag_len = strlen(height);
    event.block = EVENT_BLOCK_PART;
    while (parts-- > 0)
        added = add_event(NULL, &event) && added;
    event.stream = "c.end";
    event.stream_len = 5;
    event.data = "{\"h\":1}";
    event.block = EVENT_BLOCK_END;
    return add_event(NULL, &event) && added;
}

static void expect_sends_from(struct backlog_queue *from, const char *data)
{
    const struct entry *entry = backlog_next(from);

    cr_assert_not_null(entry, "expected %s", data);
    cr_expect_eq(entry->data_len, strlen(data), "expected %s, got %.*s", data, (int)entry->data_len,
                 entry_data(entry));
    cr_expect_eq(strncmp(entry_data(entry), data, entry->data_len), 0, "expected %s, got %.*s",
                 data, (int)entry->data_len, entry_data(entry));
    backlog_sent(from);
}

static void expect_sends(const char *data)
{
    expect_sends_from(q, data);
}

static char next_name(void)
{
    const struct entry *entry = backlog_next(q);

    return entry ? *entry_data(entry) : '\0';
}

static bool ack(void)
{
    return backlog_ack(q, 0, &again);
}

static uint64_t full(void)
{
    return b.dropped[PUBLISHER_DROP_FULL];
}

TestSuite(backlog, .init = set_up, .fini = tear_down);

Test(backlog, is_empty_at_first)
{
    cr_expect_null(backlog_next(q));
    cr_expect_null(backlog_oldest(&b));
    cr_expect_not(ack());
}

Test(backlog, entries_are_sent_and_acknowledged_in_the_order_they_came)
{
    add("one");
    add("two");
    expect_sends("one");
    add("three");
    expect_sends("two");
    expect_sends("three");
    cr_expect_null(backlog_next(q));
    cr_expect_eq(b.n, 3u);
    for (int i = 0; i < 3; i++)
        cr_expect(ack());
    cr_expect_not(ack());
    cr_expect_eq(b.n, 0u);
    cr_expect_eq(b.bytes, 0u);
    cr_expect_eq(b.acked, 3u);
}

Test(backlog, an_answer_before_anything_was_sent_is_noticed)
{
    add("one");
    cr_expect_not(ack());
    expect_sends("one");
}

Test(backlog, after_a_lost_link_what_was_not_acknowledged_goes_again_in_order)
{
    add("one");
    add("two");
    add("three");
    expect_sends("one");
    expect_sends("two");
    ack();
    backlog_rewind(q, false);
    cr_expect_eq(q->bytes_sent, 0u);
    expect_sends("two");
    expect_sends("three");
    cr_expect_null(backlog_next(q));
}

Test(backlog, to_another_master_what_was_acknowledged_a_moment_ago_goes_again_too)
{
    add("one");
    add("two");
    add("three");
    expect_sends("one");
    expect_sends("two");
    backlog_ack(q, 1000, &again);
    cr_expect_not(again);
    backlog_rewind(q, true);
    expect_sends("one");
    expect_sends("two");
    expect_sends("three");
    ack();
    cr_expect(again);
    ack();
    cr_expect_not(again);
    cr_expect_eq(b.acked, 2u, "each counts once");
}

Test(backlog, what_was_acknowledged_is_forgotten_after_a_while_and_beyond_its_limit)
{
    add("one");
    add("two");
    expect_sends("one");
    expect_sends("two");
    backlog_ack(q, 1000, &again);
    backlog_ack(q, 2000, &again);
    backlog_age(q, 1001 + BACKLOG_KEPT_MS);
    backlog_rewind(q, true);
    cr_expect_eq(b.n, 1u);
    expect_sends("two");
    ack();
    for (int i = 0; i < 20; i++) {
        add_sized('x', 200);
        backlog_next(q);
        backlog_sent(q);
        ack();
    }
    cr_expect_eq(b.bytes_kept, b.kept_limit);
}

Test(backlog, a_full_backlog_lets_the_oldest_go)
{
    for (char name = 'a'; name <= 'e'; name++)
        add_sized(name, LIMIT / 5);
    cr_expect_eq(full(), 0u);
    cr_expect_eq(b.bytes, (size_t)LIMIT);
    add_sized('f', LIMIT / 10);
    cr_expect_eq(full(), 1u);
    cr_expect_eq(next_name(), 'b');
    add_sized('g', LIMIT * 2 / 5); /* half of a fifth is free: two more have to go */
    cr_expect_eq(full(), 3u);
    cr_expect_eq(next_name(), 'd');
    cr_expect_str_eq(used_up, "sss");
}

Test(backlog, what_is_under_way_stays_and_the_next_oldest_goes)
{
    for (char name = 'a'; name <= 'd'; name++)
        add_sized(name, LIMIT / 4);
    backlog_sent(q);
    add_sized('e', LIMIT / 4);
    cr_expect_eq(full(), 1u);
    cr_expect(ack());
    cr_expect_eq(next_name(), 'c');
}

Test(backlog, when_all_is_under_way_the_new_one_goes)
{
    add_sized('a', LIMIT / 2);
    add_sized('b', LIMIT / 2);
    backlog_sent(q);
    backlog_sent(q);
    cr_expect_not(add("c"));
    cr_expect_eq(full(), 1u);
    cr_expect_eq(b.n, 2u);
}

Test(backlog, an_entry_that_can_never_fit_is_refused_and_costs_no_other)
{
    add("kept");
    cr_expect_not(add_sized('x', LIMIT + 1));
    cr_expect_eq(b.dropped[PUBLISHER_DROP_SIZE], 1u);
    expect_sends("kept");
}

Test(backlog, an_entry_as_large_as_the_limit_is_alone)
{
    add("gone");
    add_sized('x', LIMIT);
    cr_expect_eq(b.n, 1u);
    cr_expect_eq(next_name(), 'x');
}

/* ---- blocks ---------------------------------------------------------------------------------- */

Test(backlog, a_block_goes_whole_and_the_next_one_says_so)
{
    add_block("7", 3);
    add_block("8", 3);
    add_sized('x', LIMIT - b.bytes);
    add("y"); /* a byte too many: block 7 */
    cr_expect_eq(full(), 4u);
    cr_expect_eq(b.missed_blocks, 1u);
    for (int i = 0; i < 3; i++)
        expect_sends("{\"p\":1}");
    expect_sends("{\"missed\":[7,7],\"h\":1}");
}

Test(backlog, blocks_missed_one_after_the_other_are_one_range)
{
    add_block("7", 1);
    add_block("8", 1);
    add_block("9", 1);
    backlog_drop_oldest(&b, PUBLISHER_DROP_FULL);
    backlog_drop_oldest(&b, PUBLISHER_DROP_FULL);
    expect_sends("{\"p\":1}");
    expect_sends("{\"missed\":[7,8],\"h\":1}");
}

Test(backlog, a_block_that_says_so_and_is_dropped_itself_is_in_the_next_range)
{
    add_block("7", 0);
    add_block("8", 0);
    add_block("9", 0);
    add_block("10", 0);
    backlog_drop_oldest(&b, PUBLISHER_DROP_FULL);
    expect_sends("{\"missed\":[7,7],\"h\":1}");
    backlog_rewind(q, false);
    backlog_drop_oldest(&b, PUBLISHER_DROP_FULL);
    expect_sends("{\"missed\":[7,8],\"h\":1}");
    expect_sends("{\"h\":1}");
}

Test(backlog, a_block_sent_again_after_others_were_dropped_says_more)
{
    add_block("7", 0);
    add_block("8", 0);
    add_block("9", 0);
    backlog_drop_oldest(&b, PUBLISHER_DROP_FULL);
    expect_sends("{\"missed\":[7,7],\"h\":1}");
    expect_sends("{\"h\":1}");
    backlog_rewind(q, false);
    backlog_drop_oldest(&b, PUBLISHER_DROP_FULL); /* 8 */
    expect_sends("{\"missed\":[7,8],\"h\":1}");
}

Test(backlog, a_block_that_does_not_fit_leaves_nothing_of_itself)
{
    add("before");
    add_block("7", 100);
    cr_expect_eq(b.n, 0u, "what was before went first");
    cr_expect_eq(b.missed_blocks, 1u);
    add_block("8", 1);
    expect_sends("{\"p\":1}");
    expect_sends("{\"missed\":[7,7],\"h\":1}");
}

Test(backlog, a_block_behind_what_is_under_way_leaves_nothing_of_itself)
{
    add_sized('x', LIMIT / 2);
    backlog_sent(q);
    add_block("7", 100);
    cr_expect_eq(b.n, 1u);
    cr_expect_eq(b.missed_blocks, 1u);
    ack();
    add_block("8", 0);
    expect_sends("{\"missed\":[7,7],\"h\":1}");
}

Test(backlog, what_lies_between_the_parts_of_a_block_goes_with_it)
{
    struct event part = event_of("c.part", "{}"), end = event_of("c.end", "{}");

    part.block = EVENT_BLOCK_PART;
    end.block = EVENT_BLOCK_END;
    add_event(NULL, &part);
    add("between");
    add_event(NULL, &end);
    add("after");
    backlog_drop_oldest(&b, PUBLISHER_DROP_FULL);
    expect_sends("after");
}

Test(backlog, of_a_standby_nothing_is_missed)
{
    add_block("7", 1);
    backlog_drop_before(&b, 2, PUBLISHER_DROP_STANDBY);
    cr_expect_eq(b.n, 0u);
    cr_expect_eq(b.dropped[PUBLISHER_DROP_STANDBY], 2u);
    cr_expect_str_eq(used_up, "");
    add_block("8", 0);
    expect_sends("{\"h\":1}");
}

/* ---- several masters ------------------------------------------------------------------------- */

static struct backlog_queue *by_stream(void *ctx, const struct entry *entry)
{
    (void)ctx;
    return *entry_stream(entry) == 'l' ? &left : *entry_stream(entry) == 'r' ? &right : NULL;
}

static void add_to(struct backlog_queue *to, const char *stream, const char *data)
{
    struct event event = event_of(stream, data);

    add_event(to, &event);
}

Test(backlog, of_several_queues_the_oldest_of_all_goes)
{
    backlog_queue_init(&b, &left);
    backlog_queue_init(&b, &right);
    add_to(&right, "r", "1");
    add_to(&left, "l", "2");
    add_to(&right, "r", "3");
    for (int i = 0; i < 3; i++)
        backlog_drop_oldest(&b, PUBLISHER_DROP_FULL);
    cr_expect_str_eq(used_up, "rlr");
}

Test(backlog, shared_out_anew_every_stream_keeps_its_order)
{
    backlog_queue_init(&b, &left);
    backlog_queue_init(&b, &right);
    add_to(NULL, "l", "1");
    add_to(&right, "l", "2"); /* its master was the other one then */
    add_to(&right, "r", "3");
    add_to(&left, "l", "4");
    expect_sends_from(&right, "2");
    expect_sends_from(&left, "4");
    backlog_ack(&left, 0, &again); /* kept: it goes again, behind the older ones */
    backlog_spread(&b, by_stream, NULL);
    cr_expect_eq(b.n, 4u);
    expect_sends_from(&left, "1");
    expect_sends_from(&left, "2");
    expect_sends_from(&left, "4");
    expect_sends_from(&right, "3");
}

/* Against a simple model: numbers in a row, with a first, an unsent and a last. */
Test(backlog, keeps_order_whatever_happens)
{
    unsigned unsent = 0, last = 0, sent[1000], n_sent = 0;

    srandom(1);
    for (int i = 0; i < 100000; i++) {
        unsigned what = (unsigned)random() % 100;
        if (what < 45) {
            struct event event = event_of("s", "");
            char data[600] = "";
            memcpy(data, &last, sizeof last);
            event.data = data;
            event.data_len = sizeof last + (size_t)random() % (sizeof data - sizeof last);
            uint64_t dropped = full();
            bool added = add_event(NULL, &event);
            last += added;
            unsent += (unsigned)(full() - dropped) - !added;
        } else if (what < 75) {
            const struct entry *next = backlog_next(q);
            cr_assert_eq(next != NULL, unsent < last);
            if (!next)
                continue;
            cr_assert_eq(memcmp(entry_data(next), &unsent, sizeof unsent), 0);
            backlog_sent(q);
            sent[n_sent++] = unsent++;
        } else if (what < 99) {
            cr_assert_eq(ack(), n_sent > 0);
            if (n_sent > 0)
                memmove(sent, sent + 1, --n_sent * sizeof *sent);
        } else if (n_sent == 0 || sent[0] + n_sent == unsent) { /* no hole: the model is a row */
            backlog_rewind(q, false);
            unsent -= n_sent;
            n_sent = 0;
        }
        cr_assert_eq(b.n, last - unsent + n_sent);
        cr_assert_eq(q->n_sent, n_sent);
    }
    cr_expect_gt(b.acked, 1000u);
}
