/* market_book.c - see market_book.h. */
#include "publisher/market_book.h"

#include <stdlib.h>
#include <string.h>

enum { LEVELS_FIRST = 16 };

void market_book_init(struct market_book *b)
{
    *b = (struct market_book){.bids = {.bids = true}};
}

void market_book_fini(struct market_book *b)
{
    free(b->bids.levels);
    free(b->asks.levels);
}

static void begin(struct market_book *b, uint64_t seq, bool complete)
{
    b->bids.n = b->asks.n = 0;
    b->state = MARKET_BOOK_KEPT;
    b->complete = complete;
    b->seq = seq;
}

void market_book_spoil(struct market_book *b)
{
    b->state = MARKET_BOOK_STALE;
    b->bids.n = b->asks.n = 0;
}

enum market_book_step market_book_step(struct market_book *b, uint64_t seq, bool snapshot,
                                       uint64_t *expected)
{
    if (b->state == MARKET_BOOK_EMPTY || (snapshot && seq >= b->seq)) {
        begin(b, seq, snapshot);
        return MARKET_BOOK_APPLY;
    }
    if (snapshot || seq <= b->seq)
        return MARKET_BOOK_REPEAT;
    *expected = b->seq + 1;
    b->seq = seq;
    if (b->state == MARKET_BOOK_STALE)
        return MARKET_BOOK_WAIT;
    if (seq == *expected)
        return MARKET_BOOK_APPLY;
    market_book_spoil(b);
    return MARKET_BOOK_HOLE;
}

/* Where the price stands, or would: the first level that is not better. */
static size_t find(const struct market_side *side, const struct decimal *price, bool *there)
{
    size_t from = 0, to = side->n;

    *there = false;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = decimal_compare(&side->levels[middle].price, price);
        if (order == 0) {
            *there = true;
            return middle;
        }
        if ((order > 0) == side->bids)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static bool grow(struct market_side *side)
{
    size_t cap = side->cap ? side->cap * 2 : LEVELS_FIRST;
    struct market_level *bigger;

    if (side->n < side->cap)
        return true;
    if (cap > MARKET_LEVELS_MAX)
        cap = MARKET_LEVELS_MAX;
    bigger = realloc(side->levels, cap * sizeof *bigger);
    if (!bigger)
        return false;
    side->levels = bigger;
    side->cap = cap;
    return true;
}

/* False: a level is forgotten. */
static bool insert(struct market_side *side, size_t at, const struct market_level *level)
{
    bool whole = true;

    if (side->n == MARKET_LEVELS_MAX || !grow(side)) {
        whole = false;
        if (at >= side->n)
            return false;
        side->n--; /* the worst makes room */
    }
    memmove(side->levels + at + 1, side->levels + at, (side->n - at) * sizeof *side->levels);
    side->levels[at] = *level;
    side->n++;
    return whole;
}

void market_book_set(struct market_book *b, bool bid, const struct market_level *level)
{
    struct market_side *side = bid ? &b->bids : &b->asks;
    bool there;
    size_t at = find(side, &level->price, &there);

    if (!decimal_is_zero(&level->quantity)) {
        if (there)
            side->levels[at].quantity = level->quantity;
        else if (!insert(side, at, level))
            b->complete = false;
    } else if (there) {
        side->n--;
        memmove(side->levels + at, side->levels + at + 1, (side->n - at) * sizeof *side->levels);
    }
}
