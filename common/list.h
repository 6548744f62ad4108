/* list.h - a doubly linked list through a member of its elements; it allocates nothing. */
#ifndef COMMON_LIST_H
#define COMMON_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *next, *prev;
};

static inline void list_init(struct list *l)
{
    l->next = l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
    return l->next == l;
}

static inline void list_append(struct list *l, struct list *node)
{
    node->prev = l->prev;
    node->next = l;
    l->prev->next = node;
    l->prev = node;
}

/* The node is a list of its own again afterwards, so removing it twice does no harm. */
static inline void list_remove(struct list *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    list_init(node);
}

#define list_entry(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

#define list_first(l, type, member) list_entry((l)->next, type, member)

/* pos: a pointer to the element's type, declared by the caller. Nothing may be removed meanwhile.
 */
#define list_each(pos, l, member)                                                                  \
    for ((pos) = list_entry((l)->next, __typeof__(*(pos)), member); &(pos)->member != (l);         \
         (pos) = list_entry((pos)->member.next, __typeof__(*(pos)), member))

/* The same, and the element at hand may be removed. */
#define list_each_safe(pos, following, l, member)                                                  \
    for ((pos) = list_entry((l)->next, __typeof__(*(pos)), member),                                \
        (following) = list_entry((pos)->member.next, __typeof__(*(pos)), member);                  \
         &(pos)->member != (l); (pos) = (following),                                               \
        (following) = list_entry((pos)->member.next, __typeof__(*(pos)), member))

#endif
