/* privileges.h - once the addresses are open, the gateway needs no privileges any more. */
#ifndef GATEWAY_PRIVILEGES_H
#define GATEWAY_PRIVILEGES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct account {
    bool change; /* false: stay who we are */
    uid_t user;
    gid_t group;
};

/* name "": stay. 0; -EINVAL with one line in error: no such user, or only root could change. */
int account_find(const char *name, struct account *out, char *error, size_t cap);

/* Become that user, with its group and no other; whoever is not root then has no capability left.
 * Nothing started from here on can gain any (no_new_privs). 0; -errno, and the process must end. */
int privileges_drop(const struct account *account);

#endif
