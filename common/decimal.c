/* decimal.c - see decimal.h. */
#include "common/decimal.h"

#include <errno.h>
#include <stdint.h>

typedef unsigned __int128 digits_t;

_Static_assert(DECIMAL_DIGITS_MAX == 36, "E18 times E18");
enum { EXPONENT_MOST = 1000 }; /* of a number in text: beyond it nothing but zero fits */

#define E18 UINT64_C(1000000000000000000)

/* 10^n, n at most DECIMAL_DIGITS_MAX. */
static digits_t power(unsigned n)
{
    digits_t p = n >= 18 ? E18 : 1;

    for (n = n >= 18 ? n - 18 : n; n > 0; n--)
        p *= 10;
    return p;
}

/* Multiply by 10 and add. False: too many digits. */
static bool append(digits_t *digits, unsigned digit)
{
    if (*digits >= (digits_t)E18 * (E18 / 10)) /* there are DECIMAL_DIGITS_MAX already */
        return false;
    *digits = *digits * 10 + digit;
    return true;
}

/* The shortest form of digits / 10^scale, where scale may be anything. */
static int make(struct decimal *d, bool negative, digits_t digits, long scale)
{
    if (digits == 0)
        scale = 0;
    for (; scale > 0 && digits % 10 == 0; scale--)
        digits /= 10;
    for (; scale < 0; scale++)
        if (!append(&digits, 0))
            return -ERANGE;
    if (scale > DECIMAL_SCALE_MAX)
        return -ERANGE;
    *d = (struct decimal){digits, (unsigned)scale, negative && digits != 0};
    return 0;
}

/* ---- text ------------------------------------------------------------------------------------ */

/* What is read of a number: the zeros that end it are held back, since they may be all too many. */
struct mantissa {
    digits_t digits;
    long scale, zeros;
    size_t n; /* digits seen */
    bool too_long;
};

static const char *read_digits(const char *p, const char *end, struct mantissa *m, bool fraction)
{
    for (; p < end && *p >= '0' && *p <= '9'; p++) {
        m->n++;
        m->zeros++;
        m->scale += fraction;
        if (*p == '0')
            continue;
        for (; m->digits > 0 && m->zeros > 1; m->zeros--)
            m->too_long |= !append(&m->digits, 0);
        m->too_long |= !append(&m->digits, (unsigned)(*p - '0'));
        m->zeros = 0;
    }
    return p;
}

/* "e-7": NULL when it is none. */
static const char *read_exponent(const char *p, const char *end, long *exponent)
{
    bool negative = p < end && *p == '-';
    const char *first = p += p < end && (*p == '-' || *p == '+');

    *exponent = 0;
    for (; p < end && *p >= '0' && *p <= '9'; p++)
        if (*exponent < EXPONENT_MOST)
            *exponent = *exponent * 10 + (*p - '0');
    if (negative)
        *exponent = -*exponent;
    return p > first ? p : NULL;
}

int decimal_read(const char *text, size_t len, struct decimal *d)
{
    const char *p = text, *end = text + len;
    struct mantissa m = {0};
    bool negative = p < end && *p == '-';
    long exponent = 0;

    p = read_digits(p + negative, end, &m, false);
    size_t whole = m.n;
    if (whole > 0 && p < end && *p == '.') {
        p = read_digits(p + 1, end, &m, true);
        if (m.n == whole)
            return -EINVAL;
    }
    if (p && p < end && (*p == 'e' || *p == 'E'))
        p = read_exponent(p + 1, end, &exponent);
    if (whole == 0 || p != end)
        return -EINVAL;
    if (m.too_long)
        return -ERANGE;
    return make(d, negative, m.digits, m.scale - m.zeros - exponent);
}

size_t decimal_write(const struct decimal *d, char buf[DECIMAL_TEXT_MAX])
{
    char back[DECIMAL_TEXT_MAX]; /* last digit first */
    digits_t digits = d->digits;
    size_t n = 0;

    for (unsigned written = 0; digits > 0 || written <= d->scale; written++) {
        if (written == d->scale && d->scale > 0)
            back[n++] = '.';
        bool small = digits <= UINT64_MAX; /* nearly always, and then much quicker */
        back[n++] = (char)('0' + (int)(small ? (uint64_t)digits % 10 : digits % 10));
        digits = small ? (uint64_t)digits / 10 : digits / 10;
    }
    if (d->negative)
        back[n++] = '-';
    for (size_t i = 0; i < n; i++)
        buf[i] = back[n - 1 - i];
    return n;
}

/* ---- arithmetic ------------------------------------------------------------------------------ */

int decimal_shift(struct decimal *d, unsigned places)
{
    return make(d, d->negative, d->digits, (long)d->scale + (long)places);
}

static int compare(digits_t a, digits_t b)
{
    return (a > b) - (a < b);
}

/* Whole parts first, so that nothing has to be made longer than it can be. */
static int compare_size(const struct decimal *a, const struct decimal *b)
{
    digits_t a_one = power(a->scale), b_one = power(b->scale);
    int order = compare(a->digits / a_one, b->digits / b_one);

    if (order || a->scale == b->scale)
        return order ? order : compare(a->digits, b->digits);
    return compare(a->digits % a_one * power(DECIMAL_SCALE_MAX - a->scale),
                   b->digits % b_one * power(DECIMAL_SCALE_MAX - b->scale));
}

int decimal_compare(const struct decimal *a, const struct decimal *b)
{
    if (a->negative != b->negative)
        return a->negative ? -1 : 1;
    return a->negative ? compare_size(b, a) : compare_size(a, b);
}

/* Long division, one digit of the quotient after the other. With fewer places than the operands
 * have, the divisor grows instead. */
int decimal_divide(const struct decimal *a, const struct decimal *b, unsigned places,
                   struct decimal *quotient)
{
    digits_t divisor = b->digits;
    long more = (long)places + (long)b->scale - (long)a->scale;

    if (divisor == 0)
        return -ERANGE;
    for (; more < 0; more++)
        if (!append(&divisor, 0))
            return -ERANGE;
    digits_t whole = a->digits / divisor, rest = a->digits % divisor;
    for (; more > 0; more--) {
        rest *= 10;
        if (!append(&whole, (unsigned)(rest / divisor)))
            return -ERANGE;
        rest %= divisor;
    }
    if (rest >= divisor - rest)
        whole++;
    return make(quotient, a->negative != b->negative, whole, (long)places);
}
