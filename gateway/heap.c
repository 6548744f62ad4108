/* heap.c - see heap.h. */
#include "gateway/heap.h"

#include <malloc.h>

static size_t distance(size_t a, size_t b)
{
    return a > b ? a - b : b - a;
}

bool heap_look(struct heap *h, size_t connections)
{
    size_t moved = distance(connections, h->trimmed);
    bool quiet = distance(connections, h->seen) <= connections / 100;

    h->seen = connections;
    if (!quiet || moved < HEAP_LEAST || moved < connections / 10)
        return false;
    h->trimmed = connections;
    malloc_trim(0);
    return true;
}
