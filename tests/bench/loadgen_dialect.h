/* loadgen_dialect.h - how the load generator's clients ask for data, and what it looks like.
 *
 * Every message of a measurement carries its number and the time at which it was published, both
 * where the dialect has room for them. A text that is no data (an answer to the request) is passed
 * over.
 */
#ifndef LOADGEN_DIALECT_H
#define LOADGEN_DIALECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/bench/bench_accounts.h"
#include "tests/bench/loadgen_tally.h"

struct load_dialect {
    const char *name;
    /* Write the path that the client asks for; returns its length. NULL: that of --url. */
    size_t (*path)(const struct tally *t, uint32_t client, char *out, size_t cap);
    /* Write the client's request; returns its length, 0: it sends none. */
    size_t (*request)(const struct tally *t, const struct bench_accounts *accounts, uint32_t client,
                      char *out, size_t cap);
    /* Check a message and count it; false when it is none of this measurement (counted as bad). */
    bool (*text)(struct tally *t, const struct bench_accounts *accounts, uint32_t client,
                 const char *text, size_t len, uint64_t now_us);
    /* What the protocol wants to be said to this text; returns its length, 0: nothing. May be NULL.
     */
    size_t (*answer)(const struct tally *t, uint32_t client, const char *text, size_t len,
                     char *out, size_t cap);
};

/* Streams s0, s1, ... by SUBSCRIBE. */
extern const struct load_dialect load_exchange;

/* Confirmations of one account: the client's own. */
extern const struct load_dialect load_nano;

/* Blocks with four parts, one of them from the client's own market: number `client` modulo `of`,
 * which is therefore the number of different filters. */
extern const struct load_dialect load_injective;

/* The same messages as load_exchange's, from servers that are not ours. nchan: the streams are in
 * the path. socket.io: Engine.IO's and Socket.IO's packets around them. */
extern const struct load_dialect load_nchan, load_socketio;

#endif
