/* identity.h - what is known of somebody whose credentials were accepted. */
#ifndef GATEWAY_IDENTITY_H
#define GATEWAY_IDENTITY_H

#include <stdint.h>

#include "gateway/grants.h"

struct identity {
    uint64_t expires_s;       /* Unix time; 0: never */
    uint64_t max_connections; /* of all that use the same key; 0: no limit */
    unsigned char key[16];    /* what those have in common; meaningful with max_connections */
    struct grants *grants;    /* the owner's; NULL: every stream */
};

#endif
