/* test_stream_name.c - names of streams, values within them, and patterns over them. */
#include "common/stream_name.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static bool valid(const char *name)
{
    return stream_name_valid(name, strlen(name));
}

static const char *encoded(const char *value, size_t len)
{
    static char buf[STREAM_VALUE_MAX + 1];
    memset(buf, 'x', sizeof buf);
    size_t n = stream_name_encode(value, len, buf);
    cr_expect_eq(strnlen(buf, sizeof buf), n);
    return buf;
}

static bool matches(const char *pattern, const char *text)
{
    return glob_match(pattern, text, strlen(text));
}

Test(stream_name, names_of_real_streams_are_valid)
{
    cr_expect(valid("trade.SOL_USDC"));
    cr_expect(valid("btcusdt@aggTrade"));
    cr_expect(valid("injective.spot_orders.subaccount.0xeb8c"));
    cr_expect(valid("~#$%&'()+,-;<=>|^`!"));
    cr_expect(valid("a"));
}

Test(stream_name, each_forbidden_byte_makes_a_name_invalid)
{
    for (int c = 0; c < 256; c++) {
        char name[] = {'a', (char)c, 'b'};
        bool forbidden = c <= ' ' || c >= 127 || strchr("\"\\{}*?[]/", c);
        cr_expect_eq(stream_name_valid(name, sizeof name), !forbidden, "byte %d", c);
    }
}

Test(stream_name, a_name_has_one_to_two_hundred_bytes)
{
    char name[STREAM_NAME_MAX + 1];
    memset(name, 'a', sizeof name);
    cr_expect_not(stream_name_valid(name, 0));
    cr_expect(stream_name_valid(name, STREAM_NAME_MAX));
    cr_expect_not(stream_name_valid(name, STREAM_NAME_MAX + 1));
}

Test(stream_name, names_that_begin_with_an_underscore_are_our_own)
{
    cr_expect_not(valid("_directory"));
    cr_expect(valid("a_"));
}

Test(stream_name, plain_bytes_of_a_value_stay_and_all_others_are_percent_encoded)
{
    cr_expect_str_eq(encoded("aZ09._:@!-", 10), "aZ09._:@!-");
    cr_expect_str_eq(encoded("SOL/USDC", 8), "SOL%2FUSDC");
    cr_expect_str_eq(encoded("~ %*", 4), "%7E%20%25%2A");
    cr_expect_str_eq(encoded("\0\xff\xc3\xa9", 4), "%00%FF%C3%A9");
    cr_expect_str_eq(encoded("", 0), "");
}

Test(stream_name, an_encoded_value_is_always_valid_within_a_name)
{
    for (int c = 0; c < 256; c++) {
        char byte = (char)c, name[STREAM_VALUE_MAX + 8];
        snprintf(name, sizeof name, "x.%s", encoded(&byte, 1));
        cr_expect(valid(name), "byte %d: %s", c, name);
    }
}

Test(stream_name, a_value_longer_than_its_limit_becomes_its_hash)
{
    char value[STREAM_VALUE_MAX + 1];
    memset(value, 'a', sizeof value);
    cr_expect_eq(strlen(encoded(value, STREAM_VALUE_MAX)), (size_t)STREAM_VALUE_MAX);
    cr_expect_str_eq(encoded(value, STREAM_VALUE_MAX + 1),
                     "~e9615320128cc7a3d6078e9af05603188e5ccbf0d07d8b735d3df5e8e0c1281f");
    memset(value, '/', sizeof value);
    cr_expect_eq(strlen(encoded(value, 40)), 120u);
    cr_expect_str_eq(encoded(value, 41),
                     "~bb432be69e6fe66042488d3161e20c6404e398defd27456fc456009e88788064");
}

Test(stream_name, a_star_is_any_run_of_bytes_and_a_question_mark_any_one)
{
    cr_expect(matches("*", "") && matches("*", "abc") && matches("**", ""));
    cr_expect(matches("trade.*", "trade.SOL") && matches("trade.*", "trade."));
    cr_expect(matches("*.SOL", "trade.SOL") && matches("a*b*c", "a.b.b.c"));
    cr_expect(matches("a?c", "abc") && matches("", ""));
    cr_expect(matches("*aab", "aaaab") && matches("*a?b*", "xaabcaxby"));
}

Test(stream_name, what_a_pattern_does_not_cover_does_not_match)
{
    cr_expect_not(matches("", "a"));
    cr_expect_not(matches("a", "") || matches("a", "ab") || matches("ab", "a"));
    cr_expect_not(matches("a?c", "ac") || matches("?", ""));
    cr_expect_not(matches("trade.*", "trade") || matches("*.SOL", "trade.SOL2"));
    cr_expect_not(matches("a*b*c", "a.c.b"));
    cr_expect_not(matches("[ab]", "a"));
    cr_expect(matches("[ab]", "[ab]"));
}

Test(stream_name, the_text_of_a_pattern_may_hold_any_byte_and_stars_of_its_own)
{
    cr_expect(glob_match("a*", "a\0b", 3));
    cr_expect_not(glob_match("a", "a\0", 2));
    cr_expect(glob_match("\\*", "\\x", 2));
    cr_expect_not(glob_match("ab", "a*", 2));
}

Test(stream_name, a_pattern_of_many_stars_is_still_decided_at_once, .timeout = 10)
{
    char text[STREAM_NAME_MAX + 1], pattern[STREAM_NAME_MAX + 1] = "";
    memset(text, 'a', STREAM_NAME_MAX);
    for (int i = 0; i < 60; i++)
        strcat(pattern, "*a");
    strcat(pattern, "*b");
    cr_expect_not(glob_match(pattern, text, STREAM_NAME_MAX));
}
