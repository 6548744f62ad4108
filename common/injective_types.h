/* injective_types.h - the events of an Injective block: their names, and what they are filtered by.
 *
 * One table for both sides: the publisher puts an event on a stream per value that a filter can
 * name, and a gateway listens to the streams of the values that a filter names.
 *
 *   injective.block                       height, time and gas price: the end of a block
 *   injective.<event>                     every event of the type
 *   injective.<event>.<kind>.<value>      those whose market, subaccount, account, symbol it is
 *
 * Each is one message per block: {"block_height":"1","block_time":"2","<event>":[...]}.
 */
#ifndef COMMON_INJECTIVE_TYPES_H
#define COMMON_INJECTIVE_TYPES_H

#include <stddef.h>

#include "common/json_span.h"
#include "common/stream_name.h"

#define INJECTIVE_BLOCK_STREAM "injective.block"
#define INJECTIVE_GAP_STREAM "injective.gap"

enum {
    INJECTIVE_TYPES = 12,
    INJECTIVE_KEYS_MAX = 2,
    INJECTIVE_PATH_MAX = 4,
    INJECTIVE_GAS_PRICE_AT = 10, /* the gas price stands before this type in an update */
    INJECTIVE_HEIGHT_MAX = 20,   /* digits */
};

/* What events of a type may be filtered by. */
struct injective_key {
    const char *param;                        /* of the filter, e.g. "market_ids" */
    const char *kind;                         /* in the stream's name, e.g. "market" */
    const char *path[INJECTIVE_PATH_MAX + 1]; /* to the value in an event, NULL-terminated */
};

struct injective_type {
    const char *event;  /* the update's member, and part of the stream's name */
    const char *filter; /* the request's member */
    unsigned n_keys;
    struct injective_key keys[INJECTIVE_KEYS_MAX]; /* with two: the market, the subaccount */
};

/* In the order of an update's members. */
extern const struct injective_type injective_types[INJECTIVE_TYPES];

/* The value that the key names in an event; JSON_NONE where it has none. */
struct json_value injective_value(struct json_value event, const struct injective_key *key);

/* The name of a stream: of all events where key is NULL. Returns its length; ends with NUL. */
size_t injective_stream(char name[STREAM_NAME_MAX + 1], const struct injective_type *type,
                        const struct injective_key *key, const char *value, size_t len);

#endif
