/* market_names.c - see market_names.h. */
#include "publisher/market_names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fields.h"

static int by_id(const void *a, const void *b)
{
    const struct market_name *x = a, *y = b;

    return strcmp(x->id, y->id);
}

static bool copy(struct field f, char to[MARKET_NAME_MAX + 1])
{
    if (f.len == 0 || f.len > MARKET_NAME_MAX)
        return false;
    for (size_t i = 0; i < f.len; i++)
        if (f.at[i] <= ' ' || f.at[i] > '~')
            return false;
    memcpy(to, f.at, f.len);
    to[f.len] = '\0';
    return true;
}

static int refuse(const char *path, size_t line, const char *why, char *error)
{
    snprintf(error, MARKET_NAMES_ERROR_MAX, "%.150s:%zu: %s", path, line, why);
    return -EINVAL;
}

/* There is room in the list for every line of the text. */
static int read_lines(struct market_names *m, struct field rest, const char *path, char *error)
{
    struct field line;
    size_t number = 0;

    while (fields_line(&rest, &line, &number)) {
        struct market_name *into = &m->list[m->n];
        struct field id = fields_cut(&line, ',');
        if (m->n == MARKET_NAMES_MAX)
            return refuse(path, number, "too many markets", error);
        if (!copy(id, into->id) || !copy(fields_trim(line), into->name))
            return refuse(path, number, "not ID,NAME", error);
        m->n++;
    }
    qsort(m->list, m->n, sizeof *m->list, by_id);
    for (size_t i = 1; i < m->n; i++)
        if (by_id(&m->list[i - 1], &m->list[i]) == 0) {
            snprintf(error, MARKET_NAMES_ERROR_MAX, "%.100s: %.130s is there twice", path,
                     m->list[i].id);
            return -EINVAL;
        }
    return 0;
}

static size_t count_lines(const char *text, size_t len)
{
    size_t n = 1;

    for (size_t i = 0; i < len; i++)
        n += text[i] == '\n';
    return n < MARKET_NAMES_MAX ? n : MARKET_NAMES_MAX;
}

int market_names_load(struct market_names *m, const char *path, char error[MARKET_NAMES_ERROR_MAX])
{
    char *text;
    size_t len;
    int err = fields_file(path, MARKET_NAMES_BYTES, &text, &len, error, MARKET_NAMES_ERROR_MAX);

    *m = (struct market_names){0};
    if (!err) {
        m->list = calloc(count_lines(text, len) + 1, sizeof *m->list);
        snprintf(error, MARKET_NAMES_ERROR_MAX, "out of memory");
        err = m->list ? read_lines(m, (struct field){text, len}, path, error) : -ENOMEM;
    }
    free(text);
    if (err)
        market_names_fini(m);
    return err;
}

void market_names_fini(struct market_names *m)
{
    free(m->list);
    *m = (struct market_names){0};
}

const char *market_names_of(const struct market_names *m, const char *id)
{
    size_t from = 0, to = m->n;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = strcmp(m->list[middle].id, id);
        if (order == 0)
            return m->list[middle].name;
        if (order < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return id;
}
