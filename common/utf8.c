/* utf8.c - see utf8.h. */
#include "common/utf8.h"

#include <stdint.h>
#include <string.h>

static bool continues(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* How many bytes the first one announces, and what the second may be: that range is what keeps out
 * overlong forms, surrogates and what lies above U+10FFFF. 0 where no sequence begins so. */
static size_t announced(unsigned char first, unsigned char *low, unsigned char *high)
{
    *low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    *high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (first < 0x80)
        return 1;
    if (first < 0xc2 || first > 0xf4)
        return 0;
    return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

size_t utf8_sequence(const char *text, size_t len)
{
    unsigned char low, high;

    if (len == 0)
        return 0;
    size_t n = announced((unsigned char)text[0], &low, &high);
    if (n < 2)
        return n;
    if (n > len || (unsigned char)text[1] < low || (unsigned char)text[1] > high)
        return 0;
    for (size_t i = 2; i < n; i++)
        if (!continues(text[i]))
            return 0;
    return n;
}

bool utf8_valid(const char *text, size_t len)
{
    const uint64_t outside_ascii = UINT64_C(0x8080808080808080);
    size_t i = 0;

    while (i < len) {
        uint64_t word;
        if (len - i >= sizeof word) { /* most text is ASCII: eight bytes at a time */
            memcpy(&word, text + i, sizeof word);
            if (!(word & outside_ascii)) {
                i += sizeof word;
                continue;
            }
        }
        size_t n = utf8_sequence(text + i, len - i);
        if (n == 0)
            return false;
        i += n;
    }
    return true;
}
