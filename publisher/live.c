/* live.c - see live.h. */
#include "publisher/live.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

/* Whoever turns logs over has moved the recording away. */
static void on_hangup(uv_signal_t *handle, int number)
{
    struct live *live = handle->data;

    (void)number;
    recorder_reopen(live->recorder);
}

static int start_recording(struct live *live, const char *path, struct source_host *host,
                           char error[SETTINGS_ERROR_MAX])
{
    char why[RECORDER_ERROR_MAX];

    if (!*path)
        return 0;
    live->recorder = recorder_open(host->loop, path, why);
    if (!live->recorder) {
        snprintf(error, SETTINGS_ERROR_MAX, "record: %s", why);
        return -EINVAL;
    }
    host->recorder = live->recorder;
    uv_signal_init(host->loop, &live->hangup);
    live->hangup.data = live;
    uv_signal_start(&live->hangup, on_hangup, SIGHUP);
    return 0;
}

int live_start(struct live *live, const struct publisher_settings *settings,
               struct source_host *host, char error[SETTINGS_ERROR_MAX])
{
    live->ws_clients = ws_clients_new(host->loop);
    live->demand =
        demand_new(host->loop, &settings->redis_url, &settings->naming, settings->demand_linger_ms);
    if (!live->ws_clients || !live->demand)
        return -ENOMEM;
    host->ws_clients = live->ws_clients;
    host->demand = live->demand;
    host->drift_markets = settings->drift_markets;
    return start_recording(live, settings->record, host, error);
}

void live_stop(struct live *live)
{
    if (live->recorder)
        uv_close((uv_handle_t *)&live->hangup, NULL);
    recorder_close(&live->recorder);
    demand_free(&live->demand);
    ws_clients_stop(live->ws_clients);
}

void live_free(struct live *live)
{
    ws_clients_free(&live->ws_clients);
}
