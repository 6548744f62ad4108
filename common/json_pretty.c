/* json_pretty.c - see json_pretty.h. */
#include "common/json_pretty.h"

#include <stdlib.h>

#include "common/json_scan.h"

struct writer {
    struct text *out;
    unsigned flags;
    enum json_pretty_style style;
};

struct entry {
    struct json_value key, value;
};

static void put(const struct writer *w, const char *text)
{
    text_add_bytes(w->out, text, strlen(text));
}

static void put_line(const struct writer *w, unsigned depth)
{
    const char *step = w->style == JSON_PRETTY_BOOST ? "    " : "\t";

    put(w, "\n");
    while (depth-- > 0)
        put(w, step);
}

/* ---- strings -------------------------------------------------------------------------------- */

/* How a byte of a string is written; NULL: as it is. */
static const char *escape_of(const struct writer *w, unsigned char c, char hex[8])
{
    static const char digits[] = "0123456789ABCDEF";

    switch (c) {
    case '"': return "\\\"";
    case '\\': return "\\\\";
    case '/': return w->style == JSON_PRETTY_BOOST ? "\\/" : NULL;
    case '\b': return "\\b";
    case '\f': return "\\f";
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    default: break;
    }
    if (c >= 0x20)
        return NULL;
    memcpy(hex, "\\u00", 4);
    hex[4] = digits[c >> 4];
    hex[5] = digits[c & 15];
    hex[6] = '\0';
    return hex;
}

static void put_string(const struct writer *w, struct json_value string)
{
    struct json_decoder d;
    char hex[8], run[256];
    size_t n = 0;

    if (!memchr(string.at, '\\', string.len) &&
        (w->style != JSON_PRETTY_BOOST || !memchr(string.at, '/', string.len))) {
        text_add_bytes(w->out, string.at, string.len); /* nothing to escape in it */
        return;
    }
    put(w, "\"");
    json_decoder_init(&d, string);
    for (int byte; (byte = json_decode_byte(&d)) >= 0;) {
        const char *escape = escape_of(w, (unsigned char)byte, hex);
        if (!escape)
            run[n++] = (char)byte;
        if (escape || n == sizeof run) {
            text_add_bytes(w->out, run, n);
            n = 0;
        }
        if (escape)
            put(w, escape);
    }
    text_add_bytes(w->out, run, n);
    put(w, "\"");
}

static void put_scalar(const struct writer *w, struct json_value value)
{
    const char *quote = w->style == JSON_PRETTY_BOOST ? "\"" : "";

    if (value.kind == JSON_STRING) {
        put_string(w, value);
        return;
    }
    put(w, quote);
    text_add_bytes(w->out, value.at, value.len);
    put(w, quote);
}

/* ---- arrays and objects --------------------------------------------------------------------- */

static void put_value(const struct writer *w, struct json_value value, unsigned depth);

static bool is_container(struct json_value value)
{
    return value.kind == JSON_ARRAY || value.kind == JSON_OBJECT;
}

static bool is_empty(const struct writer *w, struct json_value container)
{
    struct json_iter it = json_iter(container, w->flags);

    return !json_next(&it);
}

static void put_member(const struct writer *w, struct json_value value, unsigned depth)
{
    if (w->style == JSON_PRETTY_JSONCPP && is_container(value) && !is_empty(w, value))
        put_line(w, depth);
    put_value(w, value, depth);
}

/* One element or member, whose container is at that depth. */
static void put_entry(const struct writer *w, const struct entry *e, bool first, unsigned depth)
{
    put(w, first ? "" : ",");
    put_line(w, depth + 1);
    if (e->key.kind == JSON_NONE) {
        put_value(w, e->value, depth + 1);
        return;
    }
    put_string(w, e->key);
    put(w, w->style == JSON_PRETTY_BOOST ? ": " : " : ");
    put_member(w, e->value, depth + 1);
}

static void put_in_document_order(const struct writer *w, struct json_value value, unsigned depth)
{
    struct json_iter it = json_iter(value, w->flags);

    for (bool first = true; json_next(&it); first = false)
        put_entry(w, &(struct entry){it.key, it.value}, first, depth);
}

static int compare_keys(struct json_value a, struct json_value b)
{
    struct json_decoder x, y;
    int left, right;

    json_decoder_init(&x, a);
    json_decoder_init(&y, b);
    do {
        left = json_decode_byte(&x);
        right = json_decode_byte(&y);
    } while (left == right && left >= 0);
    return left - right; /* the end, -1, comes before every byte */
}

static int by_key(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = compare_keys(x->key, y->key);

    return order ? order : (x->key.at > y->key.at) - (x->key.at < y->key.at);
}

/* How many members it has; whether they are sorted as they stand, which is the usual case since a
 * server that writes with jsoncpp sends them so. */
static size_t count_members(const struct writer *w, struct json_value object, bool *sorted)
{
    struct json_iter it = json_iter(object, w->flags);
    struct json_value before = {0};
    size_t n = 0;

    for (*sorted = true; json_next(&it); n++) {
        if (n > 0 && compare_keys(before, it.key) >= 0)
            *sorted = false;
        before = it.key;
    }
    return n;
}

static void put_sorted(const struct writer *w, struct json_value object, unsigned depth)
{
    bool sorted;
    size_t n = count_members(w, object, &sorted), i = 0;

    if (sorted) {
        put_in_document_order(w, object, depth);
        return;
    }
    struct entry *entries = calloc(n, sizeof *entries);
    if (!entries) {
        w->out->failed = true;
        return;
    }
    for (struct json_iter it = json_iter(object, w->flags); json_next(&it); i++)
        entries[i] = (struct entry){it.key, it.value};
    qsort(entries, n, sizeof *entries, by_key);
    bool first = true;
    for (i = 0; i < n; i++) {
        if (i + 1 < n && compare_keys(entries[i].key, entries[i + 1].key) == 0)
            continue; /* the last of a repeated key counts */
        put_entry(w, &entries[i], first, depth);
        first = false;
    }
    free(entries);
}

/* A property tree knows no empty containers: below its root they are empty texts. */
static void put_empty(const struct writer *w, struct json_value value, unsigned depth)
{
    if (w->style == JSON_PRETTY_BOOST)
        put(w, depth > 0 ? "\"\"" : "{\n}");
    else
        put(w, value.kind == JSON_ARRAY ? "[]" : "{}");
}

static void put_value(const struct writer *w, struct json_value value, unsigned depth)
{
    if (!is_container(value)) {
        put_scalar(w, value);
        return;
    }
    if (is_empty(w, value)) {
        put_empty(w, value, depth);
        return;
    }
    put(w, value.kind == JSON_ARRAY ? "[" : "{");
    if (value.kind == JSON_OBJECT && w->style == JSON_PRETTY_JSONCPP)
        put_sorted(w, value, depth);
    else
        put_in_document_order(w, value, depth);
    put_line(w, depth);
    put(w, value.kind == JSON_ARRAY ? "]" : "}");
}

void json_pretty(struct text *out, struct json_value root, unsigned flags,
                 enum json_pretty_style style)
{
    json_pretty_at(out, root, flags, style, 0);
    if (style == JSON_PRETTY_BOOST)
        text_add_bytes(out, "\n", 1);
}

void json_pretty_at(struct text *out, struct json_value value, unsigned flags,
                    enum json_pretty_style style, unsigned depth)
{
    put_value(&(struct writer){out, flags, style}, value, depth);
}

void json_pretty_member(struct text *out, struct json_value value, unsigned flags,
                        enum json_pretty_style style, unsigned depth)
{
    put_member(&(struct writer){out, flags, style}, value, depth);
}

/* The closing quote of the string that begins at p. */
static const char *closing_quote(const char *p)
{
    for (p++; *p != '"'; p++)
        p += *p == '\\';
    return p;
}

void json_compact(struct text *out, struct json_value value, unsigned flags)
{
    const char *run = value.at, *p = run, *end = run + value.len;

    while (p < end) {
        if (*p == '"') {
            p = closing_quote(p) + 1;
        } else if (*p > ' ' && *p != '/') { /* most bytes: cannot begin anything blank */
            p++;
        } else {
            text_add_bytes(out, run, (size_t)(p - run));
            run = p = json_skip_blank(p, end, flags);
        }
    }
    text_add_bytes(out, run, (size_t)(p - run));
}
