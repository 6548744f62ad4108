/* injective_go.c - see injective_go.h. */
#include "gateway/dialects/injective_go.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = JSON_MAX_DEPTH + 1 };

/* A step takes the place at which its part begins and gives the place behind it, or NULL once it
 * has said what is wrong. */
struct scan {
    const char *end;
    unsigned depth;
    struct text *out;
};

static const char *scan_value(struct scan *s, const char *p);

/* ---- what is wrong --------------------------------------------------------------------------- */

/* A byte as that library quotes it: as the character of that number, whatever it was part of. */
static void add_character(struct text *out, unsigned char c)
{
    static const char named[] = "abtnvfr"; /* 7 to 13 */

    if (c == '\'')
        text_add(out, "'\\''");
    else if (c == '\\')
        text_add(out, "'\\\\'");
    else if (c >= 7 && c <= 13)
        text_add(out, "'\\%c'", named[c - 7]);
    else if (c < 0x20 || c == 0x7f)
        text_add(out, "'\\x%02x'", c);
    else if (c < 0x7f)
        text_add(out, "'%c'", c);
    else if (c <= 0xa0 || c == 0xad)
        text_add(out, "'\\u%04x'", c);
    else
        text_add(out, "'%c%c'", 0xc0 | c >> 6, 0x80 | (c & 0x3f));
}

static const char *fail(struct scan *s, const char *p, const char *where)
{
    if (p == s->end) {
        text_add(s->out, "unexpected EOF");
    } else {
        text_add(s->out, "invalid character ");
        add_character(s->out, (unsigned char)*p);
        text_add(s->out, " %s", where);
    }
    return NULL;
}

/* ---- scalars --------------------------------------------------------------------------------- */

static const char *skip_blank(const struct scan *s, const char *p)
{
    while (p < s->end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'))
        p++;
    return p;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* p is behind the backslash. */
static const char *scan_escape(struct scan *s, const char *p)
{
    if (p == s->end || !memchr("\"\\/bfnrtu", *p, 9))
        return fail(s, p, "in string escape code");
    if (*p++ != 'u')
        return p;
    for (int i = 0; i < 4; i++, p++)
        if (p == s->end || !is_hex(*p))
            return fail(s, p, "in \\u hexadecimal character escape");
    return p;
}

/* p is behind the opening quote. */
static const char *scan_string(struct scan *s, const char *p)
{
    while (p && p < s->end && *p != '"') {
        if ((unsigned char)*p < 0x20)
            return fail(s, p, "in string literal");
        p = *p == '\\' ? scan_escape(s, p + 1) : p + 1;
    }
    if (!p)
        return NULL;
    return p < s->end ? p + 1 : fail(s, p, "");
}

static const char *scan_digits(struct scan *s, const char *p, const char *where)
{
    const char *begin = p;

    while (p < s->end && *p >= '0' && *p <= '9')
        p++;
    return p > begin ? p : fail(s, p, where);
}

static const char *scan_number(struct scan *s, const char *p)
{
    if (*p == '-')
        p++;
    p = p < s->end && *p == '0' ? p + 1 : scan_digits(s, p, "in numeric literal");
    if (p && p < s->end && *p == '.')
        p = scan_digits(s, p + 1, "after decimal point in numeric literal");
    if (p && p < s->end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < s->end && (*p == '+' || *p == '-'))
            p++;
        p = scan_digits(s, p, "in exponent of numeric literal");
    }
    return p;
}

static const char *scan_literal(struct scan *s, const char *p, const char *literal)
{
    char where[48];

    for (const char *wanted = literal; *wanted; wanted++, p++) {
        if (p < s->end && *p == *wanted)
            continue;
        snprintf(where, sizeof where, "in literal %s (expecting '%c')", literal, *wanted);
        return fail(s, p, where);
    }
    return p;
}

/* ---- containers ------------------------------------------------------------------------------ */

static const char *scan_key(struct scan *s, const char *p)
{
    if (p == s->end || *p != '"')
        return fail(s, p, "looking for beginning of object key string");
    p = scan_string(s, p + 1);
    if (!p)
        return NULL;
    p = skip_blank(s, p);
    return p < s->end && *p == ':' ? p + 1 : fail(s, p, "after object key");
}

/* p is behind the bracket. */
static const char *scan_members(struct scan *s, const char *p, char closer)
{
    p = skip_blank(s, p);
    if (p < s->end && *p == closer)
        return p + 1;
    for (;;) {
        if (closer == '}' && !(p = scan_key(s, skip_blank(s, p))))
            return NULL;
        if (!(p = scan_value(s, p)))
            return NULL;
        p = skip_blank(s, p);
        if (p < s->end && *p == closer)
            return p + 1;
        if (p == s->end || *p != ',')
            return fail(s, p,
                        closer == '}' ? "after object key:value pair" : "after array element");
        p++;
    }
}

static const char *scan_container(struct scan *s, const char *p, char closer)
{
    if (++s->depth == DEPTH_MAX) {
        text_add(s->out, "exceeded max depth");
        return NULL;
    }
    p = scan_members(s, p, closer);
    s->depth--;
    return p;
}

static const char *scan_value(struct scan *s, const char *p)
{
    p = skip_blank(s, p);
    switch (p < s->end ? *p : '\0') {
    case '{': return scan_container(s, p + 1, '}');
    case '[': return scan_container(s, p + 1, ']');
    case '"': return scan_string(s, p + 1);
    case 't': return scan_literal(s, p, "true");
    case 'f': return scan_literal(s, p, "false");
    case 'n': return scan_literal(s, p, "null");
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9': return scan_number(s, p);
    default: return fail(s, p, "looking for beginning of value");
    }
}

void go_fault(struct text *out, const char *at, size_t len, const char *fallback)
{
    struct scan s = {.end = at + len, .out = out};

    if (skip_blank(&s, at) == s.end)
        text_add(out, "EOF");
    else if (scan_value(&s, at))
        text_add(out, "%s", fallback);
}

/* ---- words and strings ----------------------------------------------------------------------- */

const char *go_kind(enum json_kind kind)
{
    switch (kind) {
    case JSON_STRING: return "string";
    case JSON_NUMBER: return "number";
    case JSON_ARRAY: return "array";
    case JSON_OBJECT: return "object";
    case JSON_TRUE:
    case JSON_FALSE: return "bool";
    case JSON_NULL:
    case JSON_NONE: break;
    }
    return "null";
}

/* The escape of what stands at p; returns how many bytes it stands for, 0 where none is needed. */
static size_t escape(const char *p, size_t len, char out[8])
{
    unsigned char c = (unsigned char)*p;

    if (c == '"' || c == '\\')
        snprintf(out, 8, "\\%c", c);
    else if (c == '\n' || c == '\r' || c == '\t')
        snprintf(out, 8, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
    else if (c < 0x20 || c == '<' || c == '>' || c == '&')
        snprintf(out, 8, "\\u%04x", c);
    else if (len >= 3 && memcmp(p, "\xe2\x80", 2) == 0 && ((unsigned char)p[2] | 1) == 0xa9)
        return snprintf(out, 8, "\\u202%c", (unsigned char)p[2] == 0xa8 ? '8' : '9') > 0 ? 3 : 0;
    else
        return 0;
    return 1;
}

void go_quote(struct text *out, const char *at, size_t len)
{
    size_t run = 0;
    char escaped[8];

    text_add_bytes(out, "\"", 1);
    for (size_t i = 0; i < len;) {
        size_t n = escape(at + i, len - i, escaped);
        if (n == 0) {
            i++;
            continue;
        }
        text_add_bytes(out, at + run, i - run);
        text_add_bytes(out, escaped, strlen(escaped));
        run = i += n;
    }
    text_add_bytes(out, at + run, len - run);
    text_add_bytes(out, "\"", 1);
}

void go_decode(struct text *out, struct json_value string)
{
    char *buf = malloc(string.len);
    int n = buf ? json_decode(string, buf, string.len) : -1;

    if (n >= 0)
        text_add_bytes(out, buf, (size_t)n);
    else
        out->failed = true;
    free(buf);
}
