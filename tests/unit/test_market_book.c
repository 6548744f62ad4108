/* An order book kept from numbered updates. */
#include "publisher/market_book.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/leaks.h"

static struct market_book book;
static uint64_t expected;

static void set_up(void)
{
    market_book_init(&book);
}

static void tear_down(void)
{
    market_book_fini(&book);
    no_leaks();
}

TestSuite(market_book, .init = set_up, .fini = tear_down);

static void set(bool bid, const char *price, const char *quantity)
{
    struct market_level level;

    cr_assert_eq(decimal_read(price, strlen(price), &level.price), 0);
    cr_assert_eq(decimal_read(quantity, strlen(quantity), &level.quantity), 0);
    market_book_set(&book, bid, &level);
}

static enum market_book_step step(uint64_t seq)
{
    return market_book_step(&book, seq, false, &expected);
}

static void expect_side(const struct market_side *side, const char *wanted)
{
    char text[500] = "", number[DECIMAL_TEXT_MAX];

    for (size_t i = 0; i < side->n; i++) {
        strncat(text, number, decimal_write(&side->levels[i].price, number));
        strcat(text, ":");
        strncat(text, number, decimal_write(&side->levels[i].quantity, number));
        strcat(text, " ");
    }
    cr_expect_str_eq(text, wanted);
}

Test(market_book, levels_are_kept_with_the_best_first)
{
    cr_assert_eq(step(5), MARKET_BOOK_APPLY);
    set(true, "9", "1");
    set(true, "10.5", "2");
    set(true, "9.75", "3");
    set(false, "12", "4");
    set(false, "11", "5");
    expect_side(&book.bids, "10.5:2 9.75:3 9:1 ");
    expect_side(&book.asks, "11:5 12:4 ");
}

Test(market_book, a_quantity_replaces_the_one_before_and_zero_removes_the_level)
{
    step(5);
    set(true, "9", "1");
    set(true, "8", "1");
    set(true, "9.0", "7");
    expect_side(&book.bids, "9:7 8:1 ");
    set(true, "9", "0.000");
    set(true, "7", "0"); /* was never there */
    expect_side(&book.bids, "8:1 ");
}

Test(market_book, a_repeated_update_is_no_news)
{
    step(5);
    cr_expect_eq(step(6), MARKET_BOOK_APPLY);
    cr_expect_eq(step(6), MARKET_BOOK_REPEAT);
    cr_expect_eq(step(5), MARKET_BOOK_REPEAT);
    cr_expect_eq(step(7), MARKET_BOOK_APPLY);
}

Test(market_book, a_hole_makes_it_stale_once_until_a_snapshot_that_is_new_enough)
{
    step(5);
    set(true, "9", "1");
    cr_expect_eq(step(7), MARKET_BOOK_HOLE);
    cr_expect_eq(expected, 6u);
    expect_side(&book.bids, "");
    cr_expect_eq(step(8), MARKET_BOOK_WAIT);
    cr_expect_eq(step(10), MARKET_BOOK_WAIT);
    cr_expect_eq(market_book_step(&book, 9, true, &expected), MARKET_BOOK_REPEAT);
    cr_expect_eq(book.state, MARKET_BOOK_STALE);
    cr_expect_eq(market_book_step(&book, 10, true, &expected), MARKET_BOOK_APPLY);
    cr_expect(book.complete);
    cr_expect_eq(step(11), MARKET_BOOK_APPLY);
    cr_expect_eq(step(13), MARKET_BOOK_HOLE);
}

Test(market_book, one_that_begins_with_an_update_is_not_complete_and_a_snapshot_completes_it)
{
    step(5);
    cr_expect_not(book.complete);
    set(true, "9", "1");
    cr_expect_eq(market_book_step(&book, 5, true, &expected), MARKET_BOOK_APPLY);
    cr_expect(book.complete);
    expect_side(&book.bids, "");
}

Test(market_book, a_full_side_forgets_its_worst_level_and_says_that_it_is_not_complete)
{
    char price[20];

    market_book_step(&book, 1, true, &expected);
    for (int i = 0; i < MARKET_LEVELS_MAX; i++) {
        snprintf(price, sizeof price, "%d", 2000 + i);
        set(false, price, "1");
    }
    cr_expect(book.complete);
    set(false, "5000", "1"); /* worse than all */
    cr_expect_not(book.complete);
    set(false, "1", "1");
    cr_expect_eq(book.asks.n, (size_t)MARKET_LEVELS_MAX);
    cr_expect(book.asks.levels[0].price.digits == 1);
    cr_expect(book.asks.levels[MARKET_LEVELS_MAX - 1].price.digits == 2998);
}
