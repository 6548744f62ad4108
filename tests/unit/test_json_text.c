/* test_json_text.c - what strings and numbers say, and how text is quoted. */
#include <errno.h>

#include "tests/unit/json_document.h"

TestSuite(json_text, .fini = tear_down);

Test(json_text, a_string_is_decoded_with_every_kind_of_escape)
{
    static const char expected[] = "\"\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\0.";
    char buf[64];
    struct json_value value =
        parse("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20AC\\uD83D\\uDE00\\u0000.\"", 0);

    int len = json_decode(value, buf, sizeof buf);
    cr_assert_eq(len, (int)sizeof expected - 1);
    cr_expect_eq(memcmp(buf, expected, sizeof expected - 1), 0);
}

Test(json_text, escapes_at_the_borders_of_the_utf8_lengths_give_the_right_bytes)
{
    cr_expect(json_string_is(parse("\"\\u007f\\u0080\"", 0), "\x7f\xc2\x80"));
    cr_expect(json_string_is(parse("\"\\u07ff\\u0800\"", 0), "\xdf\xbf\xe0\xa0\x80"));
    cr_expect(json_string_is(parse("\"\\ud7ff\\ue000\"", 0), "\xed\x9f\xbf\xee\x80\x80"));
    cr_expect(json_string_is(parse("\"\\uffff\"", 0), "\xef\xbf\xbf"));
    cr_expect(json_string_is(parse("\"\\ud800\\udc00\"", 0), "\xf0\x90\x80\x80"));
    cr_expect(json_string_is(parse("\"\\udbff\\udfff\"", 0), "\xf4\x8f\xbf\xbf"));
}

Test(json_text, a_string_that_does_not_fit_is_told_and_one_that_just_fits_is_not)
{
    char buf[4];

    cr_expect_eq(json_decode(parse("\"abcd\"", 0), buf, 4), 4);
    cr_expect_eq(json_decode(parse("\"abcd\"", 0), buf, 3), -E2BIG);
    cr_expect_eq(json_decode(parse("\"\\ud83d\\ude00\"", 0), buf, 4), 4);
    cr_expect_eq(json_decode(parse("\"\\ud83d\\ude00\"", 0), buf, 3), -E2BIG);
    cr_expect_eq(json_decode(parse("\"\"", 0), buf, 0), 0);
    cr_expect_eq(json_decode(parse("12", 0), buf, 4), -EINVAL);
    cr_expect_eq(json_decode((struct json_value){0}, buf, 4), -EINVAL);
}

Test(json_text, a_string_is_equal_only_to_the_whole_of_what_it_says)
{
    cr_expect(json_string_is(parse("\"subscribe\"", 0), "subscribe"));
    cr_expect(json_string_is(parse("\"sub\\u0073cribe\"", 0), "subscribe"));
    cr_expect(json_string_is(parse("\"\"", 0), ""));
    cr_expect_not(json_string_is(parse("\"subscribed\"", 0), "subscribe"));
    cr_expect_not(json_string_is(parse("\"subscrib\"", 0), "subscribe"));
    cr_expect_not(json_string_is(parse("\"sub\\u0073cribed\"", 0), "subscribe"));
    cr_expect_not(json_string_is(parse("\"\\u0073ub\"", 0), "subscribe"));
    cr_expect_not(json_string_is(parse("\"a\\u0000\"", 0), "a"));
    cr_expect_not(json_string_is(parse("12", 0), "12"));
}

Test(json_text, a_string_without_escapes_can_be_used_in_place)
{
    const char *at = NULL;
    size_t len = 7;

    cr_assert(json_string_plain(parse("\"d\xc3\xa9j\xc3\xa0\"", 0), &at, &len));
    cr_expect_eq(len, 6u);
    cr_expect_eq(at, document + 1);
    cr_assert(json_string_plain(parse("\"\"", 0), &at, &len));
    cr_expect_eq(len, 0u);
    cr_expect_not(json_string_plain(parse("\"a\\/b\"", 0), &at, &len));
    cr_expect_not(json_string_plain(parse("[]", 0), &at, &len));
}

struct number {
    const char *text;
    int err_signed, err_unsigned;
    int64_t i;
    uint64_t u;
};

Test(json_text, integers_are_read_exactly_or_not_at_all)
{
    static const struct number numbers[] = {
        {"0", 0, 0, 0, 0},
        {"-0", 0, 0, 0, 0},
        {"17", 0, 0, 17, 17},
        {"-5", 0, -ERANGE, -5, 99},
        {"9007199254740993", 0, 0, 9007199254740993, 9007199254740993},
        {"9223372036854775807", 0, 0, INT64_MAX, INT64_MAX},
        {"9223372036854775808", -ERANGE, 0, 99, UINT64_C(9223372036854775808)},
        {"-9223372036854775808", 0, -ERANGE, INT64_MIN, 99},
        {"-9223372036854775809", -ERANGE, -ERANGE, 99, 99},
        {"18446744073709551615", -ERANGE, 0, 99, UINT64_MAX},
        {"18446744073709551616", -ERANGE, -ERANGE, 99, 99},
        {"99999999999999999999999", -ERANGE, -ERANGE, 99, 99},
        {"7.0", -EINVAL, -EINVAL, 99, 99},
        {"1e3", -EINVAL, -EINVAL, 99, 99},
        {"99999999999999999999999.5", -EINVAL, -EINVAL, 99, 99},
        {"\"5\"", -EINVAL, -EINVAL, 99, 99},
        {"true", -EINVAL, -EINVAL, 99, 99},
    };
    for (size_t n = 0; n < COUNT(numbers); n++) {
        const struct number *x = &numbers[n];
        struct json_value value = parse(x->text, 0);
        int64_t i = 99;
        uint64_t u = 99;
        cr_expect_eq(json_int64(value, &i), x->err_signed, "%s", x->text);
        cr_expect_eq(json_uint64(value, &u), x->err_unsigned, "%s", x->text);
        cr_expect_eq(i, x->i, "%s", x->text);
        cr_expect_eq(u, x->u, "%s", x->text);
    }
}

Test(json_text, text_is_quoted_with_the_escapes_that_are_demanded_and_no_others)
{
    static const char text[] = "a\"\\/\b\t\n\v\f\r\x01\x1f\x7f\0d\xc3\xa9";
    static const char expected[] =
        "\"a\\\"\\\\/\\b\\t\\n\\u000b\\f\\r\\u0001\\u001f\x7f\\u0000d\xc3\xa9\"";
    char buf[80];

    cr_assert_eq(json_quote(buf, sizeof buf, text, sizeof text - 1), sizeof expected - 1);
    cr_expect_eq(memcmp(buf, expected, sizeof expected - 1), 0);
    cr_expect_eq(json_quote(buf, sizeof buf, "", 0), 2u);
    cr_expect_eq(memcmp(buf, "\"\"", 2), 0);
}

Test(json_text, quoting_tells_the_bytes_needed_and_writes_none_past_the_end)
{
    static const char expected[] = "\"ab\\u0001cd\\n\"";
    size_t need = sizeof expected - 1;

    for (size_t cap = 0; cap <= need; cap++) {
        char *buf = malloc(cap + 1);
        cr_assert_not_null(buf);
        buf[cap] = '#';
        cr_expect_eq(json_quote(buf, cap,
                                "ab\x01"
                                "cd\n",
                                6),
                     need, "%zu", cap);
        cr_expect_eq(buf[cap], '#', "%zu", cap);
        if (cap == need)
            cr_expect_eq(memcmp(buf, expected, need), 0);
        free(buf);
    }
    cr_expect_eq(json_quote(NULL, 0, "abc", 3), 5u);
}
