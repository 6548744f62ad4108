/* market_books.h - the kept books of a venue, by the venue's own ids of its markets.
 *
 * Limit: MARKET_BOOKS_MAX markets; one more has no book.
 */
#ifndef PUBLISHER_MARKET_BOOKS_H
#define PUBLISHER_MARKET_BOOKS_H

#include "common/table.h"
#include "publisher/market_book.h"

enum { MARKET_BOOKS_MAX = 1000 };

struct market_books {
    struct table table;
};

int market_books_init(struct market_books *b); /* 0; -ENOMEM */
void market_books_fini(struct market_books *b);

/* The book of that market, an empty one if there was none. NULL: there are too many, or no memory.
 */
struct market_book *market_books_get(struct market_books *b, const char *id);

void market_books_clear(struct market_books *b);

#endif
