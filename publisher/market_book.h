/* market_book.h - an order book kept from numbered updates: a level has its newest quantity, a
 * quantity of zero removes it.
 *
 *   EMPTY --update--> KEPT --hole in the numbers--> STALE --snapshot--> KEPT
 *
 * A book that begins with an update, not with a snapshot, knows only the levels that have changed
 * since: it is not complete. Nor is one that had to forget levels far from the best.
 *
 * Limit: MARKET_LEVELS_MAX levels a side; when it is full the worst one goes.
 */
#ifndef PUBLISHER_MARKET_BOOK_H
#define PUBLISHER_MARKET_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "publisher/market_sink.h"

enum { MARKET_LEVELS_MAX = 1000 };

enum market_book_state {
    MARKET_BOOK_EMPTY, /* nothing has come yet */
    MARKET_BOOK_KEPT,
    MARKET_BOOK_STALE, /* an update is missing */
};

struct market_side {
    struct market_level *levels; /* the best first */
    size_t n, cap;
    bool bids; /* the best is the highest */
};

/* Zero-initialised is empty but for bids, see market_book_init(). */
struct market_book {
    enum market_book_state state;
    bool complete;
    uint64_t seq; /* of the newest update seen */
    struct market_side bids, asks;
};

/* What became of an update. */
enum market_book_step {
    MARKET_BOOK_APPLY,  /* its levels are to be set now */
    MARKET_BOOK_REPEAT, /* it is no news: leave it */
    MARKET_BOOK_HOLE,   /* the book has just become stale */
    MARKET_BOOK_WAIT,   /* it is stale, and waits for a snapshot */
};

void market_book_init(struct market_book *b);
void market_book_fini(struct market_book *b);

/* An update with that number comes, or a snapshot that holds all up to it. With MARKET_BOOK_HOLE
 * the number that was expected is in *expected. */
enum market_book_step market_book_step(struct market_book *b, uint64_t seq, bool snapshot,
                                       uint64_t *expected);

/* It is stale from now on: an update could not be read. */
void market_book_spoil(struct market_book *b);

/* Set a level. Without memory the book becomes incomplete, not wrong at its best. */
void market_book_set(struct market_book *b, bool bid, const struct market_level *level);

#endif
