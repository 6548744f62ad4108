/* zilliqa_address.c - see zilliqa_address.h. */
#include "common/zilliqa_address.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAP = 4 };

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20; /* to lower case */
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool zilliqa_address_read(const char *hex, size_t len, struct zilliqa_address *out)
{
    if (len != ZILLIQA_ADDRESS_HEX)
        return false;
    for (size_t i = 0; i < ZILLIQA_ADDRESS_BYTES; i++) {
        int high = digit(hex[2 * i]), low = digit(hex[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out->bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

void zilliqa_address_write(const struct zilliqa_address *a, char hex[ZILLIQA_ADDRESS_HEX])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < ZILLIQA_ADDRESS_BYTES; i++) {
        hex[2 * i] = digits[a->bytes[i] >> 4];
        hex[2 * i + 1] = digits[a->bytes[i] & 15];
    }
}

/* The first place whose address is not before a. */
static uint32_t place_of(const struct zilliqa_addresses *set, const struct zilliqa_address *a)
{
    uint32_t low = 0, high = set->n;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (memcmp(&set->list[middle], a, sizeof *a) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_at(const struct zilliqa_addresses *set, uint32_t at, const struct zilliqa_address *a)
{
    return at < set->n && memcmp(&set->list[at], a, sizeof *a) == 0;
}

bool zilliqa_addresses_have(const struct zilliqa_addresses *set, const struct zilliqa_address *a)
{
    return is_at(set, place_of(set, a), a);
}

int zilliqa_addresses_add(struct zilliqa_addresses *set, const struct zilliqa_address *a)
{
    uint32_t at = place_of(set, a);

    if (is_at(set, at, a))
        return 0;
    if (set->n == set->cap) {
        uint32_t cap = set->cap ? set->cap * 2 : FIRST_CAP;
        struct zilliqa_address *bigger = realloc(set->list, cap * sizeof *bigger);
        if (!bigger)
            return -ENOMEM;
        set->list = bigger;
        set->cap = cap;
    }
    memmove(&set->list[at + 1], &set->list[at], (set->n - at) * sizeof *set->list);
    set->list[at] = *a;
    set->n++;
    return 0;
}

void zilliqa_addresses_free(struct zilliqa_addresses *set)
{
    free(set->list);
    *set = (struct zilliqa_addresses){0};
}
