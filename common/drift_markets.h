/* drift_markets.h - which index a Drift market has: requests name markets, streams carry indices.
 *
 * The table is data: lines of name,type,index[,decimals], with '#' comments. The server writes
 * sizes as integers: decimals says how many of their digits stand behind the point.
 * deploy/drift-markets.csv is
 * built in, so that a gateway runs without the file; the setting drift-markets replaces it.
 */
#ifndef COMMON_DRIFT_MARKETS_H
#define COMMON_DRIFT_MARKETS_H

#include <stddef.h>

enum {
    DRIFT_MARKET_NAME_MAX = 64,
    DRIFT_MARKET_INDEX_MAX = 65535,
    DRIFT_MARKET_DECIMALS = 9, /* where the table gives none: all perpetual markets */
    DRIFT_MARKET_DECIMALS_MAX = 18,
    DRIFT_MARKETS_MAX = 4096,         /* lines with a market; more are an error */
    DRIFT_MARKETS_BYTES = 256 * 1024, /* of the file; more are an error */
    DRIFT_MARKETS_ERROR_MAX = 300,
};

enum drift_market_type { DRIFT_PERP, DRIFT_SPOT };

struct drift_market {
    char name[DRIFT_MARKET_NAME_MAX + 1];
    enum drift_market_type type;
    unsigned index, decimals;
};

/* Zero-initialised is empty. */
struct drift_markets {
    struct drift_market *list;
    size_t n;
};

/* The text of deploy/drift-markets.csv, made part of the program when it is built. */
extern const char drift_markets_built_in[];

/* Read the file at path; empty: the built-in table. 0; -EINVAL with one clear line in error, or
 * -ENOMEM likewise, and *m is empty. */
int drift_markets_load(struct drift_markets *m, const char *path,
                       char error[DRIFT_MARKETS_ERROR_MAX]);

/* The same from a text; where names it in errors. */
int drift_markets_read(struct drift_markets *m, const char *text, size_t len, const char *where,
                       char error[DRIFT_MARKETS_ERROR_MAX]);

void drift_markets_fini(struct drift_markets *m);

/* The index of the market with that name, whatever its case; -1: there is none. */
int drift_markets_index(const struct drift_markets *m, enum drift_market_type type,
                        const char *name, size_t len);

/* The first market of that type and index; NULL: there is none. */
const struct drift_market *drift_markets_find(const struct drift_markets *m,
                                              enum drift_market_type type, unsigned index);

#endif
