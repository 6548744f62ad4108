/* redis_map.h - which masters there are, and which of them owns each slot.
 *
 * Plain data, without I/O. One Redis, and the master that Sentinel names, own all slots. The
 * masters are in order of their addresses, so that two descriptions of the same Cluster are equal.
 */
#ifndef COMMON_REDIS_MAP_H
#define COMMON_REDIS_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/redis_name.h"
#include "common/redis_url.h"

struct redisReply; /* hiredis */

enum { REDIS_NODES_MAX = 128, REDIS_NOBODY = -1 };

struct redis_map {
    unsigned n; /* 0: nothing is known */
    struct redis_address nodes[REDIS_NODES_MAX];
    int16_t owners[REDIS_SLOTS]; /* index into nodes, or REDIS_NOBODY */
};

/* One master of all slots. */
void redis_map_single(struct redis_map *map, const struct redis_address *master);

/* From the answer to CLUSTER SLOTS, given by `asked` (a node that does not know its own address
 * leaves it out). 0; -EPROTO: it is no such answer, or not consistent, or has more than
 * REDIS_NODES_MAX masters: *why says what, and the map is undefined. */
int redis_map_read(struct redis_map *map, const struct redisReply *reply,
                   const struct redis_address *asked, const char **why);

bool redis_map_equal(const struct redis_map *a, const struct redis_map *b);

/* Index of a node; REDIS_NOBODY: it is no master. */
int redis_map_find(const struct redis_map *map, const struct redis_address *address);

bool redis_map_complete(const struct redis_map *map); /* every slot has an owner */

#endif
