/* The frames a client is due: first in, first out, and counted. */
#include "gateway/queue.h"

#include <criterion/criterion.h>
#include <signal.h>

#include "gateway/frame.h"
#include "tests/support/leaks.h"

static struct queue_pool pool;
static struct queue q;
static struct frame *f[4]; /* payloads of 1, 2, 3 and 4 bytes */

static void set_up(void)
{
    queue_init(&q, &pool);
    for (size_t i = 0; i < 4; i++)
        f[i] = frame_new(WS_TEXT, &(struct span){"abcd", i + 1}, 1);
}

static void tear_down(void)
{
    queue_clear(&q);
    for (size_t i = 0; i < 4; i++)
        frame_unref(&f[i]);
    no_leaks();
}

static void push(uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++)
        cr_assert_eq(queue_push(&q, f[i % 4]), 0);
}

static void expect_frames(uint32_t from, uint32_t to)
{
    size_t bytes = 0;

    cr_assert_eq(q.n, to - from);
    for (uint32_t i = 0; i < q.n; i++) {
        cr_assert_eq(queue_at(&q, i), f[(from + i) % 4], "%u of %u", i, q.n);
        bytes += queue_at(&q, i)->len;
    }
    cr_expect_eq(q.bytes, bytes);
}

TestSuite(queue, .init = set_up, .fini = tear_down);

Test(queue, the_oldest_comes_first_however_many_there_are)
{
    push(0, 1000);
    expect_frames(0, 1000);
    queue_pop(&q, 1);
    expect_frames(1, 1000);
    queue_pop(&q, 500);
    expect_frames(501, 1000);
}

/* The ring's begin moves through all of its places before it grows. */
Test(queue, order_survives_growth_from_every_place_in_the_ring)
{
    for (uint32_t first = 0; first < 8; first++) {
        push(0, 8);
        queue_pop(&q, first);
        push(8, 20 + first);
        expect_frames(first, 20 + first);
        queue_clear(&q);
    }
}

Test(queue, every_frame_has_one_reference_for_each_place)
{
    push(0, 8);
    cr_expect_eq(f[0]->refs, 3u);
    queue_pop(&q, 1);
    cr_expect_eq(f[0]->refs, 2u);
    queue_clear(&q);
    for (int i = 0; i < 4; i++)
        cr_expect_eq(f[i]->refs, 1u);
}

Test(queue, a_frame_lives_while_it_is_queued)
{
    push(0, 1);
    frame_unref(&f[0]);
    cr_expect_eq(queue_at(&q, 0)->len, 3u);
}

Test(queue, a_client_that_keeps_up_costs_no_allocation)
{
    for (int i = 0; i < 100; i++) {
        push(0, QUEUE_FEW);
        cr_expect_eq(q.cap, QUEUE_FEW);
        queue_pop(&q, QUEUE_FEW);
    }
}

Test(queue, a_large_ring_is_given_back_when_it_is_empty_and_a_small_one_is_kept)
{
    push(0, 65);
    queue_pop(&q, 65);
    cr_expect_eq(q.cap, QUEUE_FEW);
    push(0, 20);
    struct frame **ring = q.many;
    queue_pop(&q, 20);
    push(0, 20);
    cr_expect_eq(q.many, ring);
    expect_frames(0, 20);
}

Test(queue, cleared_it_is_as_good_as_new)
{
    push(0, 30);
    queue_clear(&q);
    cr_expect_eq(q.n, 0u);
    cr_expect_eq(q.bytes, 0u);
    push(1, 3);
    expect_frames(1, 3);
}

Test(queue, popping_nothing_does_nothing)
{
    queue_pop(&q, 0);
    push(0, 1);
    queue_pop(&q, 0);
    expect_frames(0, 1);
}

Test(queue, popping_more_than_there_is_is_a_mistake_of_ours, .signal = SIGABRT)
{
    push(0, 1);
    queue_pop(&q, 2);
}
