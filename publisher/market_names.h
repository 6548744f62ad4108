/* market_names.h - what people call the markets that a venue knows by ids only: lines of id,name.
 */
#ifndef PUBLISHER_MARKET_NAMES_H
#define PUBLISHER_MARKET_NAMES_H

#include <stddef.h>

#include "publisher/market_sink.h"

enum {
    MARKET_NAMES_MAX = 10000, /* lines; more are an error */
    MARKET_NAMES_BYTES = 4 * 1024 * 1024,
    MARKET_NAMES_ERROR_MAX = 300,
};

struct market_name {
    char id[MARKET_NAME_MAX + 1], name[MARKET_NAME_MAX + 1];
};

/* Zero-initialised is empty. */
struct market_names {
    struct market_name *list; /* sorted by id */
    size_t n;
};

/* 0; -errno with one line in error, and then there are no names. */
int market_names_load(struct market_names *m, const char *path, char error[MARKET_NAMES_ERROR_MAX]);
void market_names_fini(struct market_names *m);

/* The name of the market; the id itself where none is known. */
const char *market_names_of(const struct market_names *m, const char *id);

#endif
