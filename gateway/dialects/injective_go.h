/* injective_go.h - how the server's JSON library, Go's encoding/json, puts things.
 *
 * Clients may look at the texts of errors, so they are worded as that library does it.
 */
#ifndef GATEWAY_DIALECTS_INJECTIVE_GO_H
#define GATEWAY_DIALECTS_INJECTIVE_GO_H

#include <stddef.h>

#include "common/json_span.h"
#include "common/text.h"

/* What is wrong with text that json_check() refused, e.g. "invalid character 'b' looking for
 * beginning of value", "unexpected EOF". fallback: where that library would accept it. */
void go_fault(struct text *out, const char *at, size_t len, const char *fallback);

/* The name of a kind of value: "string", "number", "array", "object", "bool". */
const char *go_kind(enum json_kind kind);

/* Append text as a JSON string with that library's escapes: also of <, > and &. */
void go_quote(struct text *out, const char *at, size_t len);

/* Append the JSON string's decoded bytes. */
void go_decode(struct text *out, struct json_value string);

#endif
