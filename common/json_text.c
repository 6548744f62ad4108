/* json_text.c - what the strings and numbers of a document say, and how a string is written: see
 * json_span.h. */
#include <errno.h>
#include <limits.h>

#include "common/json_scan.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20; /* to lower case */
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int json_hex4(const char *p, const char *end)
{
    int value = 0;

    if (end - p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(p[i]);
        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

void json_decoder_init(struct json_decoder *d, struct json_value string)
{
    *d = (struct json_decoder){.at = string.at + 1, .end = string.at + string.len - 1};
}

/* Keep a character's UTF-8 bytes behind the first, which is returned. */
static int put_character(struct json_decoder *d, uint32_t c)
{
    if (c < 0x80)
        return (int)c;
    unsigned first_bits = 0xc0;
    uint32_t room = 0x20; /* what the first byte of two holds */
    do {
        d->pending[d->n_pending++] = (unsigned char)(0x80 | (c & 0x3f));
        c >>= 6;
        if (c < room)
            return (int)(first_bits | c);
        first_bits |= room;
        room >>= 1;
    } while (true);
}

/* d->at is at the 'u'. The document was checked: after a high surrogate comes the low one. */
static int decode_unicode(struct json_decoder *d)
{
    uint32_t c = (uint32_t)json_hex4(d->at + 1, d->end);

    d->at += 5;
    if (c >= 0xd800 && c <= 0xdfff) {
        uint32_t low = (uint32_t)json_hex4(d->at + 2, d->end);
        c = 0x10000 + ((c & 0x3ff) << 10 | (low & 0x3ff));
        d->at += 6;
    }
    return put_character(d, c);
}

int json_decode_byte(struct json_decoder *d)
{
    if (d->n_pending > 0)
        return d->pending[--d->n_pending];
    if (d->at == d->end)
        return -1;
    char c = *d->at++;
    if (c != '\\')
        return (unsigned char)c;
    if (*d->at == 'u')
        return decode_unicode(d);
    c = *d->at++;
    switch (c) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return c; /* '"', '\\' and '/' mean themselves */
    }
}

bool json_string_plain(struct json_value value, const char **at, size_t *len)
{
    if (value.kind != JSON_STRING || memchr(value.at, '\\', value.len))
        return false;
    *at = value.at + 1;
    *len = value.len - 2;
    return true;
}

bool json_string_same(struct json_value a, struct json_value b)
{
    struct json_decoder x, y;
    int byte;

    json_decoder_init(&x, a);
    json_decoder_init(&y, b);
    do {
        byte = json_decode_byte(&x);
        if (byte != json_decode_byte(&y))
            return false;
    } while (byte >= 0);
    return true;
}

bool json_string_is(struct json_value value, const char *text)
{
    const char *at;
    size_t len, text_len = strlen(text);

    if (value.kind != JSON_STRING || value.len < text_len + 2)
        return false; /* decoding never makes a string longer */
    if (json_string_plain(value, &at, &len))
        return len == text_len && memcmp(at, text, len) == 0;

    struct json_decoder d;
    json_decoder_init(&d, value);
    for (size_t i = 0; i < text_len; i++)
        if (json_decode_byte(&d) != (unsigned char)text[i])
            return false;
    return json_decode_byte(&d) < 0;
}

int json_decode(struct json_value value, char *buf, size_t cap)
{
    const char *at;
    size_t len = 0;

    if (value.kind != JSON_STRING)
        return -EINVAL;
    if (cap > INT_MAX)
        cap = INT_MAX;
    if (json_string_plain(value, &at, &len)) {
        if (len > cap)
            return -E2BIG;
        memcpy(buf, at, len);
        return (int)len;
    }

    struct json_decoder d;
    json_decoder_init(&d, value);
    for (int byte; (byte = json_decode_byte(&d)) >= 0;) {
        if (len == cap)
            return -E2BIG;
        buf[len++] = (char)byte;
    }
    return (int)len;
}

/* The digits of an integer, without its sign. */
static int magnitude(struct json_value value, bool *negative, uint64_t *out)
{
    uint64_t sum = 0;
    bool too_large = false;

    if (value.kind != JSON_NUMBER)
        return -EINVAL;
    *negative = value.at[0] == '-';
    for (size_t i = *negative; i < value.len; i++) {
        unsigned digit = (unsigned)(value.at[i] - '0');
        if (digit > 9)
            return -EINVAL; /* also behind too many digits: 1e30 and 0.1 are no integers here */
        too_large |= __builtin_mul_overflow(sum, 10u, &sum);
        too_large |= __builtin_add_overflow(sum, digit, &sum);
    }
    if (too_large)
        return -ERANGE;
    *out = sum;
    return 0;
}

int json_int64(struct json_value value, int64_t *out)
{
    uint64_t sum;
    bool negative;
    int err = magnitude(value, &negative, &sum);

    if (err < 0)
        return err;
    if (sum > (uint64_t)INT64_MAX + negative)
        return -ERANGE;
    *out = negative ? (int64_t)-sum : (int64_t)sum;
    return 0;
}

int json_uint64(struct json_value value, uint64_t *out)
{
    uint64_t sum;
    bool negative;
    int err = magnitude(value, &negative, &sum);

    if (err < 0)
        return err;
    if (negative && sum > 0)
        return -ERANGE;
    *out = sum;
    return 0;
}

/* The escape of a byte that must not stand in a string as it is; returns its length, 0 where the
 * byte may. */
static size_t escape_byte(unsigned char c, char out[6])
{
    static const char hex[] = "0123456789abcdef", control[] = "btn?fr"; /* 8, 9, 10, -, 12, 13 */

    if (c >= 0x20 && c != '"' && c != '\\')
        return 0;
    out[0] = '\\';
    out[1] = (char)c;
    if (c >= 0x20)
        return 2;
    if (c >= '\b' && c <= '\r' && c != '\v') {
        out[1] = control[c - '\b'];
        return 2;
    }
    memcpy(out + 1, "u00", 3);
    out[4] = hex[c >> 4];
    out[5] = hex[c & 15];
    return 6;
}

/* Copies what fits whole; counts in any case. */
static size_t append(char *buf, size_t cap, size_t used, const char *bytes, size_t n)
{
    if (n > 0 && used <= cap && n <= cap - used)
        memcpy(buf + used, bytes, n);
    return used + n;
}

size_t json_quote(char *buf, size_t cap, const char *text, size_t len)
{
    size_t used = append(buf, cap, 0, "\"", 1), run = 0;
    char escape[6];

    for (size_t i = 0; i < len; i++) {
        size_t n = escape_byte((unsigned char)text[i], escape);
        if (n == 0)
            continue;
        used = append(buf, cap, used, text + run, i - run);
        used = append(buf, cap, used, escape, n);
        run = i + 1;
    }
    used = append(buf, cap, used, text + run, len - run);
    return append(buf, cap, used, "\"", 1);
}
