/* nano_local.h - the accounts of this publisher's owner: their confirmations also go to a stream of
 * their own, nano.confirmation.local.
 *
 * A Nano node's clients may ask for the confirmations of "all local accounts", those in the node's
 * wallets. The gateways know no wallets; the publisher is given a file of accounts instead, one a
 * line, with # before remarks.
 */
#ifndef PUBLISHER_NANO_LOCAL_H
#define PUBLISHER_NANO_LOCAL_H

#include <stdbool.h>
#include <stddef.h>

#include "common/nano_account.h"
#include "publisher/event.h"

enum {
    NANO_LOCAL_ERROR_MAX = 300,
    NANO_LOCAL_MAX = 1000000, /* accounts in the file; more are refused */
    NANO_LOCAL_DIGEST = 16,
};

#define NANO_LOCAL_STREAM "nano.confirmation.local"

/* Zero-initialised has no accounts. */
struct nano_local {
    struct nano_key *keys; /* sorted */
    size_t n, cap;
    unsigned char last[NANO_LOCAL_DIGEST]; /* of the event taken last */
};

/* 0; -errno with one line in error, and then there are no accounts. */
int nano_local_load(struct nano_local *l, const char *path, char error[NANO_LOCAL_ERROR_MAX]);
void nano_local_fini(struct nano_local *l);

/* Does the event of that stream go to NANO_LOCAL_STREAM as well? A confirmation that mentions two
 * of the accounts comes twice in a row, and is taken once. */
bool nano_local_takes(struct nano_local *l, const struct event *event);

#endif
