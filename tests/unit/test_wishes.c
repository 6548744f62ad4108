/* The channels a link wants, and which of them Redis has been asked for. */
#include "gateway/wishes.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/leaks.h"

enum { LINGER_MS = 2000 };

static const struct redis_naming naming = {.prefix = "p:"};
static struct wishes w;
static char losses[256]; /* "a b " */
static const char *channels[WISHES_BATCH];
static size_t lens[WISHES_BATCH];
static char batch[1024]; /* "p:a p:b " */

static void on_lost(void *ctx, const char *stream, size_t len)
{
    (void)ctx;
    strcat(strncat(losses, stream, len), " ");
}

static void set_up(void)
{
    losses[0] = '\0';
    cr_assert_eq(wishes_init(&w, &naming, LINGER_MS), 0);
}

static void tear_down(void)
{
    wishes_fini(&w);
    no_leaks();
}

static void want(const char *name)
{
    cr_assert_eq(wishes_note(&w, name, strlen(name), true, 0), 0);
}

static void let_go(const char *name, uint64_t now_ms)
{
    cr_assert_eq(wishes_note(&w, name, strlen(name), false, now_ms), 0);
}

static const char *list_batch(size_t n)
{
    batch[0] = '\0';
    for (size_t i = 0; i < n && i < 20; i++) {
        cr_expect_eq(strlen(channels[i]), lens[i]);
        strcat(strcat(batch, channels[i]), " ");
    }
    return batch;
}

static const char *subscribe(void)
{
    return list_batch(wishes_subscribe(&w, 0, WISHES_BATCH, channels, lens));
}

/* As the link does: the command is queued, and with that it is done. */
static const char *unsubscribe(uint64_t now_ms)
{
    size_t n = wishes_unsubscribe(&w, now_ms, channels, lens);

    list_batch(n);
    wishes_unsubscribed(&w, n);
    return batch;
}

TestSuite(wishes, .init = set_up, .fini = tear_down);

Test(wishes, what_is_wanted_is_asked_for_once_under_its_prefix)
{
    want("a");
    want("b");
    want("a");
    cr_expect_str_eq(subscribe(), "p:b p:a ");
    cr_expect_str_eq(subscribe(), "");
    want("a");
    cr_expect_str_eq(subscribe(), "");
}

Test(wishes, what_is_not_wanted_any_more_lingers_and_is_then_unsubscribed)
{
    want("a");
    subscribe();
    let_go("a", 1000);
    cr_expect_str_eq(unsubscribe(1000 + LINGER_MS - 1), "");
    cr_expect_str_eq(unsubscribe(1000 + LINGER_MS), "p:a ");
    cr_expect_str_eq(unsubscribe(99999), "");
    cr_expect_eq(w.table.n, 0u);
}

Test(wishes, a_flapping_listener_costs_redis_nothing)
{
    want("a");
    subscribe();
    for (uint64_t now = 0; now < 100 * LINGER_MS; now += LINGER_MS - 1) {
        let_go("a", now);
        cr_expect_str_eq(unsubscribe(now + LINGER_MS - 2), "");
        want("a");
        cr_expect_str_eq(subscribe(), "");
    }
    cr_expect_str_eq(unsubscribe(1000 * LINGER_MS), "");
}

Test(wishes, the_linger_begins_anew_each_time)
{
    want("a");
    subscribe();
    let_go("a", 0);
    want("a");
    let_go("a", 1500);
    cr_expect_str_eq(unsubscribe(LINGER_MS), "");
    cr_expect_str_eq(unsubscribe(1500 + LINGER_MS), "p:a ");
}

Test(wishes, what_redis_was_never_asked_for_is_forgotten_at_once)
{
    want("a");
    let_go("a", 0);
    cr_expect_eq(w.table.n, 0u);
    cr_expect_str_eq(subscribe(), "");
    cr_expect_str_eq(unsubscribe(99999), "");
}

Test(wishes, letting_go_of_what_nobody_wanted_does_nothing)
{
    let_go("a", 0);
    cr_expect_eq(w.table.n, 0u);
}

Test(wishes, lingering_channels_go_in_the_order_in_which_their_time_is_over)
{
    want("a");
    want("b");
    want("c");
    subscribe();
    let_go("b", 0);
    let_go("a", 500);
    let_go("c", 1000);
    cr_expect_str_eq(unsubscribe(500 + LINGER_MS), "p:b p:a ");
    cr_expect_str_eq(unsubscribe(1000 + LINGER_MS), "p:c ");
}

Test(wishes, batches_have_at_most_512_channels)
{
    char name[16];

    for (int i = 0; i < 2 * WISHES_BATCH + 1; i++) {
        snprintf(name, sizeof name, "s%d", i);
        want(name);
    }
    cr_expect_eq(wishes_subscribe(&w, 0, WISHES_BATCH, channels, lens), (size_t)WISHES_BATCH);
    cr_expect_eq(wishes_subscribe(&w, 0, WISHES_BATCH, channels, lens), (size_t)WISHES_BATCH);
    cr_expect_str_eq(subscribe(), "p:s1024 ");
    for (int i = 0; i < 2 * WISHES_BATCH + 1; i++) {
        snprintf(name, sizeof name, "s%d", i);
        let_go(name, 0);
    }
    cr_expect_eq(wishes_unsubscribe(&w, LINGER_MS, channels, lens), (size_t)WISHES_BATCH);
    wishes_unsubscribed(&w, WISHES_BATCH);
    cr_expect_eq(wishes_unsubscribe(&w, LINGER_MS, channels, lens), (size_t)WISHES_BATCH);
    wishes_unsubscribed(&w, WISHES_BATCH);
    cr_expect_str_eq(unsubscribe(LINGER_MS), "p:s1024 ");
    cr_expect_eq(w.table.n, 0u);
}

Test(wishes, after_a_lost_connection_everything_wanted_is_asked_for_again)
{
    want("a");
    want("b");
    subscribe();
    want("c");
    wishes_confirm(&w, "a", 1);
    wishes_reset(&w, on_lost, NULL);
    cr_expect_not(wishes_confirmed(&w, "a", 1));
    cr_expect_str_eq(subscribe(), "p:c p:a p:b ");
}

Test(wishes, after_a_lost_connection_what_lingered_is_forgotten)
{
    want("a");
    subscribe();
    let_go("a", 0);
    wishes_reset(&w, on_lost, NULL);
    cr_expect_eq(w.table.n, 0u);
    cr_expect_str_eq(unsubscribe(99999), "");
    want("a");
    cr_expect_str_eq(subscribe(), "p:a ");
}

Test(wishes, a_confirmation_counts_while_the_channel_is_asked_for)
{
    want("a");
    cr_expect_not(wishes_confirm(&w, "a", 1), "never asked: an answer to something older");
    cr_expect_not(wishes_confirmed(&w, "a", 1));
    subscribe();
    cr_expect_not(wishes_confirmed(&w, "a", 1));
    cr_expect(wishes_confirm(&w, "a", 1));
    cr_expect(wishes_confirmed(&w, "a", 1));
    cr_expect_not(wishes_confirm(&w, "b", 1));
    cr_expect_not(wishes_confirmed(&w, "b", 1));
}

Test(wishes, what_lingers_is_confirmed_but_not_wanted)
{
    want("a");
    subscribe();
    let_go("a", 0);
    cr_expect_not(wishes_confirm(&w, "a", 1));
    cr_expect(wishes_confirmed(&w, "a", 1));
    want("a");
    cr_expect(wishes_confirmed(&w, "a", 1), "so whoever comes back misses nothing");
}

Test(wishes, without_a_linger_what_is_let_go_is_unsubscribed_at_once)
{
    w.linger_ms = 0;
    want("a");
    subscribe();
    let_go("a", 7);
    cr_expect_str_eq(unsubscribe(7), "p:a ");
}

static void confirm(const char *name)
{
    wishes_confirm(&w, name, strlen(name));
}

Test(wishes, a_lost_connection_is_told_for_what_was_confirmed_and_wanted)
{
    want("heard");
    want("lingers");
    want("asked");
    subscribe();
    confirm("heard");
    confirm("lingers");
    let_go("lingers", 0);
    want("new");
    wishes_reset(&w, on_lost, NULL);
    cr_expect_str_eq(losses, "heard ");
    cr_expect_eq(w.awaited, 0u);
}

Test(wishes, an_error_is_for_what_has_waited_longest_and_it_is_asked_for_again)
{
    want("a");
    want("b");
    want("c");
    subscribe();
    confirm("a");
    cr_expect(wishes_refuse(&w));
    confirm("c");
    cr_expect_not(wishes_refuse(&w), "nothing waits");
    cr_expect_str_eq(subscribe(), "", "not at once");
    cr_expect(wishes_retry(&w, 0));
    cr_expect_str_eq(subscribe(), "p:b ");
    confirm("b");
    cr_expect_not(wishes_retry(&w, 0));
    cr_expect_eq(w.awaited, 0u);
}

Test(wishes, what_is_not_answered_for_long_is_asked_for_again)
{
    want("a");
    subscribe();
    cr_expect_not(wishes_retry(&w, WISHES_ANSWER_MS - 1));
    cr_expect(wishes_retry(&w, WISHES_ANSWER_MS));
    cr_expect_str_eq(subscribe(), "p:a ");
}

Test(wishes, a_subscription_that_redis_ends_is_void_until_it_is_confirmed_again)
{
    want("a");
    subscribe();
    confirm("a");
    cr_expect(wishes_void(&w, "a", 1));
    cr_expect_not(wishes_confirmed(&w, "a", 1));
    wishes_retry(&w, 0);
    cr_expect_str_eq(subscribe(), "p:a ");
    confirm("a");
    cr_expect(wishes_confirmed(&w, "a", 1));
}

Test(wishes, the_answer_to_an_unsubscribe_does_not_void_a_wish_that_came_after_it)
{
    want("a");
    subscribe();
    confirm("a");
    let_go("a", 0);
    unsubscribe(LINGER_MS);
    want("a");
    subscribe();
    cr_expect_not(wishes_void(&w, "a", 1));
    confirm("a");
    cr_expect(wishes_confirmed(&w, "a", 1));
}

Test(wishes, what_redis_ends_while_it_lingers_is_forgotten)
{
    want("a");
    subscribe();
    confirm("a");
    let_go("a", 0);
    cr_expect_not(wishes_void(&w, "a", 1));
    cr_expect_eq(w.table.n, 0u);
}

Test(wishes, no_more_is_asked_for_at_once_than_the_window)
{
    char name[16];
    size_t n, all = 0;

    for (int i = 0; i < WISHES_WINDOW + 10; i++) {
        snprintf(name, sizeof name, "s%d", i);
        want(name);
    }
    while ((n = wishes_subscribe(&w, 0, WISHES_BATCH, channels, lens)) > 0)
        all += n;
    cr_expect_eq(all, (size_t)WISHES_WINDOW);
    cr_expect_not(wishes_all_asked(&w));
    confirm("s0");
    wishes_refuse(&w);
    cr_expect_eq(wishes_subscribe(&w, 0, WISHES_BATCH, channels, lens), 2u);
}

static struct wishes *home_of_b(void *ctx, const char *stream, size_t len)
{
    return len == 1 && *stream == 'b' ? ctx : &w;
}

static void on_moved(void *ctx, const char *stream, size_t len)
{
    (void)ctx;
    on_lost(NULL, stream, len);
}

Test(wishes, what_belongs_elsewhere_moves_and_is_asked_for_there)
{
    struct wishes other;

    cr_assert_eq(wishes_init(&other, &naming, LINGER_MS), 0);
    want("a");
    want("b");
    subscribe();
    confirm("a");
    confirm("b");
    cr_expect_eq(wishes_move(&w, home_of_b, on_moved, &other), 1u);
    cr_expect_str_eq(losses, "b ");
    cr_expect(wishes_confirmed(&w, "a", 1));
    cr_expect_eq(w.table.n, 1u);
    cr_expect_str_eq(list_batch(wishes_subscribe(&other, 0, 1, channels, lens)), "p:b ");
    wishes_fini(&other);
}

Test(wishes, sharded_channels_have_their_slot_in_braces)
{
    static const struct redis_naming sharded = {.prefix = "p:", .sharded = true};

    w.naming = &sharded;
    want("trade.A");
    cr_expect_str_eq(subscribe(), "p:{trade.A}trade.A ");
    confirm("trade.A");
    cr_expect(wishes_confirmed(&w, "trade.A", 7));
}
