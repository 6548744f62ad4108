/* publisher_counters.h - what one publisher counts and how it stands, for whoever shows it.
 *
 *   service --publisher_counters_fn--> struct publisher_counters
 *
 * A snapshot: nothing in it changes after the call. Counters only grow while the process lives;
 * events = published + refused + repeated + the sum of dropped + what waits.
 */
#ifndef PUBLISHER_PUBLISHER_COUNTERS_H
#define PUBLISHER_PUBLISHER_COUNTERS_H

#include <stdbool.h>
#include <stdint.h>

/* Why an event never went out. */
enum publisher_drop {
    PUBLISHER_DROP_FULL,    /* the backlog was full: the oldest went */
    PUBLISHER_DROP_SIZE,    /* larger than the backlog */
    PUBLISHER_DROP_MEMORY,  /* none left */
    PUBLISHER_DROP_STANDBY, /* another publisher leads, and has surely sent it */
    PUBLISHER_DROPS,
};

extern const char *const publisher_drop_names[PUBLISHER_DROPS]; /* "full", "size", ... */

enum publisher_role {
    PUBLISHER_ALONE,   /* no lease: it publishes whenever Redis takes events */
    PUBLISHER_STANDBY, /* another leads, or nobody knows since Redis is away */
    PUBLISHER_LEADER,
};

extern const char *const publisher_role_names[]; /* "alone", "standby", "leader" */

struct publisher_counters {
    uint64_t events, bad; /* taken from the sources; refused as not valid */
    uint64_t published;   /* acknowledged by Redis */
    uint64_t repeated;    /* were in Redis already: sent again, or by another leader */
    uint64_t refused;     /* answered with an error, and not sent again */
    uint64_t dropped[PUBLISHER_DROPS];
    uint64_t missed_blocks;                         /* dropped whole; their events are in dropped */
    uint64_t waiting, waiting_bytes, waiting_limit; /* the backlog: entries, bytes, its limit */
    uint64_t streams;                               /* that had an event */
    enum publisher_role role;
    uint64_t epoch; /* of the present term; 0: none yet */
    uint64_t terms, lease_losses;
    unsigned links, links_open; /* Redis masters, and those that take events now */
};

/* Fill all of *into. */
typedef void publisher_counters_fn(void *ctx, struct publisher_counters *into);

#endif
