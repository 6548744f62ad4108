/* stream_class.c - see stream_class.h. */
#include "gateway/stream_class.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/stream_name.h"

enum { PATTERN_MAX = 256 };

static const char other[] = "other";

static bool name_valid(const char *name, size_t len)
{
    if (len == 0 || len > STREAM_CLASS_NAME_MAX)
        return false;
    for (size_t i = 0; i < len; i++)
        if (!islower((unsigned char)name[i]) && !isdigit((unsigned char)name[i]) && name[i] != '_')
            return false;
    return true;
}

static bool name_taken(const struct stream_classes *classes, const char *name, size_t len)
{
    for (unsigned i = 0; i < classes->n; i++)
        if (strlen(classes->classes[i].name) == len &&
            memcmp(classes->classes[i].name, name, len) == 0)
            return true;
    return len == strlen(other) && memcmp(name, other, len) == 0;
}

int stream_classes_parse(const struct setting_list *values, struct stream_classes *classes,
                         char error[STREAM_CLASS_ERROR_MAX])
{
    *classes = (struct stream_classes){0};
    for (size_t i = 0; i < values->n; i++) {
        const char *text = values->items[i], *equals = strchr(text, '=');
        size_t len = equals ? (size_t)(equals - text) : 0;
        if (!equals || !name_valid(text, len) || !equals[1]) {
            snprintf(error, STREAM_CLASS_ERROR_MAX,
                     "class: '%.60s' is not NAME=PATTERN[,PATTERN...] with a name of a-z, 0-9, _",
                     text);
            return -EINVAL;
        }
        if (name_taken(classes, text, len)) {
            snprintf(error, STREAM_CLASS_ERROR_MAX, "class: there are two of the name '%.*s'",
                     (int)len, text);
            return -EINVAL;
        }
        if (classes->n + 1 == STREAM_CLASSES_MAX) {
            snprintf(error, STREAM_CLASS_ERROR_MAX, "class: at most %d classes",
                     STREAM_CLASSES_MAX - 1);
            return -EINVAL;
        }
        memcpy(classes->classes[classes->n].name, text, len);
        classes->classes[classes->n++].patterns = equals + 1;
    }
    strcpy(classes->classes[classes->n++].name, other);
    return 0;
}

static bool fits(const char *patterns, const char *name, size_t len)
{
    char pattern[PATTERN_MAX];

    for (const char *at = patterns; at; at = strchr(at, ',')) {
        at += *at == ',';
        size_t n = strcspn(at, ",");
        if (n >= sizeof pattern)
            continue;
        memcpy(pattern, at, n);
        pattern[n] = '\0';
        if (glob_match(pattern, name, len))
            return true;
    }
    return false;
}

unsigned stream_class_of(const struct stream_classes *classes, const char *name, size_t len)
{
    unsigned i = 0;

    while (i + 1 < classes->n && !fits(classes->classes[i].patterns, name, len))
        i++;
    return i;
}
