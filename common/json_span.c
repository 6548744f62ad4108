/* json_span.c - finds the parts of a document that json_check() accepted: see json_span.h. */
#include "common/json_scan.h"
#include "common/utf8.h"

const unsigned char json_first_byte[256] = {
    ['n'] = JSON_NULL,   ['f'] = JSON_FALSE,  ['t'] = JSON_TRUE,   ['-'] = JSON_NUMBER,
    ['0'] = JSON_NUMBER, ['1'] = JSON_NUMBER, ['2'] = JSON_NUMBER, ['3'] = JSON_NUMBER,
    ['4'] = JSON_NUMBER, ['5'] = JSON_NUMBER, ['6'] = JSON_NUMBER, ['7'] = JSON_NUMBER,
    ['8'] = JSON_NUMBER, ['9'] = JSON_NUMBER, ['"'] = JSON_STRING, ['['] = JSON_ARRAY,
    ['{'] = JSON_OBJECT,
};

/* The end of the comment that begins at p; NULL where none does, or one that is not finished or
 * not UTF-8. The end of the text ends a comment of one line. */
static const char *comment_end(const char *p, const char *end)
{
    if (end - p < 2 || p[0] != '/' || (p[1] != '/' && p[1] != '*'))
        return NULL;

    const char *body = p + 2, *stop = body;
    bool block = p[1] == '*';
    if (block) {
        stop = memmem(body, (size_t)(end - body), "*/", 2);
        if (!stop)
            return NULL;
    } else {
        while (stop < end && *stop != '\n' && *stop != '\r')
            stop++;
    }
    if (!utf8_valid(body, (size_t)(stop - body)))
        return NULL;
    return block ? stop + 2 : stop;
}

const char *json_blank_end(const char *p, const char *end, unsigned flags)
{
    for (;;) {
        while (p < end && (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r'))
            p++;
        const char *after = flags & JSON_COMMENTS ? comment_end(p, end) : NULL;
        if (!after)
            return p;
        p = after;
    }
}

/* p is behind the opening quote; gives the place behind the closing one. */
static const char *string_end(const char *p, const char *end)
{
    for (;;) {
        while (end - p >= 8) {
            uint64_t word = json_load8(p);
            uint64_t quote = word ^ JSON_EACH('"'), backslash = word ^ JSON_EACH('\\');
            uint64_t marks =
                ((quote - JSON_EACH(1)) & ~quote) | ((backslash - JSON_EACH(1)) & ~backslash);
            if (marks &= JSON_EACH(0x80)) {
                p = json_first_mark(p, marks);
                break;
            }
            p += 8;
        }
        while (p < end && *p != '"' && *p != '\\')
            p++;
        if (*p == '"')
            return p + 1;
        p += 2; /* the backslash and what it escapes, of \uXXXX the 'u' */
    }
}

/* The place behind the container that begins at p. Its brackets match, so they are only counted. */
static const char *container_end(const char *p, const char *end, unsigned flags)
{
    size_t depth = 0;

    do {
        switch (*p) {
        case '"': p = string_end(p + 1, end); continue;
        case '/': p = json_blank_end(p, end, flags); continue;
        case '[':
        case '{': depth++; break;
        case ']':
        case '}': depth--; break;
        default: break;
        }
        p++;
    } while (depth > 0);
    return p;
}

static const char *number_end(const char *p, const char *end)
{
    while (p < end && (json_first_byte[(unsigned char)*p] == JSON_NUMBER || *p == '+' ||
                       *p == '.' || *p == 'e' || *p == 'E'))
        p++;
    return p;
}

static struct json_value value_at(const char *p, const char *end, unsigned flags)
{
    enum json_kind kind = json_kind_at(p, end);
    const char *after = p;

    switch (kind) {
    case JSON_NONE: break;
    case JSON_NULL:
    case JSON_TRUE: after += 4; break;
    case JSON_FALSE: after += 5; break;
    case JSON_NUMBER: after = number_end(p, end); break;
    case JSON_STRING: after = string_end(p + 1, end); break;
    case JSON_ARRAY:
    case JSON_OBJECT: after = container_end(p, end, flags); break;
    }
    return (struct json_value){p, (size_t)(after - p), kind};
}

struct json_iter json_iter(struct json_value container, unsigned flags)
{
    struct json_iter it = {.flags = flags, .object = container.kind == JSON_OBJECT};

    if (container.kind == JSON_ARRAY || container.kind == JSON_OBJECT) {
        it.at = container.at + 1;
        it.end = container.at + container.len - 1;
    }
    return it;
}

bool json_next(struct json_iter *it)
{
    const char *p = json_skip_blank(it->at, it->end, it->flags);

    if (p == it->end)
        return false;
    if (it->object) {
        it->key = value_at(p, it->end, it->flags);
        p = json_skip_blank(p + it->key.len, it->end, it->flags) + 1; /* the colon */
        p = json_skip_blank(p, it->end, it->flags);
    }
    it->value = value_at(p, it->end, it->flags);
    p = json_skip_blank(p + it->value.len, it->end, it->flags);
    it->at = p < it->end ? p + 1 : p; /* the comma */
    return true;
}

struct json_value json_member(struct json_value object, const char *key, unsigned flags)
{
    struct json_value found = {0};

    if (object.kind != JSON_OBJECT)
        return found;
    for (struct json_iter it = json_iter(object, flags); json_next(&it);) {
        if (!json_string_is(it.key, key))
            continue;
        found = it.value;
        if (!(flags & JSON_LAST_KEY))
            break;
    }
    return found;
}

void json_members(struct json_value object, const struct json_field *fields, size_t n,
                  unsigned flags)
{
    size_t missing = n;

    for (size_t i = 0; i < n; i++)
        *fields[i].value = (struct json_value){0};
    if (object.kind != JSON_OBJECT)
        return;
    for (struct json_iter it = json_iter(object, flags); missing > 0 && json_next(&it);)
        for (size_t i = 0; i < n; i++) {
            if (fields[i].value->kind != JSON_NONE || !json_string_is(it.key, fields[i].key))
                continue;
            *fields[i].value = it.value;
            missing--;
            break;
        }
}
