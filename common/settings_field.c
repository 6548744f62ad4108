/* settings_field.c - a setting's field in the program's struct: stored, compared, freed. */
#include "common/settings_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void *field(const struct setting *s, void *into)
{
    return (char *)into + s->offset;
}

static const void *const_field(const struct setting *s, const void *from)
{
    return (const char *)from + s->offset;
}

static int store_text(char **at, const char *text)
{
    char *copy = strdup(text);
    if (!copy)
        return -ENOMEM;
    free(*at);
    *at = copy;
    return 0;
}

int setting_store(const struct setting *s, void *into, const char *text, uint64_t number)
{
    switch (s->kind) {
    case SETTING_TEXT: return store_text(field(s, into), text);
    case SETTING_LIST: return -EINVAL;
    case SETTING_COUNT:
    case SETTING_BYTES:
    case SETTING_DURATION: *(uint64_t *)field(s, into) = number; break;
    case SETTING_SWITCH: *(bool *)field(s, into) = number != 0; break;
    case SETTING_CHOICE: *(int *)field(s, into) = (int)number; break;
    }
    return 0;
}

int setting_list_add(struct setting_list *list, const char *text, size_t len)
{
    if (list->n >= SETTINGS_LIST_MAX)
        return -E2BIG;
    char **items = realloc(list->items, (list->n + 1) * sizeof *items);
    if (!items)
        return -ENOMEM;
    list->items = items;
    if (!(items[list->n] = strndup(text, len)))
        return -ENOMEM;
    list->n++;
    return 0;
}

int setting_list_split(struct setting_list *list, const char *text)
{
    static const char space[] = " \t\r\n\v\f";
    for (text += strspn(text, space); *text; text += strspn(text, space)) {
        size_t len = strcspn(text, space);
        int err = setting_list_add(list, text, len);
        if (err)
            return err;
        text += len;
    }
    return 0;
}

void setting_list_clear(struct setting_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct setting_list){0};
}

void setting_clear(const struct setting *s, void *into)
{
    if (s->kind == SETTING_LIST) {
        setting_list_clear(field(s, into));
    } else if (s->kind == SETTING_TEXT) {
        char **at = field(s, into);
        free(*at);
        *at = NULL;
    } else {
        setting_store(s, into, "", 0);
    }
}

static bool lists_equal(const struct setting_list *a, const struct setting_list *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (strcmp(a->items[i], b->items[i]) != 0)
            return false;
    return true;
}

bool setting_equal(const struct setting *s, const void *a, const void *b)
{
    const void *x = const_field(s, a), *y = const_field(s, b);
    switch (s->kind) {
    case SETTING_TEXT: return strcmp(*(char *const *)x, *(char *const *)y) == 0;
    case SETTING_LIST: return lists_equal(x, y);
    case SETTING_COUNT:
    case SETTING_BYTES:
    case SETTING_DURATION: return *(const uint64_t *)x == *(const uint64_t *)y;
    case SETTING_SWITCH: return *(const bool *)x == *(const bool *)y;
    case SETTING_CHOICE: return *(const int *)x == *(const int *)y;
    }
    return true;
}

void settings_free(const struct setting *table, size_t n, void *into)
{
    for (size_t i = 0; i < n; i++)
        setting_clear(&table[i], into);
}

size_t settings_difference(const struct setting *table, size_t n, const void *a, const void *b,
                           bool not_reloadable_only, char *buf, size_t cap)
{
    size_t len = 0, found = 0;

    if (cap)
        *buf = '\0';
    for (size_t i = 0; i < n; i++) {
        if ((not_reloadable_only && table[i].reloadable) || setting_equal(&table[i], a, b))
            continue;
        const char *between = found++ ? ", " : "";
        size_t more = strlen(between) + strlen(table[i].name);
        if (len + more < cap) { /* a name that does not fit is left out whole */
            snprintf(buf + len, cap - len, "%s%s", len ? between : "", table[i].name);
            len = strlen(buf);
        }
    }
    return found;
}

static size_t field_size(enum setting_kind kind)
{
    switch (kind) {
    case SETTING_TEXT: return sizeof(char *);
    case SETTING_LIST: return sizeof(struct setting_list);
    case SETTING_COUNT:
    case SETTING_BYTES:
    case SETTING_DURATION: return sizeof(uint64_t);
    case SETTING_SWITCH: return sizeof(bool);
    case SETTING_CHOICE: return sizeof(int);
    }
    return 0;
}

void settings_take_reloadable(const struct setting *table, size_t n, void *to, void *from)
{
    unsigned char kept[sizeof(struct setting_list)];

    for (size_t i = 0; i < n; i++) {
        char *a = (char *)to + table[i].offset, *b = (char *)from + table[i].offset;
        size_t size = field_size(table[i].kind);
        if (!table[i].reloadable)
            continue;
        memcpy(kept, a, size);
        memcpy(a, b, size);
        memcpy(b, kept, size);
    }
}
