/* json_check.c - is the text a JSON document? See json_span.h.
 *
 * One pass, without recursion: what the open containers are is a bit for each depth. A step takes
 * the place at which its part begins and gives the place behind it, or NULL once it has noted why
 * there is none.
 */
#include <errno.h>

#include "common/json_scan.h"
#include "common/utf8.h"

/* The keys of the objects that are open, for JSON_UNIQUE. Those of the innermost are the last, from
 * first[depth] on. */
struct open_keys {
    unsigned n;
    uint16_t first[JSON_MAX_DEPTH + 1];
    uint32_t hash[JSON_MAX_UNIQUE];
    struct json_value key[JSON_MAX_UNIQUE];
};

struct check {
    const char *end;
    unsigned flags;
    unsigned depth;                        /* containers that are open */
    char closer;                           /* what ends the innermost: ']' or '}' */
    uint64_t objects[JSON_MAX_DEPTH / 64]; /* bit d: the container at depth d + 1 is an object */
    struct open_keys *keys;                /* NULL without JSON_UNIQUE */
    const char *failed_at, *reason;
};

static const char *fail(struct check *c, const char *at, const char *reason)
{
    c->failed_at = at;
    c->reason = reason;
    return NULL;
}

static const char *check_escape(struct check *c, const char *p)
{
    if (c->end - p < 2)
        return fail(c, c->end, "unterminated string");
    if (p[1] != 'u')
        return memchr("\"\\/bfnrt", p[1], 8) ? p + 2 : fail(c, p, "invalid escape");

    int unit = json_hex4(p + 2, c->end);
    if (unit < 0)
        return fail(c, p, "invalid escape");
    if (unit < 0xd800 || unit > 0xdfff)
        return p + 6;
    if (unit < 0xdc00 && c->end - p >= 12 && p[6] == '\\' && p[7] == 'u') {
        int low = json_hex4(p + 8, c->end);
        if (low >= 0xdc00 && low <= 0xdfff)
            return p + 12;
    }
    return fail(c, p, "unpaired surrogate");
}

/* The first byte of a string that needs a closer look: a quote, a backslash, a control character or
 * one outside ASCII. A byte outside ASCII is marked by itself, so what the other three terms make
 * of it does not matter. */
static inline const char *plain_end(const char *p, const char *end)
{
    for (; end - p >= 8; p += 8) {
        uint64_t word = json_load8(p);
        uint64_t marks = ((word ^ JSON_EACH('"')) - JSON_EACH(1)) |
                         ((word ^ JSON_EACH('\\')) - JSON_EACH(1)) | (word - JSON_EACH(0x20)) |
                         word;
        if (marks &= JSON_EACH(0x80))
            return json_first_mark(p, marks);
    }
    while (p < end && *p >= 0x20 && *p < 0x7f && *p != '"' && *p != '\\')
        p++;
    return p;
}

/* p is behind the opening quote. */
static const char *check_string(struct check *c, const char *p)
{
    while (p) {
        p = plain_end(p, c->end);
        if (p == c->end)
            return fail(c, p, "unterminated string");
        if (*p == '"')
            return p + 1;
        if (*p == '\\') {
            p = check_escape(c, p);
        } else {
            if ((unsigned char)*p < 0x20)
                return fail(c, p, "control character in string");
            size_t n = utf8_sequence(p, (size_t)(c->end - p));
            p = n > 0 ? p + n : fail(c, p, "invalid UTF-8");
        }
    }
    return NULL;
}

static inline const char *digits_end(const char *p, const char *end)
{
    while (p < end && *p >= '0' && *p <= '9')
        p++;
    return p;
}

static const char *check_digits(struct check *c, const char *p)
{
    const char *after = digits_end(p, c->end);
    return after > p ? after : fail(c, p, "invalid number");
}

static const char *check_number(struct check *c, const char *p)
{
    const char *end = c->end;

    if (*p == '-')
        p++;
    p = p < end && *p == '0' ? p + 1 : check_digits(c, p);
    if (p && p < end && *p == '.')
        p = check_digits(c, p + 1);
    if (p && p < end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < end && (*p == '+' || *p == '-'))
            p++;
        p = check_digits(c, p);
    }
    return p;
}

static const char *check_literal(struct check *c, const char *p, const char *literal)
{
    size_t len = strlen(literal);
    if ((size_t)(c->end - p) < len || memcmp(p, literal, len) != 0)
        return fail(c, p, "expected value");
    return p + len;
}

static inline const char *check_scalar(struct check *c, const char *p, enum json_kind kind)
{
    switch (kind) {
    case JSON_STRING: return check_string(c, p + 1);
    case JSON_NUMBER: return check_number(c, p);
    case JSON_NULL: return check_literal(c, p, "null");
    case JSON_FALSE: return check_literal(c, p, "false");
    case JSON_TRUE: return check_literal(c, p, "true");
    default: return fail(c, p, "expected value");
    }
}

/* FNV-1a. Whoever makes keys that collide wins little: the comparisons are bounded by
 * JSON_MAX_UNIQUE for each key. */
static uint32_t key_hash(struct json_value key)
{
    struct json_decoder d;
    uint32_t hash = 2166136261u;

    json_decoder_init(&d, key);
    for (int byte; (byte = json_decode_byte(&d)) >= 0;)
        hash = (hash ^ (uint32_t)byte) * 16777619u;
    return hash;
}

static const char *check_unique(struct check *c, struct json_value key)
{
    struct open_keys *keys = c->keys;
    uint32_t hash = key_hash(key);

    for (unsigned i = keys->first[c->depth]; i < keys->n; i++)
        if (keys->hash[i] == hash && json_string_same(keys->key[i], key))
            return fail(c, key.at, "repeated key");
    if (keys->n == JSON_MAX_UNIQUE)
        return fail(c, key.at, "too many members");
    keys->hash[keys->n] = hash;
    keys->key[keys->n++] = key;
    return key.at + key.len;
}

/* A key and its colon. What stands in place of a key is named as an outside protocol names it. */
static const char *check_key(struct check *c, const char *p)
{
    const char *key = p = json_skip_blank(p, c->end, c->flags);

    if (p == c->end || *p != '"')
        return fail(c, p, "expected value");
    p = check_string(c, p + 1);
    if (p && c->keys)
        p = check_unique(c, (struct json_value){key, (size_t)(p - key), JSON_STRING});
    if (!p)
        return NULL;
    p = json_skip_blank(p, c->end, c->flags);
    return p < c->end && *p == ':' ? p + 1 : fail(c, p, "expected ':'");
}

/* Gives the place behind the bracket and the white space after it. */
static const char *open_container(struct check *c, const char *p)
{
    unsigned at = c->depth % 64;
    uint64_t *objects = &c->objects[c->depth / 64];

    if (c->depth == JSON_MAX_DEPTH)
        return fail(c, p, "nested too deeply");
    *objects = (*objects & ~(UINT64_C(1) << at)) | (uint64_t)(*p == '{') << at;
    c->closer = *p == '{' ? '}' : ']';
    c->depth++;
    if (c->keys)
        c->keys->first[c->depth] = (uint16_t)c->keys->n;
    return json_skip_blank(p + 1, c->end, c->flags);
}

static inline void close_container(struct check *c)
{
    if (c->keys)
        c->keys->n = c->keys->first[c->depth];
    c->depth--;
    if (c->depth > 0) {
        unsigned i = c->depth - 1;
        c->closer = c->objects[i / 64] >> (i % 64) & 1 ? '}' : ']';
    }
}

/* Behind a value: close what ends here, then a comma (and the key after it). Gives the place of the
 * next value, or the end of the document's value when all is closed. */
static inline const char *check_after_value(struct check *c, const char *p)
{
    while (c->depth > 0) {
        p = json_skip_blank(p, c->end, c->flags);
        if (p < c->end && *p == ',')
            return c->closer == '}' ? check_key(c, p + 1) : p + 1;
        if (p == c->end || *p != c->closer)
            return fail(c, p, c->closer == '}' ? "expected ',' or '}'" : "expected ',' or ']'");
        close_container(c);
        p++;
    }
    return p;
}

/* A value with everything in it. */
static const char *check_value(struct check *c, const char *p)
{
    do {
        p = json_skip_blank(p, c->end, c->flags);
        enum json_kind kind = json_kind_at(p, c->end);
        if (kind < JSON_ARRAY) {
            p = check_scalar(c, p, kind);
        } else {
            p = open_container(c, p);
            if (p && (p == c->end || *p != c->closer)) {
                if (c->closer == '}')
                    p = check_key(c, p);
                continue; /* to its first value */
            }
        }
        if (p)
            p = check_after_value(c, p);
    } while (p && c->depth > 0);
    return p;
}

static const char *skip_bom(const char *text, size_t len, unsigned flags)
{
    bool bom = flags & JSON_BOM && len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0;
    return bom ? text + 3 : text;
}

int json_check(const char *text, size_t len, unsigned flags, struct json_value *root,
               struct json_error *error)
{
    struct open_keys keys;
    struct check c = {.end = text + len, .flags = flags};

    if (flags & JSON_UNIQUE) {
        keys.n = 0;
        c.keys = &keys;
    }
    const char *begin = json_skip_blank(skip_bom(text, len, flags), c.end, flags);
    const char *after = check_value(&c, begin);
    if (after && !(flags & JSON_TRAILING)) {
        const char *rest = json_skip_blank(after, c.end, flags);
        if (rest != c.end)
            after = fail(&c, rest, "text after the document");
    }
    if (!after) {
        if (error)
            *error = (struct json_error){(size_t)(c.failed_at - text), c.reason};
        return -EBADMSG;
    }
    *root = (struct json_value){begin, (size_t)(after - begin), json_kind_at(begin, c.end)};
    return 0;
}

void json_line_column(const char *text, size_t offset, size_t *line, size_t *column)
{
    const char *at = text + offset, *start = text, *newline;

    *line = 1;
    while (start < at && (newline = memchr(start, '\n', (size_t)(at - start)))) {
        start = newline + 1;
        ++*line;
    }
    *column = (size_t)(at - start) + 1;
}
