/* limits.h - how many connections there may be, of everybody and of each party, and how fast they
 * may come.
 *
 * A party is whoever a limit is counted for: an address (see address_party()). Each worker knows
 * its own parties exactly. What the other workers have is read from a table of numbers in shared
 * memory, a place for each party by a hash under a key that strangers do not know. Two parties may
 * share a place, so with several workers a count may be too high, never too low; the table has so
 * many places that this is rare.
 *
 * Ownership: a connection holds its party from limits_enter() to limits_leave(). Parties without
 * connections stay for a while, for the rate of their handshakes: at most PARTIES_IDLE_MAX, and the
 * one that has been idle for longest goes.
 */
#ifndef GATEWAY_LIMITS_H
#define GATEWAY_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/address.h"
#include "gateway/refusal.h"

struct counters;
struct gateway_settings;
struct limits;
struct limits_shared;
struct party;

enum {
    PARTIES_IDLE_MAX = 16384,
    LIMITS_PLACES = 1 << 17, /* of each worker; 512 KiB, of which only what is used is there */
    WRONG_TOKEN_COST = 20,
    FLOOD_MARGIN = 64, /* connections over a limit that still get an answer that says so */
};

/* In memory that processes forked later share. NULL: out of memory. */
struct limits_shared *limits_shared_new(unsigned n_workers);
void limits_shared_forget(struct limits_shared *s, unsigned worker); /* one that died */
void limits_shared_free(struct limits_shared **s);                   /* NULL is fine */

/* All borrowed. workers: everybody's counters. NULL: out of memory. */
struct limits *limits_new(const struct gateway_settings *settings, struct limits_shared *shared,
                          const struct counters *workers, unsigned n_workers, unsigned index);
void limits_free(struct limits **limits); /* everybody has left; NULL is fine */

/* One more connection of that party; NULL: out of memory. */
struct party *limits_enter(struct limits *l, const struct address *who);
struct party *limits_enter_key(struct limits *l, const unsigned char key[16]);
void limits_leave(struct limits *l, struct party **party); /* NULL is fine */

/* A connection has been made, `party` (may be NULL: not known yet) counts it already: is it so far
 * over a limit that it does not even get an answer? */
bool limits_flooded(const struct limits *l, const struct party *party);

/* A handshake of the party: REFUSAL_none, or which limit it is over. */
enum refusal limits_handshake(struct limits *l, struct party *party, uint64_t now_ms);

/* Its credentials were wrong: that costs as much as WRONG_TOKEN_COST handshakes. */
void limits_charge(struct limits *l, struct party *party, uint64_t now_ms);

/* Connections of the party, at all workers. */
uint64_t limits_count(const struct limits *l, const struct party *party);

#endif
