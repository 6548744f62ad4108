/* json_document.h - one JSON document at a time for the tests of common/json_*.c, in memory of
 * exactly its size, so that the sanitizer sees a look past its end. */
#ifndef TESTS_UNIT_JSON_DOCUMENT_H
#define TESTS_UNIT_JSON_DOCUMENT_H

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "common/json_span.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static char *document;          /* of the last json_check(); values are borrowed from it */
static struct json_error error; /* of the last one that was refused */

static inline void tear_down(void)
{
    free(document);
}

static inline int check_bytes(const char *text, size_t len, unsigned flags, struct json_value *root)
{
    free(document);
    document = malloc(len + (len == 0));
    cr_assert_not_null(document);
    memcpy(document, text, len);
    return json_check(document, len, flags, root, &error);
}

/* The document's value; the test ends where it has none. */
static inline struct json_value parse(const char *text, unsigned flags)
{
    struct json_value root = {0};
    cr_assert_eq(check_bytes(text, strlen(text), flags, &root), 0, "%s: %s at %zu", text,
                 error.reason, error.offset);
    return root;
}

static inline void expect_text(struct json_value value, enum json_kind kind, const char *text)
{
    cr_expect_eq(value.kind, kind, "%s", text);
    cr_expect_eq(value.len, strlen(text), "%s is %zu bytes", text, value.len);
    if (value.len == strlen(text))
        cr_expect_eq(memcmp(value.at, text, value.len), 0, "%s", text);
}

#endif
