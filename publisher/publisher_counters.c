/* publisher_counters.c - see publisher_counters.h. */
#include "publisher/publisher_counters.h"

const char *const publisher_drop_names[PUBLISHER_DROPS] = {"full", "size", "memory", "standby"};
const char *const publisher_role_names[] = {"alone", "standby", "leader"};
