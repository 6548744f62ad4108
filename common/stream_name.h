/* stream_name.h - what a stream may be called, and how a value becomes part of a name.
 *
 * A name is 1 to 200 bytes of printable ASCII without space, '"', '\', '{', '}', '*', '?', '[',
 * ']', '/'. Names that begin with '_' are Sluice's own: never published by a source, never served.
 */
#ifndef COMMON_STREAM_NAME_H
#define COMMON_STREAM_NAME_H

#include <stdbool.h>
#include <stddef.h>

enum {
    STREAM_NAME_MAX = 200,
    STREAM_PREFIX_MAX = 64,
    STREAM_VALUE_MAX = 120, /* an encoded value longer than this is replaced by its hash */
};

/* A name as clients may ask for it and sources may publish it (so no leading '_'). */
bool stream_name_valid(const char *name, size_t len);

/* What may stand before names in Redis: at most STREAM_PREFIX_MAX bytes of printable ASCII without
 * space, quotes, backslash and {}*?[] . Empty is valid. */
bool stream_prefix_valid(const char *prefix);
#define STREAM_PREFIX_RULE                                                                         \
    "at most 64 bytes of printable ASCII without space, quotes, \\ and {}*?[]"

/* Encode a value (symbol, account, market) for use in a name: bytes outside
 * [A-Za-z0-9._:@!-] become %XX (upper-case hex); if that takes more than STREAM_VALUE_MAX bytes
 * the result is '~' and the SHA-256 of the value in lower-case hex. buf has STREAM_VALUE_MAX + 1
 * bytes and ends with NUL; returns the length. Publisher and gateway both call this. */
size_t stream_name_encode(const char *value, size_t len, char buf[STREAM_VALUE_MAX + 1]);

/* Does the text match the pattern? '*' is any run of bytes, '?' any one byte, all else itself.
 * At most len times strlen(pattern) steps, whatever the pattern. */
bool glob_match(const char *pattern, const char *text, size_t len);

#endif
