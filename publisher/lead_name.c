/* lead_name.c - see lead_name.h. */
#include "publisher/lead_name.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { KINDS_MAX = 16, KIND_MAX = 32 };

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static bool is_live(const char *kind)
{
    return strcmp(kind, "lines") != 0 && strcmp(kind, "replay") != 0;
}

static int add_kind(char kinds[KINDS_MAX][KIND_MAX], size_t *n, const char *source)
{
    size_t len = strcspn(source, "=");
    char kind[KIND_MAX] = "";

    if (len >= KIND_MAX)
        return -E2BIG;
    memcpy(kind, source, len);
    for (size_t i = 0; i < *n; i++)
        if (strcmp(kinds[i], kind) == 0)
            return 0;
    if (!is_live(kind))
        return 0;
    if (*n == KINDS_MAX)
        return -E2BIG;
    memcpy(kinds[(*n)++], kind, KIND_MAX);
    return 0;
}

int lead_of_sources(const struct setting_list *sources, char name[LEASE_NAME_MAX + 1])
{
    char kinds[KINDS_MAX][KIND_MAX];
    size_t n = 0, len = 0;

    for (size_t i = 0; i < sources->n; i++)
        if (add_kind(kinds, &n, sources->items[i]) < 0)
            return -E2BIG;
    qsort(kinds, n, sizeof *kinds, by_text);
    for (size_t i = 0; i < n; i++) {
        size_t more = strlen(kinds[i]);
        if (len + 1 + more > LEASE_NAME_MAX)
            return -E2BIG;
        if (i > 0)
            name[len++] = '+';
        memcpy(name + len, kinds[i], more);
        len += more;
    }
    name[len] = '\0';
    return 0;
}
