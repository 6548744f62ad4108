/* fuzz_redis_map.c - whatever a node of a Cluster answers, the map is consistent or is refused. */
#include "common/redis_map.h"

#include <assert.h>
#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stdint.h>

enum { COUNT_DIGITS_MAX = 6 };

/* An array of more than a million elements: hiredis 0.14 allocates them all before it has seen one,
 * which is nothing that this decoder could help. */
static bool claims_too_much(const uint8_t *data, size_t size)
{
    size_t digits = 0;

    for (size_t i = 0; i < size; i++) {
        digits = data[i] >= '0' && data[i] <= '9' ? digits + 1 : 0;
        if (digits > COUNT_DIGITS_MAX)
            return true;
    }
    return false;
}

static void check(const struct redis_map *map)
{
    char text[REDIS_ADDRESS_MAX];

    assert(map->n > 0 && map->n <= REDIS_NODES_MAX);
    for (int slot = 0; slot < REDIS_SLOTS; slot++)
        assert(map->owners[slot] >= REDIS_NOBODY && map->owners[slot] < (int)map->n);
    for (unsigned i = 0; i < map->n; i++) {
        assert(redis_map_find(map, &map->nodes[i]) == (int)i);
        redis_address_text(&map->nodes[i], text, sizeof text);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct redis_map map;
    struct redis_address asked = {.host = "h", .port = "1"};
    redisReader *reader = redisReaderCreate();
    void *reply = NULL;
    const char *why;

    if (claims_too_much(data, size) || !reader) {
        redisReaderFree(reader);
        return 0;
    }
    redisReaderFeed(reader, (const char *)data, size);
    if (redisReaderGetReply(reader, &reply) == REDIS_OK && reply) {
        if (redis_map_read(&map, reply, &asked, &why) == 0)
            check(&map);
        else
            assert(why);
        freeReplyObject(reply);
    }
    redisReaderFree(reader);
    return 0;
}
