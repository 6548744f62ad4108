/* demand_list.h - which streams have listeners, at all gateways together: sluice-publisher
 * --demand.
 *
 * Every master is asked which channels have subscribers and how many; on a Cluster with plain
 * Pub/Sub a gateway is subscribed at any one of them, so their answers are added up. Sluice's own
 * channels, whose names begin with '_', are left out.
 */
#ifndef PUBLISHER_DEMAND_LIST_H
#define PUBLISHER_DEMAND_LIST_H

#include <stdio.h>

#include "publisher/publisher_settings.h"

enum {
    DEMAND_LIST_WAIT_MS = 10000, /* for all answers */
    DEMAND_LIST_BATCH = 512,     /* channels in one question */
};

/* Print a line "<stream> <gateway links>" for each, in order of their names. 0; -errno with one
 * line in error. */
int demand_list_run(const struct publisher_settings *settings, FILE *out,
                    char error[SETTINGS_ERROR_MAX]);

#endif
