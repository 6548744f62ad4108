/* table.c - see table.h. */
#include "common/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { FIRST_SLOTS = 64 };

int table_init(struct table *t)
{
    *t = (struct table){.slots = calloc(FIRST_SLOTS, sizeof *t->slots), .mask = FIRST_SLOTS - 1};
    if (!t->slots)
        return -ENOMEM;
    /* Without the kernel's generator (never seen on Linux) addresses still differ by process. */
    if (getrandom(t->key, sizeof t->key, GRND_NONBLOCK) != (ssize_t)sizeof t->key)
        t->key[0] = (uint64_t)(uintptr_t)t->slots;
    return 0;
}

void table_fini(struct table *t)
{
    free(t->slots);
    *t = (struct table){0};
}

static inline uint64_t rotl(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static inline void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotl(v[1], 13) ^ v[0];
    v[0] = rotl(v[0], 32);
    v[2] += v[3];
    v[3] = rotl(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotl(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotl(v[1], 17) ^ v[2];
    v[2] = rotl(v[2], 32);
}

/* SipHash-1-3 (Aumasson, Bernstein: "SipHash: a fast short-input PRF"). */
uint64_t table_hash(const struct table *t, const void *bytes, size_t len)
{
    const unsigned char *p = bytes;
    uint64_t v[4] = {t->key[0] ^ 0x736f6d6570736575u, t->key[1] ^ 0x646f72616e646f6du,
                     t->key[0] ^ 0x6c7967656e657261u, t->key[1] ^ 0x7465646279746573u};
    uint64_t word, last = (uint64_t)len << 56;

    for (size_t left = len; left >= 8; left -= 8, p += 8) {
        memcpy(&word, p, 8);
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }
    for (size_t i = 0; i < len % 8; i++)
        last |= (uint64_t)p[i] << (8 * i);
    v[3] ^= last;
    sip_round(v);
    v[0] ^= last;
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static void grow(struct table *t)
{
    size_t slots = (t->mask + 1) * 2;
    struct table_node **bigger = calloc(slots, sizeof *bigger);

    if (!bigger)
        return;
    for (size_t i = 0; i <= t->mask; i++) {
        for (struct table_node *node = t->slots[i], *next; node; node = next) {
            next = node->next;
            node->next = bigger[node->hash & (slots - 1)];
            bigger[node->hash & (slots - 1)] = node;
        }
    }
    free(t->slots);
    t->slots = bigger;
    t->mask = slots - 1;
}

void table_insert(struct table *t, struct table_node *node, uint64_t hash)
{
    if (t->n > t->mask)
        grow(t);
    node->hash = hash;
    node->next = t->slots[hash & t->mask];
    t->slots[hash & t->mask] = node;
    t->n++;
}

void table_remove(struct table *t, struct table_node *node)
{
    struct table_node **link = &t->slots[node->hash & t->mask];

    while (*link != node)
        link = &(*link)->next;
    *link = node->next;
    t->n--;
}

struct table_node *table_next(const struct table *t, const struct table_node *pos)
{
    size_t slot = 0;

    if (pos) {
        if (pos->next)
            return pos->next;
        slot = (pos->hash & t->mask) + 1;
    }
    for (; slot <= t->mask; slot++)
        if (t->slots[slot])
            return t->slots[slot];
    return NULL;
}
