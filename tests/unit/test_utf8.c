/* test_utf8.c - what counts as UTF-8, at each of the borders that RFC 3629 draws. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "common/utf8.h"

static const char *const sequences[] = {
    "a",
    "\x7f",
    "\xc2\x80",
    "\xdf\xbf",
    "\xe0\xa0\x80",
    "\xe1\x80\x80",
    "\xed\x9f\xbf", /* U+D7FF, before the surrogates */
    "\xee\x80\x80", /* U+E000, behind them */
    "\xef\xbf\xbf",
    "\xf0\x90\x80\x80",
    "\xf3\xbf\xbf\xbf",
    "\xf4\x8f\xbf\xbf", /* U+10FFFF */
};

static const char *const broken[] = {
    "\x80",             /* a continuation alone */
    "\xc0\x80",         /* overlong */
    "\xc1\xbf",         /* overlong */
    "\xe0\x9f\xbf",     /* overlong */
    "\xf0\x8f\xbf\xbf", /* overlong */
    "\xed\xa0\x80",     /* U+D800 */
    "\xed\xbf\xbf",     /* U+DFFF */
    "\xf4\x90\x80\x80", /* U+110000 */
    "\xf5\x80\x80\x80", /* above every character */
    "\xff",
    "\xc3(",
    "\xe2\x82(",
    "\xe2(\xac",
    "\xf0\x9f\x98(",
    "\xf0\x9f(\x80",
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* The text in memory of exactly its size, so that a look past its end is seen by the sanitizer. */
static bool valid_alone(const char *text, size_t len)
{
    char *copy = malloc(len + (len == 0));
    cr_assert_not_null(copy);
    memcpy(copy, text, len);
    bool valid = utf8_valid(copy, len);
    free(copy);
    return valid;
}

Test(utf8, the_first_and_last_character_of_each_length_is_valid)
{
    for (size_t i = 0; i < COUNT(sequences); i++) {
        size_t len = strlen(sequences[i]);
        cr_expect_eq(utf8_sequence(sequences[i], len), len, "sequence %zu", i);
        cr_expect(valid_alone(sequences[i], len), "sequence %zu", i);
    }
}

Test(utf8, a_sequence_ends_where_it_ends_whatever_follows)
{
    cr_expect_eq(utf8_sequence("\xc3\xa9\xff", 3), 2u);
    cr_expect_eq(utf8_sequence("a\xff", 2), 1u);
}

Test(utf8, overlong_forms_surrogates_and_stray_bytes_are_refused)
{
    for (size_t i = 0; i < COUNT(broken); i++) {
        cr_expect_eq(utf8_sequence(broken[i], strlen(broken[i])), 0u, "broken %zu", i);
        cr_expect_not(valid_alone(broken[i], strlen(broken[i])), "broken %zu", i);
    }
}

Test(utf8, a_sequence_that_is_cut_short_is_refused)
{
    for (size_t i = 0; i < COUNT(sequences); i++)
        for (size_t len = 1; len < strlen(sequences[i]); len++)
            cr_expect_not(valid_alone(sequences[i], len), "sequence %zu cut to %zu", i, len);
}

Test(utf8, nothing_at_all_is_valid_text_but_no_sequence)
{
    cr_expect(valid_alone("", 0));
    cr_expect_eq(utf8_sequence("", 0), 0u);
}

Test(utf8, a_zero_byte_is_a_character_like_any_other)
{
    cr_expect(valid_alone("a\0b", 3));
    cr_expect_eq(utf8_sequence("\0", 1), 1u);
}

Test(utf8, a_broken_byte_is_found_wherever_it_stands)
{
    char text[40];

    for (size_t at = 0; at < sizeof text; at++) {
        memset(text, 'x', sizeof text);
        cr_assert(valid_alone(text, sizeof text));
        text[at] = (char)0xff;
        cr_expect_not(valid_alone(text, sizeof text), "at %zu", at);
        cr_expect(valid_alone(text, at), "before %zu", at);
    }
}

Test(utf8, a_long_character_is_followed_across_every_word_border)
{
    char text[40];

    for (size_t at = 0; at + 4 <= sizeof text; at++) {
        memset(text, 'x', sizeof text);
        memcpy(text + at, "\xf0\x9f\x98\x80", 4);
        cr_expect(valid_alone(text, sizeof text), "at %zu", at);
    }
}
