/* nano_scalar.h - the values of a request as the node reads them: into a property tree, in which
 * every scalar is a text. true and "true" are the same, and so are 1 and "1".
 */
#ifndef GATEWAY_DIALECTS_NANO_SCALAR_H
#define GATEWAY_DIALECTS_NANO_SCALAR_H

#include <stdbool.h>

#include "common/json_span.h"

enum { NANO_SCALAR_MAX = 64 }; /* bytes, NUL included; a longer text is no name and no number */

/* The text of a scalar, with NUL behind; "" for what has none, or too long a one. */
void nano_scalar(struct json_value value, char buf[NANO_SCALAR_MAX]);

/* Is its text that one? */
bool nano_text_is(struct json_value value, const char *text);

/* A truth value; fallback where it can't be read as one. */
bool nano_bool(struct json_value value, bool fallback);

#endif
