/* The table of Drift's markets. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/drift_markets.h"

static struct drift_markets markets;
static char error[DRIFT_MARKETS_ERROR_MAX];

static int read_text(const char *text)
{
    error[0] = '\0';
    return drift_markets_read(&markets, text, strlen(text), "here", error);
}

static int index_of(enum drift_market_type type, const char *name)
{
    return drift_markets_index(&markets, type, name, strlen(name));
}

static void tear_down(void)
{
    drift_markets_fini(&markets);
}

TestSuite(drift_markets, .fini = tear_down);

Test(drift_markets, the_built_in_table_has_the_markets_by_type)
{
    cr_assert_eq(drift_markets_load(&markets, "", error), 0, "%s", error);
    cr_expect_eq(index_of(DRIFT_PERP, "SOL-PERP"), 0);
    cr_expect_eq(index_of(DRIFT_PERP, "eth-perp"), 2);
    cr_expect_eq(index_of(DRIFT_SPOT, "SOL"), 1);
    cr_expect_eq(index_of(DRIFT_SPOT, "MSOL"), 2);
    cr_expect_eq(index_of(DRIFT_SPOT, "SOL-PERP"), -1);
    cr_expect_eq(index_of(DRIFT_PERP, "SOL-PER"), -1);
    cr_expect_eq(index_of(DRIFT_PERP, "SOL-PERPX"), -1);
    cr_expect_eq(index_of(DRIFT_PERP, ""), -1);
}

Test(drift_markets, lines_may_have_white_space_comments_and_any_end)
{
    cr_assert_eq(read_text("# comment\n\n  A , perp , 7 \r\nB,spot,65535"), 0, "%s", error);
    cr_expect_eq(markets.n, 2u);
    cr_expect_eq(index_of(DRIFT_PERP, "a"), 7);
    cr_expect_eq(index_of(DRIFT_SPOT, "B"), 65535);
}

Test(drift_markets, a_market_is_found_by_its_index_with_the_decimals_of_its_sizes)
{
    cr_assert_eq(drift_markets_load(&markets, "", error), 0, "%s", error);
    cr_expect_str_eq(drift_markets_find(&markets, DRIFT_PERP, 0)->name, "SOL-PERP");
    cr_expect_eq(drift_markets_find(&markets, DRIFT_PERP, 1)->decimals, 9u);
    cr_expect_str_eq(drift_markets_find(&markets, DRIFT_SPOT, 0)->name, "USDC");
    cr_expect_eq(drift_markets_find(&markets, DRIFT_SPOT, 0)->decimals, 6u);
    cr_expect_eq(drift_markets_find(&markets, DRIFT_SPOT, 3)->decimals, 8u);
    cr_expect_null(drift_markets_find(&markets, DRIFT_SPOT, 65535));
}

Test(drift_markets, many_markets_are_all_kept)
{
    char text[4000] = "", *at = text;

    for (int i = 0; i < 200; i++)
        at += snprintf(at, 20, "M%d,perp,%d\n", i, i);
    cr_assert_eq(read_text(text), 0, "%s", error);
    cr_expect_eq(markets.n, 200u);
    cr_expect_eq(index_of(DRIFT_PERP, "M199"), 199);
}

Test(drift_markets, a_line_that_is_wrong_is_named_and_nothing_is_kept)
{
    static const char *const lines[] = {
        "A",          "A,perp",       "A,perp,",    "A,perp,x",   "A,perp,1,19",
        "A,perp,1,x", "A,perp,1,2,3", "A,perp,-1",  ",perp,1",    "A,future,1",
        "A,perp,1e1", "A,perp,65536", "A B,perp,1", "A\",perp,1", "A,perp,99999999999999999999"};
    char text[100];

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        snprintf(text, sizeof text, "OK,perp,1\n%s\n", lines[i]);
        cr_expect_eq(read_text(text), -EINVAL, "%s", lines[i]);
        cr_expect_str_eq(error, "here:2: not NAME,perp|spot,INDEX[,DECIMALS]", "%s", lines[i]);
        cr_expect_eq(markets.n, 0u);
    }
}

Test(drift_markets, a_market_stands_there_once)
{
    cr_expect_eq(read_text("A,perp,1\nA,spot,1\na,perp,2\n"), -EINVAL);
    cr_expect_str_eq(error, "here:3: this market was there before");
}

Test(drift_markets, there_is_a_limit_to_their_number)
{
    size_t size = (DRIFT_MARKETS_MAX + 1) * 16;
    char *text = malloc(size), *at = text;

    for (int i = 0; i <= DRIFT_MARKETS_MAX; i++)
        at += snprintf(at, 16, "M%d,perp,1\n", i);
    cr_expect_eq(read_text(text), -EINVAL);
    cr_expect_str_eq(error, "here:4097: too many markets");
    free(text);
}

Test(drift_markets, a_file_that_cannot_be_read_is_named)
{
    cr_expect_eq(drift_markets_load(&markets, "/nowhere/markets.csv", error), -EINVAL);
    cr_expect_str_eq(error, "cannot read /nowhere/markets.csv: No such file or directory");
    cr_expect_eq(drift_markets_load(&markets, "/", error), -EINVAL, "a directory");
}
