/* drift_markets.c - see drift_markets.h. */
#include "common/drift_markets.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/fields.h"

static bool read_type(struct field f, enum drift_market_type *type)
{
    *type = f.len == 4 && memcmp(f.at, "spot", 4) == 0 ? DRIFT_SPOT : DRIFT_PERP;
    return *type == DRIFT_SPOT || (f.len == 4 && memcmp(f.at, "perp", 4) == 0);
}

/* A whole number of at most `most`, which is no more than DRIFT_MARKET_INDEX_MAX. */
static bool read_number(struct field f, unsigned most, unsigned *number)
{
    *number = 0;
    for (size_t i = 0; i < f.len; i++) {
        if (f.at[i] < '0' || f.at[i] > '9' || *number > most)
            return false;
        *number = *number * 10 + (unsigned)(f.at[i] - '0');
    }
    return f.len > 0 && *number <= most;
}

/* Printable ASCII: the name is repeated in replies, between quotes. */
static bool read_name(struct field f, char name[DRIFT_MARKET_NAME_MAX + 1])
{
    if (f.len == 0 || f.len > DRIFT_MARKET_NAME_MAX)
        return false;
    for (size_t i = 0; i < f.len; i++)
        if (f.at[i] <= ' ' || f.at[i] > '~' || f.at[i] == '"' || f.at[i] == '\\')
            return false;
    memcpy(name, f.at, f.len);
    name[f.len] = '\0';
    return true;
}

static bool read_line(struct field line, struct drift_market *market)
{
    struct field name = fields_cut(&line, ','), type = fields_cut(&line, ','),
                 number = fields_cut(&line, ',');

    market->decimals = DRIFT_MARKET_DECIMALS;
    return read_name(name, market->name) && read_type(type, &market->type) &&
           read_number(number, DRIFT_MARKET_INDEX_MAX, &market->index) &&
           (fields_trim(line).len == 0 ||
            read_number(fields_trim(line), DRIFT_MARKET_DECIMALS_MAX, &market->decimals));
}

static int fail(struct drift_markets *m, const char *where, size_t line, const char *why,
                char error[DRIFT_MARKETS_ERROR_MAX])
{
    drift_markets_fini(m);
    snprintf(error, DRIFT_MARKETS_ERROR_MAX, "%.150s:%zu: %s", where, line, why);
    return -EINVAL;
}

static int add(struct drift_markets *m, const struct drift_market *market)
{
    if (m->n == 0 || (m->n >= 16 && (m->n & (m->n - 1)) == 0)) {
        size_t cap = m->n == 0 ? 16 : m->n * 2;
        struct drift_market *bigger = realloc(m->list, cap * sizeof *bigger);
        if (!bigger)
            return -ENOMEM;
        m->list = bigger;
    }
    m->list[m->n++] = *market;
    return 0;
}

int drift_markets_read(struct drift_markets *m, const char *text, size_t len, const char *where,
                       char error[DRIFT_MARKETS_ERROR_MAX])
{
    struct field rest = {text, len}, line;
    struct drift_market market;
    size_t number = 0;

    *m = (struct drift_markets){0};
    while (fields_line(&rest, &line, &number)) {
        if (!read_line(line, &market))
            return fail(m, where, number, "not NAME,perp|spot,INDEX[,DECIMALS]", error);
        if (drift_markets_index(m, market.type, market.name, strlen(market.name)) >= 0)
            return fail(m, where, number, "this market was there before", error);
        if (m->n == DRIFT_MARKETS_MAX)
            return fail(m, where, number, "too many markets", error);
        if (add(m, &market) < 0) {
            (void)fail(m, where, number, "out of memory", error);
            return -ENOMEM;
        }
    }
    return 0;
}

static int load_file(struct drift_markets *m, const char *path, char error[DRIFT_MARKETS_ERROR_MAX])
{
    char *text;
    size_t len;
    int err = fields_file(path, DRIFT_MARKETS_BYTES, &text, &len, error, DRIFT_MARKETS_ERROR_MAX);

    if (!err)
        err = drift_markets_read(m, text, len, path, error);
    free(text);
    return err == -ENOMEM ? err : err ? -EINVAL : 0;
}

int drift_markets_load(struct drift_markets *m, const char *path,
                       char error[DRIFT_MARKETS_ERROR_MAX])
{
    *m = (struct drift_markets){0};
    if (*path)
        return load_file(m, path, error);
    return drift_markets_read(m, drift_markets_built_in, strlen(drift_markets_built_in),
                              "the built-in table", error);
}

void drift_markets_fini(struct drift_markets *m)
{
    free(m->list);
    *m = (struct drift_markets){0};
}

int drift_markets_index(const struct drift_markets *m, enum drift_market_type type,
                        const char *name, size_t len)
{
    for (size_t i = 0; i < m->n; i++)
        if (m->list[i].type == type && strncasecmp(m->list[i].name, name, len) == 0 &&
            strlen(m->list[i].name) == len)
            return (int)m->list[i].index;
    return -1;
}

const struct drift_market *drift_markets_find(const struct drift_markets *m,
                                              enum drift_market_type type, unsigned index)
{
    for (size_t i = 0; i < m->n; i++)
        if (m->list[i].type == type && m->list[i].index == index)
            return &m->list[i];
    return NULL;
}
