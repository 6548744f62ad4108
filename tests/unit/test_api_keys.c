/* test_api_keys.c - the file of API keys, and what it grants. */
#include <criterion/criterion.h>
#include <string.h>

#include "gateway/api_keys.h"

/* sha256("123456") and sha256("secret") */
#define SUM "8d969eef6ecad3c29a3a629280e686cf0c3f5d5a86aff3ca12020c923adc6c92"
#define OTHER "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"

static char error[300];
static struct identity who;

static struct api_keys *read_text(const char *text)
{
    return api_keys_read(text, strlen(text), error, sizeof error);
}

static bool accepts(const struct api_keys *keys, const char *key)
{
    return api_keys_accept(keys, key, strlen(key), &who);
}

Test(api_keys, a_key_is_known_by_its_sum)
{
    struct api_keys *keys = read_text("# who  sum\n\nshop " SUM "\n  ops\t" OTHER " \r\n");

    cr_assert(keys);
    cr_expect(accepts(keys, "123456"));
    cr_expect_null(who.grants);
    cr_expect(accepts(keys, "secret"));
    cr_expect_not(accepts(keys, "1234567"));
    cr_expect_not(accepts(keys, ""));
    cr_expect_not(accepts(keys, SUM));
    api_keys_free(&keys);
}

Test(api_keys, options_limit_streams_and_connections)
{
    struct api_keys *keys = read_text("shop " SUM " streams=trade.*,book.SOL? connections=7");

    cr_assert(keys);
    cr_assert(accepts(keys, "123456"));
    cr_expect_eq(who.max_connections, 7u);
    cr_expect(grants_allow(who.grants, "trade.x", 7));
    cr_expect(grants_allow(who.grants, "book.SOL1", 9));
    cr_expect_not(grants_allow(who.grants, "book.ETH1", 9));
    cr_expect_not(grants_allow(who.grants, "trade", 5));
    grants_free(&who.grants);
    api_keys_free(&keys);
}

Test(api_keys, a_wrong_line_is_refused_by_its_number)
{
    const char *bad[] = {"\nshop",
                         "\nshop 123456",
                         "\nshop " SUM " nonsense",
                         "\nshop " SUM " connections=",
                         "\nshop " SUM " connections=x",
                         "\nshop " SUM " streams=",
                         "\nshop " SUM "0",
                         "\nshop " SUM " connections=1234567890"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cr_expect_null(read_text(bad[i]), "%s", bad[i]);
        cr_expect_eq(strncmp(error, "line 2 ", 7), 0, "%s", error);
    }
}

Test(grants, patterns_stand_between_blanks_and_commas)
{
    struct grants *g = grants_new(" a.*,, b.?\n", 11);

    cr_assert(g);
    cr_expect_eq(g->n, 2u);
    cr_expect(grants_allow(g, "a.1", 3));
    cr_expect(grants_allow(g, "b.1", 3));
    cr_expect_not(grants_allow(g, "b.12", 4));
    grants_free(&g);
}

Test(grants, no_pattern_allows_nothing_and_too_many_are_refused)
{
    char many[2 * (GRANTS_MAX + 1)];
    struct grants *none = grants_new("", 0);

    cr_assert(none);
    cr_expect_not(grants_allow(none, "a", 1));
    grants_free(&none);
    for (size_t i = 0; i < sizeof many; i++)
        many[i] = i % 2 ? ' ' : 'a';
    cr_expect_null(grants_new(many, sizeof many));
}
