/* market_books.c - see market_books.h. */
#include "publisher/market_books.h"

#include <stdlib.h>
#include <string.h>

struct kept {
    struct table_node node;
    struct market_book book;
    char id[];
};

int market_books_init(struct market_books *b)
{
    return table_init(&b->table);
}

void market_books_clear(struct market_books *b)
{
    struct table_node *node = table_next(&b->table, NULL), *next;

    for (; node; node = next) {
        next = table_next(&b->table, node);
        struct kept *kept = table_entry(node, struct kept, node);
        table_remove(&b->table, node);
        market_book_fini(&kept->book);
        free(kept);
    }
}

void market_books_fini(struct market_books *b)
{
    if (!b->table.slots)
        return;
    market_books_clear(b);
    table_fini(&b->table);
}

static struct market_book *add(struct market_books *b, const char *id, uint64_t hash)
{
    size_t size = strlen(id) + 1;
    struct kept *kept = b->table.n < MARKET_BOOKS_MAX ? malloc(sizeof *kept + size) : NULL;

    if (!kept)
        return NULL;
    market_book_init(&kept->book);
    memcpy(kept->id, id, size);
    table_insert(&b->table, &kept->node, hash);
    return &kept->book;
}

struct market_book *market_books_get(struct market_books *b, const char *id)
{
    uint64_t hash = table_hash(&b->table, id, strlen(id));

    table_each_match(node, &b->table, hash)
    {
        struct kept *kept = table_entry(node, struct kept, node);
        if (strcmp(kept->id, id) == 0)
            return &kept->book;
    }
    return add(b, id, hash);
}
