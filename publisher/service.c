/* service.c - see service.h. */
#include "publisher/service.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "common/log.h"
#include "common/notify.h"
#include "common/signals.h"
#include "publisher/directory_writer.h"
#include "publisher/http_listener.h"
#include "publisher/intake.h"
#include "publisher/live.h"
#include "publisher/outbox.h"
#include "publisher/publisher_counters.h"

struct service {
    uv_loop_t loop;
    struct backlog backlog;
    struct publisher publisher;
    struct intake intake;
    struct live live;
    struct nano_local local;
    struct market_data market;
    struct outbox *outbox;
    struct directory directory;
    struct directory_writer directory_writer;
    struct metrics_sources metrics;
    struct http_listener *http; /* NULL: none is wanted */
    uv_prepare_t turn;
    uv_timer_t watchdog;
    uv_timer_t flush; /* counts to the end once the sources have been stopped */
    uv_signal_t terminate, interrupt;
    const char *prefix;
    bool stopping;
    uint64_t begun_ms, drops_told;
    struct log_limit drops;
};

static void tell_drops(struct service *s)
{
    uint64_t held, dropped = s->backlog.dropped[PUBLISHER_DROP_FULL];

    if (dropped <= s->drops_told || !log_allowed(&s->drops, &held))
        return;
    s->drops_told = dropped;
    log_warn("the backlog is full: the oldest events go", LOG_NUMBER("dropped", dropped),
             LOG_NUMBER("waiting", s->backlog.n));
}

/* Nothing more will come, and what came is out, or another's to send. */
static bool is_finished(const struct service *s)
{
    if (outbox_failure(s->outbox))
        return true;
    return intake_done(&s->intake) &&
           (s->backlog.n == 0 || (s->stopping && outbox_stands_by(s->outbox)));
}

/* The loop's turn, before it waits: sources go on or not, what they gave goes out. */
static void on_turn(uv_prepare_t *handle)
{
    struct service *s = handle->data;
    bool finished;

    s->intake.lossy = outbox_stands_by(s->outbox);
    if (!s->stopping)
        intake_turn(&s->intake, outbox_is_open(s->outbox));
    finished = is_finished(s) && outbox_leave(s->outbox);
    outbox_turn(s->outbox);
    tell_drops(s);
    if (finished)
        uv_stop(&s->loop);
}

static void on_flush_over(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct service *s = handle->data;

    if (s->stopping) {
        uv_stop(&s->loop);
        return;
    }
    s->stopping = true;
    notify("STOPPING=1");
    log_info("stopping", LOG_TEXT("signal", strsignal(number)),
             LOG_NUMBER("waiting", s->backlog.n));
    intake_stop(&s->intake);
    uv_timer_start(&s->flush, on_flush_over, SERVICE_FLUSH_MS, 0);
}

/* A publisher_counters_fn. */
static void count(void *ctx, struct publisher_counters *into)
{
    const struct service *s = ctx;

    *into = (struct publisher_counters){
        .events = s->publisher.events,
        .bad = s->publisher.bad,
        .missed_blocks = s->backlog.missed_blocks,
        .waiting = s->backlog.n,
        .waiting_bytes = s->backlog.bytes,
        .waiting_limit = s->backlog.limit,
    };
    memcpy(into->dropped, s->backlog.dropped, sizeof into->dropped);
    outbox_count(s->outbox, into);
}

/* What never reached Redis is dropped too: published, repeated, refused and dropped make up all. */
static void summarise(struct service *s)
{
    struct publisher_counters counters;

    count(s, &counters);
    log_info("publisher has ended", LOG_NUMBER("events", counters.events),
             LOG_NUMBER("streams", counters.streams), LOG_NUMBER("published", counters.published),
             LOG_NUMBER("repeated", counters.repeated), LOG_NUMBER("refused", counters.refused),
             LOG_NUMBER("dropped", backlog_dropped(&s->backlog) + counters.waiting),
             LOG_NUMBER("bad", counters.bad),
             LOG_NUMBER("seconds", (uv_now(&s->loop) - s->begun_ms + 500) / 1000));
}

static struct backlog_queue *queue_of(void *ctx, const char *stream, size_t len)
{
    return outbox_queue(ctx, stream, len);
}

/* On error fini() takes what there is. */
static int init(struct service *s, const struct publisher_settings *settings)
{
    s->prefix = settings->prefix;
    backlog_init(&s->backlog, settings->backlog);
    publisher_init(&s->publisher, &s->backlog, &settings->history_rules);
    intake_init(&s->intake, &s->loop, &s->publisher, settings->line_max);
    s->outbox = outbox_new(&s->loop, &s->backlog, &settings->redis_url, &settings->naming,
                           settings->lease[0] ? settings->lease : NULL);
    s->publisher.queue_of = queue_of;
    s->publisher.ctx = s->outbox;
    uv_prepare_init(&s->loop, &s->turn);
    uv_timer_init(&s->loop, &s->flush);
    notify_watchdog_start(&s->loop, &s->watchdog);
    uv_signal_init(&s->loop, &s->terminate);
    uv_signal_init(&s->loop, &s->interrupt);
    s->turn.data = s->terminate.data = s->interrupt.data = s;
    s->intake.directory = &s->directory;
    int err = directory_init(&s->directory);
    return err ? err : s->outbox ? 0 : -ENOMEM;
}

static void fini(struct service *s)
{
    signals_leave();
    intake_stop(&s->intake);
    live_stop(&s->live);
    directory_writer_stop(&s->directory_writer);
    outbox_free(&s->outbox);
    uv_close((uv_handle_t *)&s->turn, NULL);
    uv_close((uv_handle_t *)&s->flush, NULL);
    uv_close((uv_handle_t *)&s->watchdog, NULL);
    uv_close((uv_handle_t *)&s->terminate, NULL);
    uv_close((uv_handle_t *)&s->interrupt, NULL);
    http_listener_stop(s->http);
    uv_run(&s->loop, UV_RUN_DEFAULT); /* everybody's handles, until libuv has let go of them */
    http_listener_free(&s->http);
    live_free(&s->live);
    uv_run(&s->loop, UV_RUN_DEFAULT); /* and those of libwebsockets */
    uv_loop_close(&s->loop);
    nano_local_fini(&s->local);
    market_data_fini(&s->market);
    directory_fini(&s->directory);
    backlog_fini(&s->backlog);
}

static int open_sources(struct service *s, const struct setting_list *sources,
                        char error[SETTINGS_ERROR_MAX])
{
    char why[SOURCE_ERROR_MAX];

    for (size_t i = 0; i < sources->n; i++) {
        int err = intake_open(&s->intake, sources->items[i], why);
        if (err) {
            snprintf(error, SETTINGS_ERROR_MAX, "source: '%.100s': %.250s", sources->items[i], why);
            return err;
        }
    }
    return 0;
}

static int load_local(struct service *s, const char *path, char error[SETTINGS_ERROR_MAX])
{
    char why[NANO_LOCAL_ERROR_MAX];
    int err = *path ? nano_local_load(&s->local, path, why) : 0;

    if (err)
        snprintf(error, SETTINGS_ERROR_MAX, "%s", why);
    s->intake.local = &s->local;
    return err;
}

static int load_markets(struct service *s, const struct publisher_settings *settings,
                        char error[SETTINGS_ERROR_MAX])
{
    const struct market_data_settings market = {.on = settings->market_data,
                                                .levels = settings->book_levels,
                                                .injective_markets = settings->injective_markets,
                                                .drift_markets = settings->drift_markets};

    _Static_assert((int)MARKET_DATA_ERROR_MAX <= (int)SETTINGS_ERROR_MAX, "error takes it");
    s->intake.market = &s->market;
    return market_data_init(&s->market, &market, error);
}

static int open_http(struct service *s, const char *address, char error[SETTINGS_ERROR_MAX])
{
    _Static_assert((int)HTTP_LISTENER_ERROR_MAX <= (int)SETTINGS_ERROR_MAX, "error takes it");
    s->metrics = (struct metrics_sources){
        .count = count, .ctx = s, .intake = &s->intake, .market = &s->market, .loop = &s->loop};
    return *address ? http_listener_new(&s->http, &s->loop, address, &s->metrics, error) : 0;
}

/* What a standby publishes is told by the leader. */
static bool leads(void *ctx)
{
    struct publisher_counters counters;

    count(ctx, &counters);
    return counters.role != PUBLISHER_STANDBY;
}

static void start_directory(struct service *s)
{
    s->directory_writer.directory = &s->directory;
    s->directory_writer.asker = outbox_asker(s->outbox);
    s->directory_writer.leads = leads;
    s->directory_writer.ctx = s;
    directory_writer_start(&s->directory_writer, &s->loop, s->prefix);
}

static void run(struct service *s)
{
    s->begun_ms = uv_now(&s->loop);
    uv_prepare_start(&s->turn, on_turn);
    uv_signal_start(&s->terminate, on_signal, SIGTERM);
    uv_signal_start(&s->interrupt, on_signal, SIGINT);
    signals_take();
    outbox_start(s->outbox);
    start_directory(s);
    intake_start(&s->intake);
    notify("READY=1");
    uv_run(&s->loop, UV_RUN_DEFAULT);
    summarise(s);
}

int service_run(const struct publisher_settings *settings, char error[SETTINGS_ERROR_MAX])
{
    struct service *s = calloc(1, sizeof *s);

    snprintf(error, SETTINGS_ERROR_MAX, "out of memory");
    if (!s || uv_loop_init(&s->loop) < 0) {
        free(s);
        return -ENOMEM;
    }
    int err = init(s, settings);
    if (!err)
        err = load_local(s, settings->nano_accounts, error);
    if (!err)
        err = load_markets(s, settings, error);
    if (!err)
        err = live_start(&s->live, settings, &s->intake.host, error);
    if (!err)
        err = open_sources(s, &settings->sources, error);
    if (!err)
        err = open_http(s, settings->http, error);
    if (!err)
        run(s);
    if (!err && outbox_failure(s->outbox)) {
        snprintf(error, SETTINGS_ERROR_MAX, "%s", outbox_failure(s->outbox));
        err = -ESTALE;
    }
    fini(s);
    free(s);
    return err;
}
