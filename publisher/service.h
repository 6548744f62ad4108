/* service.h - everything one running publisher consists of, and its turn of the loop.
 *
 *   intake -> publisher -> backlog -> outbox -> Redis
 *
 * Who stands by holds the last seconds in the backlog and sends nothing: outbox.h.
 *
 * It ends when all its sources are at their end and Redis has acknowledged everything, or on
 * SIGTERM or SIGINT: then the sources stop, and what waits has SERVICE_FLUSH_MS to go out. A
 * second signal ends it at once. One that comes before the loop turns waits for it: signals.h.
 */
#ifndef PUBLISHER_SERVICE_H
#define PUBLISHER_SERVICE_H

#include "publisher/publisher_settings.h"

enum { SERVICE_FLUSH_MS = 5000 };

/* Run to the end. 0; -errno with one line in error: -ESTALE: another publisher writes the same
 * streams; else it could not begin. */
int service_run(const struct publisher_settings *settings, char error[SETTINGS_ERROR_MAX]);

#endif
