/* table.h - a hash table through a member of its elements.
 *
 *   struct stream { struct table_node node; size_t len; char name[]; };
 *
 *   uint64_t hash = table_hash(&streams, name, len);
 *   table_each_match(node, &streams, hash)
 *       if (is_it(table_entry(node, struct stream, node), name, len)) ...
 *
 * Comparing is left to the caller, so that one table serves names, pairs of pointers or anything
 * else. The hash is SipHash-1-3 under a random key: names come from strangers, who must not be
 * able to pick ones that collide. It grows by doubling; it does not shrink.
 */
#ifndef COMMON_TABLE_H
#define COMMON_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct table_node {
    struct table_node *next;
    uint64_t hash;
};

struct table {
    struct table_node **slots;
    size_t mask, n; /* mask: number of slots - 1; n: elements, read freely */
    uint64_t key[2];
};

int table_init(struct table *t);  /* 0; -ENOMEM */
void table_fini(struct table *t); /* the elements stay the caller's */

uint64_t table_hash(const struct table *t, const void *bytes, size_t len);

/* The node must not be in a table. Cannot fail: without memory to grow, chains get longer. */
void table_insert(struct table *t, struct table_node *node, uint64_t hash);

/* The node must be in this table. */
void table_remove(struct table *t, struct table_node *node);

#define table_entry(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

static inline struct table_node *table_match(struct table_node *node, uint64_t hash)
{
    while (node && node->hash != hash)
        node = node->next;
    return node;
}

/* Every element with that hash: nearly always none or one. */
#define table_each_match(pos, t, h)                                                                \
    for (struct table_node *pos = table_match((t)->slots[(h) & (t)->mask], (h)); pos;              \
         pos = table_match(pos->next, (h)))

/* Every element, in no order. Returns the one after pos (NULL: the first), NULL at the end. The
 * table may not change between two calls, but for the removal of an element already passed. */
struct table_node *table_next(const struct table *t, const struct table_node *pos);

#endif
