/* redis_map.c - see redis_map.h. */
#include "common/redis_map.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>

static void clear(struct redis_map *map)
{
    map->n = 0;
    for (int slot = 0; slot < REDIS_SLOTS; slot++)
        map->owners[slot] = REDIS_NOBODY;
}

void redis_map_single(struct redis_map *map, const struct redis_address *master)
{
    map->n = 1;
    map->nodes[0] = *master;
    memset(map->owners, 0, sizeof map->owners);
}

int redis_map_find(const struct redis_map *map, const struct redis_address *address)
{
    for (unsigned i = 0; i < map->n; i++)
        if (redis_address_equal(&map->nodes[i], address))
            return (int)i;
    return REDIS_NOBODY;
}

bool redis_map_complete(const struct redis_map *map)
{
    for (int slot = 0; slot < REDIS_SLOTS; slot++)
        if (map->owners[slot] == REDIS_NOBODY)
            return false;
    return true;
}

bool redis_map_equal(const struct redis_map *a, const struct redis_map *b)
{
    if (a->n != b->n)
        return false;
    for (unsigned i = 0; i < a->n; i++)
        if (!redis_address_equal(&a->nodes[i], &b->nodes[i]))
            return false;
    return memcmp(a->owners, b->owners, sizeof a->owners) == 0;
}

/* ---- CLUSTER SLOTS --------------------------------------------------------------------------- */

static bool is_array(const redisReply *reply, size_t least)
{
    return reply->type == REDIS_REPLY_ARRAY && reply->elements >= least;
}

static bool is_integer(const redisReply *reply, long long least, long long most)
{
    return reply->type == REDIS_REPLY_INTEGER && reply->integer >= least && reply->integer <= most;
}

/* [host, port, ...]: a host that is nil, empty or "?" is the one that was asked. */
static int read_node(const redisReply *node, const struct redis_address *asked,
                     struct redis_address *address)
{
    if (!is_array(node, 2) || !is_integer(node->element[1], 1, 65535))
        return -EPROTO;
    const redisReply *host = node->element[0];
    const char *name = asked->host;
    size_t len = strlen(name);
    if (host->type == REDIS_REPLY_STRING && host->len > 0 && strcmp(host->str, "?") != 0) {
        name = host->str;
        len = (size_t)host->len;
    } else if (host->type != REDIS_REPLY_STRING && host->type != REDIS_REPLY_NIL) {
        return -EPROTO;
    }
    return redis_address_set(address, name, len, node->element[1]->integer);
}

static int add_node(struct redis_map *map, const struct redis_address *address)
{
    int index = redis_map_find(map, address);

    if (index == REDIS_NOBODY && map->n < REDIS_NODES_MAX) {
        index = (int)map->n++;
        map->nodes[index] = *address;
    }
    return index;
}

/* [first slot, last slot, master, replica...] */
static const char *read_range(struct redis_map *map, const redisReply *range,
                              const struct redis_address *asked)
{
    struct redis_address master;

    if (!is_array(range, 3) || !is_integer(range->element[0], 0, REDIS_SLOTS - 1) ||
        !is_integer(range->element[1], range->element[0]->integer, REDIS_SLOTS - 1))
        return "a range of slots is of an unknown form";
    if (read_node(range->element[2], asked, &master) < 0)
        return "a master's address is of an unknown form";
    int index = add_node(map, &master);
    if (index == REDIS_NOBODY)
        return "there are more than 128 masters";
    for (long long slot = range->element[0]->integer; slot <= range->element[1]->integer; slot++) {
        if (map->owners[slot] != REDIS_NOBODY)
            return "a slot has two owners";
        map->owners[slot] = (int16_t)index;
    }
    return NULL;
}

static int compare(const void *a, const void *b)
{
    const struct redis_address *const x = a, *const y = b;
    int by_host = strcmp(x->host, y->host);

    return by_host ? by_host : strcmp(x->port, y->port);
}

/* Order the nodes, and number the owners anew. */
static int sort(struct redis_map *map)
{
    struct redis_address *before = malloc(map->n * sizeof *before);
    int16_t now[REDIS_NODES_MAX];

    if (!before)
        return -ENOMEM;
    memcpy(before, map->nodes, map->n * sizeof *before);
    qsort(map->nodes, map->n, sizeof *map->nodes, compare);
    for (unsigned i = 0; i < map->n; i++)
        now[i] = (int16_t)redis_map_find(map, &before[i]);
    for (int slot = 0; slot < REDIS_SLOTS; slot++)
        if (map->owners[slot] != REDIS_NOBODY)
            map->owners[slot] = now[map->owners[slot]];
    free(before);
    return 0;
}

int redis_map_read(struct redis_map *map, const struct redisReply *reply,
                   const struct redis_address *asked, const char **why)
{
    clear(map);
    *why = NULL;
    if (reply->type == REDIS_REPLY_ERROR)
        *why = reply->str;
    else if (!is_array(reply, 1))
        *why = "it knows of no slot that has an owner";
    for (size_t i = 0; !*why && i < reply->elements; i++)
        *why = read_range(map, reply->element[i], asked);
    if (!*why && sort(map) < 0)
        *why = "out of memory";
    return *why ? -EPROTO : 0;
}
