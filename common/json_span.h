/* json_span.h - checks a JSON document and gives the byte spans of its parts.
 *
 *   json_check(text) --> root value --> json_member(), json_next() --> spans of the text
 *
 * It allocates nothing and changes nothing: a value is a borrowed span of the document, so that
 * numbers and ids stay text and are never rounded. json_check() is the only judge of validity
 * (RFC 8259, UTF-8 included); the accessors may only be given values of a document it accepted,
 * with the same flags.
 */
#ifndef COMMON_JSON_SPAN_H
#define COMMON_JSON_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum json_kind {
    JSON_NONE, /* no such member; also what the accessors give for a wrong kind of value */
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING, /* the span includes the quotes; escapes are as in the document */
    JSON_ARRAY,
    JSON_OBJECT,
};

struct json_value {
    const char *at; /* borrowed from the document */
    size_t len;     /* bytes; no white space around it */
    enum json_kind kind;
};

/* What some of the original servers accept beyond RFC 8259. */
enum json_flags {
    JSON_STRICT = 0,
    JSON_COMMENTS = 1,  /* C and C++ comments count as white space (Zilliqa's jsoncpp) */
    JSON_TRAILING = 2,  /* anything may follow the document (Zilliqa, Injective) */
    JSON_BOM = 4,       /* a UTF-8 byte order mark may precede it (Nano) */
    JSON_UNIQUE = 8,    /* an object with a repeated key is refused; see JSON_MAX_UNIQUE */
    JSON_LAST_KEY = 16, /* of repeated keys json_member() gives the last; otherwise the first */
};

enum { JSON_MAX_DEPTH = 256 }; /* arrays and objects within each other; deeper is refused */

/* Members that JSON_UNIQUE keeps in mind: those of an object so far and of the objects around it,
 * counted together. More are refused ("too many members"), so that the check takes a bounded time
 * for each key. Without JSON_UNIQUE there is no such limit. */
enum { JSON_MAX_UNIQUE = 256 };

struct json_error {
    size_t offset;      /* the byte at which the document stops being valid */
    const char *reason; /* static text, e.g. "expected value" */
};

/* 0 and the document's value in *root; -EBADMSG where it is not valid, with *error (may be NULL)
 * filled. */
int json_check(const char *text, size_t len, unsigned flags, struct json_value *root,
               struct json_error *error);

/* The value of the member with that key (compared after decoding escapes); kind JSON_NONE when
 * there is none or the value is no object. */
struct json_value json_member(struct json_value object, const char *key, unsigned flags);

/* Several members at once: one walk over a long document instead of one for each. Those that are
 * not there become JSON_NONE; of repeated keys the first counts. */
struct json_field {
    const char *key;
    struct json_value *value;
};
void json_members(struct json_value object, const struct json_field *fields, size_t n,
                  unsigned flags);

/* Walk an array (key stays JSON_NONE) or an object:
 *     struct json_iter it = json_iter(value, flags);
 *     while (json_next(&it)) use(it.key, it.value);
 * Any other kind of value has no elements. */
struct json_iter {
    struct json_value key, value;
    const char *at, *end;
    unsigned flags;
    bool object;
};
struct json_iter json_iter(struct json_value container, unsigned flags);
bool json_next(struct json_iter *it);

/* Decode a string into buf (no NUL is added); returns its length in UTF-8 bytes, -EINVAL when the
 * value is no string, -E2BIG when it needs more than cap bytes. */
int json_decode(struct json_value value, char *buf, size_t cap);

/* True when the value is a string equal to text after decoding escapes. */
bool json_string_is(struct json_value value, const char *text);

/* A string without escapes can be used in place: true, with the span between the quotes. */
bool json_string_plain(struct json_value value, const char **at, size_t *len);

/* Integers only (no fraction, no exponent): 0; -EINVAL when it is none, -ERANGE out of range. */
int json_int64(struct json_value value, int64_t *out);
int json_uint64(struct json_value value, uint64_t *out);

/* 1-based line and column of an offset, the column in bytes. */
void json_line_column(const char *text, size_t offset, size_t *line, size_t *column);

/* Append text as a JSON string, quotes included, with the escapes that RFC 8259 demands and no
 * others. Returns the bytes needed; nothing is written past cap. */
size_t json_quote(char *buf, size_t cap, const char *text, size_t len);

#endif
