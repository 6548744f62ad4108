/* heap.h - gives memory back to the system after many connections have come or gone.
 *
 * Handshakes in progress take large buffers, and tables are copied as they grow: what is freed of
 * that lies between the memory of connections that stay, and the allocator keeps it. One pass over
 * what is free, when it is quiet again, gives it back. How many connections must come or go before
 * the next pass grows with their number, so that passes cost next to nothing per connection.
 */
#ifndef GATEWAY_HEAP_H
#define GATEWAY_HEAP_H

#include <stdbool.h>
#include <stddef.h>

enum { HEAP_LEAST = 1000 /* connections that come or go between two passes, at least */ };

/* Zeroed at first. */
struct heap {
    size_t seen;    /* connections at the last look */
    size_t trimmed; /* connections at the last pass */
};

/* To be called some times a second: there are so many connections now. True: a pass was made. */
bool heap_look(struct heap *h, size_t connections);

#endif
