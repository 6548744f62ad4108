/* held.h - messages that wait, copied, in the order in which they came. */
#ifndef GATEWAY_HELD_H
#define GATEWAY_HELD_H

#include <stddef.h>

#include "common/list.h"
#include "common/message.h"

struct held {
    struct list at;
    size_t size;      /* bytes of memory that it takes */
    struct message m; /* borrows from bytes */
    char bytes[];
};

struct held_queue {
    struct list list;
    size_t n, bytes;
};

void held_init(struct held_queue *q);
void held_clear(struct held_queue *q);

/* A copy of the message at the end of the queue. NULL: out of memory. */
struct held *held_push(struct held_queue *q, const struct message *m);

/* The oldest; NULL when there is none. Borrowed. */
struct held *held_first(const struct held_queue *q);
void held_pop(struct held_queue *q); /* there is one */

#endif
