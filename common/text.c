/* text.c - see text.h. */
#include "common/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json_span.h"

static bool reserve(struct text *t, size_t more)
{
    if (t->failed)
        return false;
    if (t->len + more + 1 <= t->cap)
        return true;
    size_t cap = t->cap ? t->cap * 2 : 1024;
    while (cap < t->len + more + 1)
        cap *= 2;
    char *bigger = realloc(t->at, cap);
    if (!bigger) {
        t->failed = true;
        return false;
    }
    t->at = bigger;
    t->cap = cap;
    return true;
}

void text_add(struct text *t, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0 || !reserve(t, (size_t)n))
        return;
    va_start(args, format);
    vsnprintf(t->at + t->len, (size_t)n + 1, format, args);
    va_end(args);
    t->len += (size_t)n;
}

void text_add_bytes(struct text *t, const char *bytes, size_t len)
{
    if (!reserve(t, len))
        return;
    memcpy(t->at + t->len, bytes, len);
    t->len += len;
    t->at[t->len] = '\0';
}

void text_add_json(struct text *t, const char *bytes, size_t len)
{
    size_t n = json_quote(NULL, 0, bytes, len);

    if (!reserve(t, n))
        return;
    t->len += json_quote(t->at + t->len, n, bytes, len);
    t->at[t->len] = '\0';
}

void text_free(struct text *t)
{
    free(t->at);
    *t = (struct text){0};
}
