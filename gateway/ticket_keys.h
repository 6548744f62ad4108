/* ticket_keys.h - the keys under which TLS session tickets are sealed (RFC 5077, RFC 8446).
 *
 * A resumed session may come to any worker, so all workers need the same keys and must change them
 * at the same time, without talking to each other: the keys of a period follow from a secret, and
 * the secret of a period from the one before it, one way only. A worker that is forked gets the
 * secret as it is then. What is older than the previous period cannot be computed any more.
 */
#ifndef GATEWAY_TICKET_KEYS_H
#define GATEWAY_TICKET_KEYS_H

#include <openssl/types.h>
#include <stdint.h>

enum { TICKET_PERIOD_S = 3600, TICKET_SECRET_BYTES = 32 };

struct ticket_keys {
    uint64_t period; /* that `now` is of: Unix time / TICKET_PERIOD_S; 0: there is no secret */
    unsigned char now[TICKET_SECRET_BYTES];
    unsigned char before[TICKET_SECRET_BYTES];
};

/* A random secret. 0; -EIO without randomness. */
int ticket_keys_init(struct ticket_keys *k, uint64_t unix_s);

/* Move on to the period of that time, and forget what is over. Never goes back; does nothing
 * without a secret. */
void ticket_keys_turn(struct ticket_keys *k, uint64_t unix_s);

/* Seal and open the tickets of this context with them; borrowed for its life. 0; -EIO. */
int ticket_keys_use(struct ticket_keys *k, SSL_CTX *ctx);

#endif
