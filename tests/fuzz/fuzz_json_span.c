/* fuzz_json_span.c - json_check() and the accessors against jansson: both accept the same texts and
 * read the same members, elements and strings in them. Known differences: jansson refuses numbers
 * that an int64 or a double cannot hold and zero characters in keys, and overlooks a zero byte
 * right behind a number; ours has limits of depth and of members that must be unique. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The two headers use some names alike: jansson's get another one here. */
#define JSON_OBJECT JANSSON_OBJECT
#define JSON_ARRAY JANSSON_ARRAY
#define JSON_STRING JANSSON_STRING
#define JSON_TRUE JANSSON_TRUE
#define JSON_FALSE JANSSON_FALSE
#define JSON_NULL JANSSON_NULL
#include <jansson.h>
#undef JSON_OBJECT
#undef JSON_ARRAY
#undef JSON_STRING
#undef JSON_TRUE
#undef JSON_FALSE
#undef JSON_NULL
#undef JSON_STRICT

#include "common/json_span.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

/* The string decodes to these bytes, in just enough room, and quoted they read the same. */
static void same_string(struct json_value ours, const char *text, size_t len)
{
    size_t most = 6 * len + 2;
    char *buf = malloc(len + 1), *quoted = malloc(most);
    struct json_value again = {0};

    must(buf && quoted && ours.kind == JSON_STRING);
    must(json_decode(ours, buf, len) == (int)len && memcmp(buf, text, len) == 0);
    must(len == 0 || json_decode(ours, buf, len - 1) < 0);
    must(strlen(text) != len || json_string_is(ours, text));
    size_t n = json_quote(quoted, most, text, len);
    must(n <= most && json_check(quoted, n, JSON_STRICT, &again, NULL) == 0);
    must(json_decode(again, buf, len) == (int)len && memcmp(buf, text, len) == 0);
    free(buf);
    free(quoted);
}

static void same_number(struct json_value ours, const json_t *theirs)
{
    char text[400];
    int64_t i = 0;

    must(ours.kind == JSON_NUMBER);
    int err = json_int64(ours, &i);
    if (json_is_integer(theirs)) {
        must(err == 0 && i == json_integer_value(theirs));
    } else {
        must(err < 0);
        snprintf(text, sizeof text, "%.*s", (int)ours.len, ours.at);
        must(ours.len >= sizeof text || strtod(text, NULL) == json_real_value(theirs));
    }
}

static void same(struct json_value ours, json_t *theirs);

static void same_array(struct json_value ours, json_t *theirs)
{
    struct json_iter it = json_iter(ours, JSON_STRICT);

    must(ours.kind == JSON_ARRAY);
    for (size_t i = 0; i < json_array_size(theirs); i++) {
        must(json_next(&it) && it.key.kind == JSON_NONE);
        same(it.value, json_array_get(theirs, i));
    }
    must(!json_next(&it));
}

/* jansson keeps the last of repeated keys, in the order of the first. */
static void same_object(struct json_value ours, json_t *theirs)
{
    struct json_iter it = json_iter(ours, JSON_STRICT);
    const char *key;
    json_t *value;
    size_t n = 0;

    must(ours.kind == JSON_OBJECT);
    json_object_foreach(theirs, key, value) same(json_member(ours, key, JSON_LAST_KEY), value);
    for (; json_next(&it); n++)
        must(it.key.kind == JSON_STRING);
    must(n >= json_object_size(theirs));
}

static void same(struct json_value ours, json_t *theirs)
{
    switch ((int)json_typeof(theirs)) {
    case JANSSON_OBJECT: same_object(ours, theirs); break;
    case JANSSON_ARRAY: same_array(ours, theirs); break;
    case JANSSON_STRING:
        same_string(ours, json_string_value(theirs), json_string_length(theirs));
        break;
    case JANSSON_TRUE: must(ours.kind == JSON_TRUE); break;
    case JANSSON_FALSE: must(ours.kind == JSON_FALSE); break;
    case JANSSON_NULL: must(ours.kind == JSON_NULL); break;
    default: same_number(ours, theirs); break;
    }
}

/* jansson accepts what ours refuses: is that known? */
static bool known_refusal(const char *text, size_t len, const struct json_error *error)
{
    return (error->offset < len && text[error->offset] == '\0') ||
           strcmp(error->reason, "nested too deeply") == 0 ||
           strcmp(error->reason, "too many members") == 0;
}

/* And the other way round. */
static bool known_acceptance(const json_error_t *error)
{
    enum json_error_code code = json_error_code(error);
    return code == json_error_numeric_overflow || code == json_error_null_byte_in_key;
}

static void against_jansson(const char *text, size_t len, unsigned flags)
{
    size_t their_flags = JSON_DECODE_ANY | JSON_ALLOW_NUL;
    struct json_error error = {0};
    json_error_t their_error;
    struct json_value ours;

    if (flags & JSON_UNIQUE)
        their_flags |= JSON_REJECT_DUPLICATES;
    bool ok = json_check(text, len, flags, &ours, &error) == 0;
    must(ok || (error.reason && error.offset <= len));
    json_t *theirs = json_loadb(text, len, their_flags, &their_error);
    if (ok && theirs)
        same(ours, theirs);
    else if (ok)
        must(known_acceptance(&their_error));
    else if (theirs)
        must(known_refusal(text, len, &error));
    json_decref(theirs);
}

/* Every part of a document can be walked, lies within what holds it and is JSON by itself. */
static void walk(struct json_value value, unsigned flags)
{
    struct json_value alone;
    struct json_iter it = json_iter(value, flags);

    must(json_check(value.at, value.len, flags & ~(unsigned)JSON_BOM, &alone, NULL) == 0);
    must(alone.len == value.len && alone.kind == value.kind);
    while (json_next(&it)) {
        must(it.value.at > value.at && it.value.at + it.value.len < value.at + value.len);
        if (it.key.kind == JSON_STRING)
            must(it.key.at + it.key.len < it.value.at);
        walk(it.value, flags);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const unsigned all = JSON_COMMENTS | JSON_TRAILING | JSON_BOM;
    const char *text = (const char *)data;
    struct json_value root;

    against_jansson(text, size, JSON_STRICT);
    against_jansson(text, size, JSON_UNIQUE);
    for (unsigned flags = 0; flags <= all; flags++)
        if (json_check(text, size, flags, &root, NULL) == 0)
            walk(root, flags);
    return 0;
}
