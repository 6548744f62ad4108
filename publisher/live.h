/* live.h - what the sources that are clients of real servers share: libwebsockets, what has
 * listeners, and the recording.
 */
#ifndef PUBLISHER_LIVE_H
#define PUBLISHER_LIVE_H

#include "publisher/demand.h"
#include "publisher/publisher_settings.h"
#include "publisher/recorder.h"
#include "publisher/sources/source.h"
#include "publisher/sources/ws_clients.h"

/* Zero-initialised is as good as stopped. */
struct live {
    struct ws_clients *ws_clients;
    struct demand *demand;
    struct recorder *recorder; /* NULL: nothing is recorded */
    uv_signal_t hangup;        /* begins a new recording; open while there is one */
};

/* Gives the host what its sources need, before they are opened. settings is borrowed. 0; -errno
 * with one line in error; in both cases live_stop() and live_free() end it. */
int live_start(struct live *live, const struct publisher_settings *settings,
               struct source_host *host, char error[SETTINGS_ERROR_MAX]);

/* After all sources have ended; the loop must run until nothing is left in it. */
void live_stop(struct live *live);

/* And then; it must run so once more. */
void live_free(struct live *live);

#endif
