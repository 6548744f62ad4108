/* grants.h - which streams somebody may subscribe to: patterns of names (* and ?). */
#ifndef GATEWAY_GRANTS_H
#define GATEWAY_GRANTS_H

#include <stdbool.h>
#include <stddef.h>

enum { GRANTS_MAX = 256, GRANTS_BYTES_MAX = 16384 };

struct grants {
    unsigned n;
    size_t len;  /* of text */
    char text[]; /* the patterns, a NUL behind each */
};

/* Patterns between blanks, commas or line ends. NULL with errno: ENOMEM; E2BIG over the limits.
 * No pattern at all allows nothing. */
struct grants *grants_new(const char *patterns, size_t len);
struct grants *grants_copy(const struct grants *g); /* NULL: out of memory */
void grants_free(struct grants **g);                /* NULL is fine */

bool grants_allow(const struct grants *g, const char *stream, size_t len);

#endif
