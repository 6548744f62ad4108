/* lead_name.h - what the lease of a set of sources is called when nobody gives it a name. */
#ifndef PUBLISHER_LEAD_NAME_H
#define PUBLISHER_LEAD_NAME_H

#include "common/settings.h"
#include "publisher/lease.h"

/* The kinds of the live sources, each once, in the order of the alphabet, joined by '+'; empty
 * where all are lines or replay. 0; -E2BIG. */
int lead_of_sources(const struct setting_list *sources, char name[LEASE_NAME_MAX + 1]);

#endif
