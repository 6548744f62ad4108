/* What a queue over its limits gives up, by the policies of its streams' classes. */
#include "gateway/trim.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "gateway/counters.h"
#include "gateway/frame.h"
#include "gateway/queue.h"
#include "gateway/stream_class.h"
#include "tests/support/leaks.h"

enum { BOOKS, TRADES, FILLS }; /* classes: conflate, drop, close */

static struct stream_classes classes = {.classes = {{.name = "books", .policy = POLICY_CONFLATE},
                                                    {.name = "trades", .policy = POLICY_DROP},
                                                    {.name = "fills", .policy = POLICY_CLOSE}},
                                        .n = 3};
static struct counters counters;
static struct queue_pool pool;
static struct queue q;
static struct trim trim;
static char seen[1000];

/* Of each stream of trades, which are letters: "m!N". */
static void tell(void *ctx, struct left_out *left)
{
    (void)ctx;
    for (char stream = 'm'; stream <= 'p'; stream++) {
        char text[32];
        uint32_t n = left_out_of(left, (uint64_t)stream);
        if (n == 0)
            continue;
        int len = snprintf(text, sizeof text, "%c!%u", stream, n);
        struct frame *f = frame_new(WS_TEXT, &(struct span){text, (size_t)len}, 1);
        left_out_tell(left, (uint64_t)stream, f);
        frame_unref(&f);
    }
}

static void set_up(void)
{
    queue_init(&q, &pool);
    trim = (struct trim){.classes = &classes,
                         .counters = &counters,
                         .max_bytes = 1 << 20,
                         .max_messages = 4,
                         .tell = tell};
}

static void tear_down(void)
{
    queue_clear(&q);
    cr_expect_eq(pool.held, 0u);
    cr_expect_eq(pool.waiting, 0u);
    no_leaks();
}

/* Words: the first letter is the stream, a to h of books, m to p of trades, x of fills, and a
 * capital is a reply. */
static void push(const char *words)
{
    char copy[1000];

    snprintf(copy, sizeof copy, "%s", words);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " ")) {
        struct frame *f = frame_new(WS_TEXT, &(struct span){word, strlen(word)}, 1);
        unsigned class_id = *word <= 'h' ? BOOKS : *word <= 'p' ? TRADES : FILLS;
        if (*word >= 'a')
            frame_of_stream(f, class_id, (uint64_t)*word);
        cr_assert_eq(queue_push(&q, f), 0);
        frame_unref(&f);
    }
}

static const char *trimmed(void)
{
    size_t bytes = 0;

    cr_assert_eq(trim_queue(&trim, &q), 0);
    seen[0] = '\0';
    for (uint32_t i = 0; i < q.n; i++) {
        struct span text = frame_payload(queue_at(&q, i));
        snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "%s%.*s", i ? " " : "",
                 (int)text.len, text.at);
        bytes += queue_at(&q, i)->len;
    }
    cr_expect_eq(q.bytes, bytes);
    return seen;
}

TestSuite(trim, .init = set_up, .fini = tear_down);

Test(trim, of_each_book_only_the_newest_stays_and_in_its_place)
{
    push("a1 b1 a2 c1 b2 a3");
    cr_expect_str_eq(trimmed(), "c1 b2 a3");
    cr_expect_eq(counters.of_class[BOOKS].frames_conflated, 3u);
    cr_expect_eq(counters.of_class[BOOKS].frames_dropped, 0u);
}

Test(trim, replies_and_what_may_not_be_left_out_stay)
{
    push("A x1 a1 B x2 a2 C");
    cr_expect_str_eq(trimmed(), "A x1 B x2 a2 C");
    cr_expect(trim_over(&trim, &q), "then the client is closed");
}

Test(trim, the_oldest_trades_go_until_the_queue_is_half_empty_and_one_notice_says_how_many)
{
    push("m1 m2 n1 m3 m4 m5");
    cr_expect_str_eq(trimmed(), "m!3 n!1 m4 m5");
    cr_expect_eq(counters.of_class[TRADES].frames_dropped, 4u);
}

Test(trim, a_later_notice_takes_in_an_earlier_one)
{
    push("m1 m2 m3 m4 m5 m6");
    cr_expect_str_eq(trimmed(), "m!4 m5 m6");
    push("m7 m8 m9");
    cr_expect_str_eq(trimmed(), "m!8 m9");
}

Test(trim, a_notice_of_another_stream_stays)
{
    push("m1 n1 n2 n3 n4");
    cr_expect_str_eq(trimmed(), "m!1 n!2 n3 n4");
    push("n5 n6 n7");
    cr_expect_str_eq(trimmed(), "n!7 m!1");
}

Test(trim, books_give_way_before_trades_do)
{
    push("m1 a1 a2 a3 m2");
    cr_expect_str_eq(trimmed(), "m1 a3 m2");
    cr_expect_eq(counters.of_class[TRADES].frames_dropped, 0u);
}

Test(trim, bytes_are_a_limit_as_messages_are)
{
    trim.max_messages = 100;
    trim.max_bytes = 20; /* of 4 each, header included */
    push("m1 m2 m3 m4 m5");
    cr_expect_not(trim_over(&trim, &q));
    push("m6");
    cr_expect(trim_over(&trim, &q));
    cr_expect_str_eq(trimmed(), "m!4 m5 m6");
}

Test(trim, without_words_for_it_what_is_left_out_is_only_counted)
{
    trim.tell = NULL;
    push("m1 m2 m3 m4 m5");
    cr_expect_str_eq(trimmed(), "m4 m5");
    cr_expect_eq(counters.of_class[TRADES].frames_dropped, 3u);
}

Test(trim, messages_that_no_stream_of_their_own_replaces_are_never_conflated)
{
    push("a1 a2 a3 a4 a5");
    for (uint32_t i = 0; i < q.n; i++)
        frame_of_stream(queue_at(&q, i), BOOKS, 0);
    cr_expect_str_eq(trimmed(), "a1 a2 a3 a4 a5");
}

Test(trim, it_makes_no_difference_whether_the_frames_wait_already)
{
    push("m1 m2 a1 m3");
    queue_settle(&q);
    push("a2 m4 m5");
    cr_expect_str_eq(trimmed(), "m!4 a2 m5");
    queue_settle(&q);
    cr_expect_eq(pool.waiting, q.bytes);
}

Test(trim, thousands_of_streams_are_told_apart)
{
    trim.max_messages = 3000;
    for (uint64_t i = 0; i < 9000; i++) {
        struct frame *f = frame_new(WS_TEXT, &SPAN("a"), 1);
        frame_of_stream(f, BOOKS, 1 + i % 3000);
        cr_assert_eq(queue_push(&q, f), 0);
        frame_unref(&f);
    }
    cr_assert_eq(trim_queue(&trim, &q), 0);
    cr_expect_eq(q.n, 3000u);
    for (uint32_t i = 0; i < q.n; i++)
        cr_assert_eq(queue_at(&q, i)->stream, 1 + i);
}
