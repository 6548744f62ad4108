/* json_scan.h - what the json_*.c files share to go through text; private to them.
 *
 *   json_check.c   is the document valid?     (trusts nothing)
 *   json_span.c    where are its parts?       (trusts what json_check() accepted)
 *   json_text.c    what do they say?          (likewise)
 */
#ifndef COMMON_JSON_SCAN_H
#define COMMON_JSON_SCAN_H

#include <endian.h>
#include <string.h>

#include "common/json_span.h"

/* What kind of value the byte begins; JSON_NONE where it begins none. */
extern const unsigned char json_first_byte[256];

static inline enum json_kind json_kind_at(const char *p, const char *end)
{
    return p < end ? (enum json_kind)json_first_byte[(unsigned char)*p] : JSON_NONE;
}

/* The end of the white space that begins at p, with JSON_COMMENTS of comments too. A '/' that
 * begins no complete comment is not white space, so that whoever reads on there refuses it. */
const char *json_blank_end(const char *p, const char *end, unsigned flags);

/* The same, quick where there is none: documents on the wire are mostly compact. */
static inline const char *json_skip_blank(const char *p, const char *end, unsigned flags)
{
    if (p < end && (unsigned char)*p > ' ' && *p != '/')
        return p;
    return json_blank_end(p, end, flags);
}

/* Eight bytes of text at once, the first in the lowest bits. A mark is the top bit of a byte. Only
 * the lowest mark is exact: above it the subtractions borrow, which may mark too much. */
#define JSON_EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

static inline uint64_t json_load8(const char *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return le64toh(word);
}

static inline const char *json_first_mark(const char *p, uint64_t marks)
{
    return p + (__builtin_ctzll(marks) >> 3);
}

/* The value of four hexadecimal digits at p, -1 where they are none. */
int json_hex4(const char *p, const char *end);

/* Gives the decoded bytes of a string one by one: what stands in the document or what its escapes
 * mean, in UTF-8. */
struct json_decoder {
    const char *at, *end;     /* between the quotes */
    unsigned char pending[4]; /* the rest of an escape's character, last byte first */
    unsigned n_pending;
};

void json_decoder_init(struct json_decoder *d, struct json_value string);

/* The next byte; -1 at the end. */
int json_decode_byte(struct json_decoder *d);

/* Do two strings say the same after decoding escapes? */
bool json_string_same(struct json_value a, struct json_value b);

#endif
