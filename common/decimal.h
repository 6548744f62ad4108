/* decimal.h - decimal numbers, exact: prices and sizes are never binary floating point.
 *
 *   decimal_read("142.0900") -> shift, compare, divide -> decimal_write() -> "142.09"
 *
 * A number has at most DECIMAL_DIGITS_MAX digits, of which at most DECIMAL_SCALE_MAX stand behind
 * the point. What does not fit is refused and never rounded; only a division rounds, since most
 * quotients have no end.
 */
#ifndef COMMON_DECIMAL_H
#define COMMON_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>

enum {
    DECIMAL_DIGITS_MAX = 36, /* 10^36 times 10 still fits into 128 bits */
    DECIMAL_SCALE_MAX = 36,
    DECIMAL_TEXT_MAX = 1 + DECIMAL_DIGITS_MAX + 2, /* sign, "0." or digits and a point */
};

/* digits / 10^scale. Every decimal is in its shortest form: digits do not end with 0 while scale is
 * above 0, and zero is not negative. So equal numbers have equal members. */
struct decimal {
    unsigned __int128 digits;
    unsigned scale;
    bool negative;
};

/* A number as JSON writes it, exponent included; leading zeros are no mistake. 0; -EINVAL: it is
 * none; -ERANGE: it has too many digits. On error *d is unchanged. */
int decimal_read(const char *text, size_t len, struct decimal *d);

/* Without exponent, as short as it gets, no NUL: "-0.5", "1200". Returns the length. */
size_t decimal_write(const struct decimal *d, char buf[DECIMAL_TEXT_MAX]);

/* Divide by 10^places: an integer with so many places behind the point becomes what it means.
 * 0; -ERANGE, and *d is unchanged. */
int decimal_shift(struct decimal *d, unsigned places);

/* Below, equal to or above 0, as a is below, equal to or above b. */
int decimal_compare(const struct decimal *a, const struct decimal *b);

/* a / b with at most so many places behind the point, rounded half away from zero. 0; -ERANGE: b
 * is zero, or it takes more digits than there are. */
int decimal_divide(const struct decimal *a, const struct decimal *b, unsigned places,
                   struct decimal *quotient);

static inline bool decimal_is_zero(const struct decimal *d)
{
    return d->digits == 0;
}

#endif
