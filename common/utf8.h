/* utf8.h - is this text UTF-8 (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF)? */
#ifndef COMMON_UTF8_H
#define COMMON_UTF8_H

#include <stdbool.h>
#include <stddef.h>

bool utf8_valid(const char *text, size_t len);

/* The length in bytes of the valid sequence that begins at text, 0 where none does. */
size_t utf8_sequence(const char *text, size_t len);

#endif
