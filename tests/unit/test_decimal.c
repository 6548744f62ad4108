/* Decimal numbers: exact, or refused. */
#include "common/decimal.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct decimal number(const char *text)
{
    struct decimal d = {0};

    cr_assert_eq(decimal_read(text, strlen(text), &d), 0, "%s", text);
    return d;
}

static const char *text_of(const struct decimal *d)
{
    static char buf[DECIMAL_TEXT_MAX + 1];

    buf[decimal_write(d, buf)] = '\0';
    return buf;
}

static void expect_form(const char *text, const char *wanted)
{
    struct decimal d = number(text);

    cr_expect_str_eq(text_of(&d), wanted, "%s gave %s", text, text_of(&d));
}

Test(decimal, a_number_is_written_without_exponent_and_as_short_as_it_gets)
{
    expect_form("0", "0");
    expect_form("-0.000", "0");
    expect_form("24.500000000000000000", "24.5");
    expect_form("1200", "1200");
    expect_form("-1.10", "-1.1");
    expect_form("007.0", "7");
    expect_form("0.000000000000000001", "0.000000000000000001");
    expect_form("1e-7", "0.0000001");
    expect_form("1.5E+3", "1500");
    expect_form("12e0", "12");
    expect_form("0e999999999999", "0");
}

Test(decimal, what_floating_point_would_round_stays_as_it_is)
{
    expect_form("9007199254740993", "9007199254740993");
    expect_form("0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827");
    expect_form("123456789012345678.123456789012345678", "123456789012345678.123456789012345678");
}

Test(decimal, zeros_at_the_end_take_no_room)
{
    expect_form("1.000000000000000000000000000000000000000000000000000000000000", "1");
    expect_form("0000000000000000000000000000000000000000000000000000000000001", "1");
    expect_form("1000000000000000000000000000000000000000e-9", "1000000000000000000000000000000");
}

Test(decimal, what_is_no_number_is_refused)
{
    const char *bad[] = {"",   "-",  ".5", "5.",  "1.e5",  "e5",   "1e",    "1e+", "+1",
                         "1 ", " 1", "1x", "--1", "1.2.3", "0x10", "1e1.5", "NaN"};
    struct decimal d = {.digits = 7};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_eq(decimal_read(bad[i], strlen(bad[i]), &d), -EINVAL, "%s", bad[i]);
    cr_expect(d.digits == 7);
}

Test(decimal, what_has_too_many_digits_is_refused_and_not_rounded)
{
    const char *bad[] = {"1234567890123456789012345678901234567", /* 37 digits */
                         "1e36",
                         "1e-37",
                         "1e1000000",
                         "1e-1000000",
                         "0.1e-36",
                         "1000000000000000000000000000000000000.5"};
    struct decimal d = {.digits = 7};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_eq(decimal_read(bad[i], strlen(bad[i]), &d), -ERANGE, "%s", bad[i]);
    cr_expect(d.digits == 7);
    expect_form("999999999999999999999999999999999999", "999999999999999999999999999999999999");
    expect_form("1e-36", "0.000000000000000000000000000000000001");
    expect_form("-9.99999999999999999999999999999999999", "-9.99999999999999999999999999999999999");
}

Test(decimal, a_shift_moves_the_point)
{
    struct decimal d = number("142089900");

    cr_assert_eq(decimal_shift(&d, 6), 0);
    cr_expect_str_eq(text_of(&d), "142.0899");
    cr_assert_eq(decimal_shift(&d, 9), 0);
    cr_expect_str_eq(text_of(&d), "0.0000001420899");
    cr_expect_eq(decimal_shift(&d, 30), -ERANGE);
    cr_expect_str_eq(text_of(&d), "0.0000001420899");
    d = number("0");
    cr_assert_eq(decimal_shift(&d, 100), 0);
    cr_expect_str_eq(text_of(&d), "0");
}

Test(decimal, numbers_are_compared_by_their_value)
{
    const char *rising[] = {"-1e35", "-10",
                            "-9.99", "-0.000000000000000001",
                            "0",     "1e-36",
                            "1e-18", "0.09999999999999999999",
                            "0.1",   "1.000000000000000001",
                            "1.1",   "9",
                            "10",    "999999999999999999.999999999999999999",
                            "1e35"};

    for (size_t i = 0; i < sizeof rising / sizeof *rising; i++)
        for (size_t j = 0; j < sizeof rising / sizeof *rising; j++) {
            struct decimal a = number(rising[i]), b = number(rising[j]);
            int order = decimal_compare(&a, &b);
            cr_expect((order > 0) - (order < 0) == (i > j) - (i < j), "%s %s", rising[i],
                      rising[j]);
        }
}

static void expect_quotient(const char *a, const char *b, unsigned places, const char *wanted)
{
    struct decimal x = number(a), y = number(b), q;

    cr_assert_eq(decimal_divide(&x, &y, places, &q), 0, "%s / %s", a, b);
    cr_expect_str_eq(text_of(&q), wanted, "%s / %s gave %s", a, b, text_of(&q));
}

Test(decimal, a_quotient_is_exact_or_rounded_at_the_last_place)
{
    expect_quotient("250.078224", "1.76", 6, "142.0899");
    expect_quotient("1", "3", 6, "0.333333");
    expect_quotient("2", "3", 6, "0.666667");
    expect_quotient("-2", "3", 0, "-1");
    expect_quotient("1", "2", 0, "1");
    expect_quotient("0", "7", 6, "0");
    expect_quotient("7", "0.0000001", 2, "70000000");
    expect_quotient("0.123456789", "1", 4, "0.1235");
    expect_quotient("0.00000001", "1", 6, "0");
}

Test(decimal, a_quotient_that_does_not_fit_is_refused)
{
    struct decimal zero = number("0"), one = number("1"), large = number("1e35"),
                   small = number("1e-6"), q = number("7");

    cr_expect_eq(decimal_divide(&one, &zero, 6, &q), -ERANGE);
    cr_expect_eq(decimal_divide(&large, &small, 6, &q), -ERANGE);
    cr_expect_eq(decimal_divide(&small, &large, 0, &q), -ERANGE);
    cr_expect_str_eq(text_of(&q), "7");
}
