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

/* ---- what applies to a class ---------------------------------------------------------------- */

/* The class before the '=' of "CLASS=VALUE", with the value in *value; NULL: there is none. */
static struct stream_class *class_named(struct stream_classes *classes, const char *text,
                                        const char **value)
{
    size_t len = strcspn(text, "=");

    *value = text[len] ? text + len + 1 : text + len;
    for (unsigned i = 0; i < classes->n; i++)
        if (strlen(classes->classes[i].name) == len &&
            memcmp(classes->classes[i].name, text, len) == 0)
            return &classes->classes[i];
    return NULL;
}

static int no_such_class(const char *setting, const char *text, char error[STREAM_CLASS_ERROR_MAX])
{
    snprintf(error, STREAM_CLASS_ERROR_MAX,
             "%s: '%.60s' names no class; name one by --class, or 'other' for all the rest",
             setting, text);
    return -EINVAL;
}

int stream_classes_policies(const struct setting_list *values, struct stream_classes *classes,
                            char error[STREAM_CLASS_ERROR_MAX])
{
    static const char *const names[] = {"close", "conflate", "drop"};

    for (size_t i = 0; i < values->n; i++) {
        const char *word;
        struct stream_class *class = class_named(classes, values->items[i], &word);
        uint8_t policy = 0;

        if (!class)
            return no_such_class("policy", values->items[i], error);
        while (policy < sizeof names / sizeof *names && strcmp(word, names[policy]) != 0)
            policy++;
        if (policy == sizeof names / sizeof *names) {
            snprintf(error, STREAM_CLASS_ERROR_MAX,
                     "policy: '%.60s' is not CLASS=close, CLASS=conflate or CLASS=drop",
                     values->items[i]);
            return -EINVAL;
        }
        class->policy = policy;
        classes->yields |= policy != POLICY_CLOSE;
    }
    return 0;
}

static int read_delay(const char *text, uint16_t *ms, char error[STREAM_CLASS_ERROR_MAX])
{
    uint64_t value;

    if (settings_duration(text, &value) < 0 || value > WRITE_DELAY_MAX_MS) {
        snprintf(error, STREAM_CLASS_ERROR_MAX,
                 "write-delay: '%.60s' is not a duration of at most %d ms, such as 10ms", text,
                 WRITE_DELAY_MAX_MS);
        return -EINVAL;
    }
    *ms = (uint16_t)value;
    return 0;
}

int stream_classes_delays(const struct setting_list *values, struct stream_classes *classes,
                          char error[STREAM_CLASS_ERROR_MAX])
{
    uint16_t ms;

    for (size_t i = 0; i < values->n; i++) /* for all first: a class of its own goes before it */
        if (!strchr(values->items[i], '=')) {
            if (read_delay(values->items[i], &ms, error) < 0)
                return -EINVAL;
            for (unsigned k = 0; k < classes->n; k++)
                classes->classes[k].delay_ms = ms;
        }
    for (size_t i = 0; i < values->n; i++)
        if (strchr(values->items[i], '=')) {
            const char *text;
            struct stream_class *class = class_named(classes, values->items[i], &text);
            if (!class)
                return no_such_class("write-delay", values->items[i], error);
            if (read_delay(text, &class->delay_ms, error) < 0)
                return -EINVAL;
        }
    for (unsigned k = 0; k < classes->n; k++)
        classes->delays |= classes->classes[k].delay_ms > 0;
    return 0;
}

/* ---- which one ------------------------------------------------------------------------------ */

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
