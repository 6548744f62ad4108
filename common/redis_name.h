/* redis_name.h - what a stream's channel and keys are called in Redis, and on which slot they lie.
 *
 *              one Redis, Sentinel        Cluster, sharded Pub/Sub
 *   channel    <prefix><stream>           <prefix>{<slot>}<stream>
 *   history    <prefix>hist:<stream>      <prefix>{<slot>}hist:<stream>
 *   last value <prefix>last:<stream>      <prefix>{<slot>}last:<stream>
 *
 * The text in braces is what Redis Cluster hashes: it is the stream itself, so that streams spread
 * over the masters, except for chains whose readers put blocks together (injective, zilliqa): there
 * it is the chain, so that a block's streams and its end travel one ordered path.
 *
 * Publisher and gateway both call this.
 */
#ifndef COMMON_REDIS_NAME_H
#define COMMON_REDIS_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "common/stream_name.h"

enum {
    REDIS_NAME_MAX = STREAM_PREFIX_MAX + 2 + 2 * STREAM_NAME_MAX + 5, /* bytes, without NUL */
    REDIS_SLOTS = 16384,
    REDIS_NO_SLOT = -1, /* one Redis; or a command that any node may answer */
};

enum redis_name_kind { REDIS_CHANNEL, REDIS_HISTORY, REDIS_LAST };

struct redis_naming {
    const char *prefix; /* borrowed; stream_prefix_valid() */
    bool sharded;       /* the right column */
};

/* Write the name, which ends with NUL, and return its length. The stream has at most
 * STREAM_NAME_MAX bytes. */
size_t redis_name(const struct redis_naming *naming, enum redis_name_kind kind, const char *stream,
                  size_t len, char buf[REDIS_NAME_MAX + 1]);

/* The stream in a channel's name, as a span of it; NULL when the channel is none of this naming. */
const char *redis_name_stream(const struct redis_naming *naming, const char *channel, size_t len,
                              size_t *stream_len);

/* The slot of a key or channel: CRC16 of the text within the first braces that are not empty, or
 * of all of it, modulo 16384 (Redis Cluster specification, "Key distribution model"). */
int redis_slot(const char *name, size_t len);

/* The slot of a stream's names; REDIS_NO_SLOT when they are not sharded. */
int redis_name_slot(const struct redis_naming *naming, const char *stream, size_t len);

#endif
