/* A decimal number: what is read and written reads as the same, and a shift does not change its
 * order among others. */
#include "common/decimal.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void must(bool condition)
{
    if (!condition)
        abort();
}

static void must_be_same(const struct decimal *a, const struct decimal *b)
{
    must(a->digits == b->digits && a->scale == b->scale && a->negative == b->negative);
    must(decimal_compare(a, b) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data, *space = memchr(data, ' ', size);
    size_t len = space ? (size_t)(space - text) : size;
    struct decimal a, b, q, one = {.digits = 1};
    char buf[DECIMAL_TEXT_MAX];

    if (decimal_read(text, len, &a) < 0)
        return 0;
    size_t n = decimal_write(&a, buf);
    must(n > 0 && n <= sizeof buf);
    must(decimal_read(buf, n, &b) == 0);
    must_be_same(&a, &b);
    must(decimal_divide(&a, &one, DECIMAL_SCALE_MAX, &q) < 0 || decimal_compare(&a, &q) == 0);
    if (!space || decimal_read(space + 1, size - len - 1, &b) < 0)
        return 0;
    int order = decimal_compare(&a, &b);
    must(order == -decimal_compare(&b, &a));
    (void)!decimal_divide(&a, &b, 6, &q);
    if (decimal_shift(&a, 3) == 0 && decimal_shift(&b, 3) == 0)
        must(decimal_compare(&a, &b) == order);
    return 0;
}
