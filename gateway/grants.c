/* grants.c - see grants.h. */
#include "gateway/grants.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/stream_name.h"

static const char separators[] = " ,\t\r\n";

struct grants *grants_new(const char *patterns, size_t len)
{
    struct grants *g = len <= GRANTS_BYTES_MAX ? malloc(sizeof *g + len + 1) : NULL;
    bool within = false;

    if (!g) {
        errno = len <= GRANTS_BYTES_MAX ? ENOMEM : E2BIG;
        return NULL;
    }
    g->n = 0;
    g->len = 0;
    for (size_t i = 0; i <= len; i++) {
        bool ends = i == len || patterns[i] == '\0' || strchr(separators, patterns[i]);
        if (!ends || within)
            g->text[g->len++] = ends ? '\0' : patterns[i];
        g->n += ends && within;
        within = !ends;
    }
    if (g->n > GRANTS_MAX) {
        free(g);
        errno = E2BIG;
        return NULL;
    }
    return g;
}

struct grants *grants_copy(const struct grants *g)
{
    struct grants *copy = malloc(sizeof *g + g->len + 1);

    if (copy)
        memcpy(copy, g, sizeof *g + g->len);
    return copy;
}

void grants_free(struct grants **g)
{
    free(*g);
    *g = NULL;
}

bool grants_allow(const struct grants *g, const char *stream, size_t len)
{
    for (const char *at = g->text; at < g->text + g->len; at += strlen(at) + 1)
        if (glob_match(at, stream, len))
            return true;
    return false;
}
