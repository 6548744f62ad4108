/* nano_options.h - what one subscription to a Nano topic asks for, read as the node reads it.
 *
 *   {"confirmation_type":"active","accounts":["nano_…"]}  -->  struct nano_options  -->  key
 *
 * Of a repeated key the first counts. What can't be read counts as left out.
 *
 * The key is the canonical form: requests that ask for the same thing have the same key. It leaves
 * out accounts beyond a few: such lists are hardly ever shared, and change often.
 */
#ifndef GATEWAY_DIALECTS_NANO_OPTIONS_H
#define GATEWAY_DIALECTS_NANO_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/json_span.h"
#include "common/nano_account.h"
#include "common/text.h"
#include "gateway/dialects/nano_scalar.h"
#include "gateway/listen_address.h"

enum nano_topic {
    NANO_CONFIRMATION,
    NANO_VOTE,
    NANO_STOPPED_ELECTION,
    NANO_STARTED_ELECTION,
    NANO_ACTIVE_DIFFICULTY,
    NANO_WORK,
    NANO_TELEMETRY,
    NANO_NEW_UNCONFIRMED_BLOCK,
    NANO_BOOTSTRAP,
    NANO_TOPICS, /* those that have events */
    NANO_ACK = NANO_TOPICS,
    NANO_NO_TOPIC,
};

enum nano_flag {
    /* Parts of a confirmation: together its shape. */
    NANO_BLOCK = 1 << 0,
    NANO_ELECTION = 1 << 1,
    NANO_VOTES = 1 << 2,
    NANO_SIDEBAND = 1 << 3,
    NANO_LINKED = 1 << 4,
    NANO_SHAPES = 1 << 5, /* how many there are */
    /* Which confirmations. */
    NANO_QUORUM = 1 << 5,
    NANO_HEIGHT = 1 << 6,
    NANO_INACTIVE = 1 << 7,
    NANO_BY_ACCOUNT = 1 << 8, /* only those of `keys`, be they none */
    NANO_LOCAL = 1 << 9,      /* and those of the publisher's own accounts */
    /* Which votes; those of `keys` alone unless there are none. */
    NANO_REPLAYS = 1 << 10,
    NANO_INDETERMINATE = 1 << 11,
    /* There were options at all. */
    NANO_GIVEN = 1 << 12,
    /* In a key: it has a number instead of the accounts. */
    NANO_OWN = 1 << 13,
};

enum { NANO_SHARED_MAX = 64 }; /* accounts in a key; with more, each client has a key of its own */

struct nano_options {
    uint8_t profile, topic;
    uint16_t flags;
    uint32_t n, cap;
    struct nano_key *keys; /* sorted, each once */
};

enum nano_topic nano_topic_of(struct json_value topic);
const char *nano_topic_name(enum nano_topic topic); /* of those that have events */

/* A subscription with these options (kind JSON_NONE: without). At most `limit` accounts are taken;
 * *ignored counts the entries beyond it. 0; -ENOMEM. End with nano_options_fini() in any case. */
int nano_options_read(struct nano_options *o, enum nano_topic topic, enum profile profile,
                      struct json_value options, size_t limit, size_t *ignored);

/* What `old` becomes by an update with these options. As above. */
int nano_options_update(struct nano_options *o, const struct nano_options *old,
                        struct json_value options, size_t limit, size_t *ignored);

void nano_options_fini(struct nano_options *o);

/* number: one that no other key has, for options with more than NANO_SHARED_MAX accounts. */
void nano_options_key(const struct nano_options *o, uint64_t number, struct text *key);

bool nano_options_has(const struct nano_options *o, const struct nano_key *key);

/* The options in a key, which must outlive them: not for nano_options_fini(). With NANO_OWN their
 * accounts are missing. */
void nano_options_of_key(struct nano_options *o, const char *key, size_t len);

#endif
