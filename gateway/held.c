/* held.c - see held.h. */
#include "gateway/held.h"

#include <stdlib.h>
#include <string.h>

void held_init(struct held_queue *q)
{
    *q = (struct held_queue){0};
    list_init(&q->list);
}

struct held *held_push(struct held_queue *q, const struct message *m)
{
    size_t size = sizeof(struct held) + m->tag_len + m->data_len;
    struct held *held = malloc(size);

    if (!held)
        return NULL;
    held->size = size;
    held->m = *m;
    memcpy(held->bytes, m->data, m->data_len);
    held->m.data = held->bytes;
    if (m->tag) {
        memcpy(held->bytes + m->data_len, m->tag, m->tag_len);
        held->m.tag = held->bytes + m->data_len;
    }
    list_append(&q->list, &held->at);
    q->n++;
    q->bytes += size;
    return held;
}

struct held *held_first(const struct held_queue *q)
{
    return list_empty(&q->list) ? NULL : list_first(&q->list, struct held, at);
}

void held_pop(struct held_queue *q)
{
    struct held *held = held_first(q);

    list_remove(&held->at);
    q->n--;
    q->bytes -= held->size;
    free(held);
}

void held_clear(struct held_queue *q)
{
    while (q->n > 0)
        held_pop(q);
}
