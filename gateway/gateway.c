/* gateway.c - see gateway.h. */
#include "gateway/gateway.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/log.h"
#include "common/redis_asker.h"
#include "common/redis_topology.h"
#include "gateway/acceptor.h"
#include "gateway/client.h"
#include "gateway/counters.h"
#include "gateway/gateway_settings.h"
#include "gateway/heap.h"
#include "gateway/history.h"
#include "gateway/http.h"
#include "gateway/hub.h"
#include "gateway/intake.h"
#include "gateway/limits.h"
#include "gateway/link.h"
#include "gateway/process_stats.h"
#include "gateway/proxy_lobby.h"
#include "gateway/published.h"
#include "gateway/view.h"
#include "gateway/wheel.h"
#include "gateway/ws_edge.h"

enum {
    TICK_MS = WHEEL_TICK_MS,
    STATS_TICKS = 1000 / TICK_MS, /* between two looks at our own process */
    CLOSE_WAIT_MS = 1500,         /* after a drain, for the last close frames to be answered */
};

enum phase { PHASE_SERVING, PHASE_DRAINING, PHASE_LEAVING, PHASE_ENDED };

struct gateway {
    uv_loop_t *loop;
    const struct gateway_config *config;
    struct gateway_settings *settings;
    struct counters *counters;
    struct wheel wheel;
    struct client_host host;
    struct hub *hub;
    struct views *views;
    struct intake intake;
    struct link_config link_config;
    struct redis_topology *topology;
    struct redis_asker *asker;
    struct published *published;
    struct history history;
    struct link *link;
    struct http_sources http;
    struct ws_edge *edge;
    struct acceptor *acceptor;
    uv_timer_t tick, delay;
    uint64_t delay_at_ms; /* for which the delay's timer is set; 0: it is not */
    struct proxy_lobby *lobby;
    struct limits *limits;
    unsigned ticks;
    struct heap heap;
    uv_prepare_t before_wait;
    uv_check_t after_wait;
    enum phase phase;
    uint64_t drain_began_ms, drain_clients, drained;
    uint64_t leave_ms;
};

/* ---- the wiring ----------------------------------------------------------------------------- */

static void on_interest(void *ctx, const char *name, size_t len, bool wanted)
{
    struct gateway *gw = ctx;

    link_want(gw->link, name, len, wanted);
}

static unsigned on_classify(void *ctx, const char *name, size_t len)
{
    struct gateway *gw = ctx;

    return stream_class_of(&gw->settings->stream_classes, name, len);
}

static void on_message(void *ctx, const char *stream, size_t stream_len, const char *payload,
                       size_t len)
{
    struct gateway *gw = ctx;

    intake_message(&gw->intake, stream, stream_len, payload, len);
}

static void on_confirmed(void *ctx, const char *stream, size_t len)
{
    struct gateway *gw = ctx;

    reader_confirmed(&gw->intake.reader, stream, len);
}

static void on_lost(void *ctx, const char *stream, size_t len)
{
    struct gateway *gw = ctx;

    reader_lost(&gw->intake.reader, stream, len);
}

static void on_ready(void *ctx, bool ready)
{
    struct gateway *gw = ctx;

    gw->counters->link_ready = ready;
}

static void on_known(void *ctx, int fd, const struct listen_address *listener,
                     const struct address *peer)
{
    struct gateway *gw = ctx;

    gw->host.now_ms = uv_now(gw->loop);
    ws_edge_adopt(gw->edge, fd, listener, peer);
}

static void on_accepted(void *ctx, int fd, const struct listen_address *listener,
                        const struct address *peer)
{
    struct gateway *gw = ctx;

    if (listener->proxy)
        proxy_lobby_enter(gw->lobby, fd, listener, peer);
    else
        on_known(ctx, fd, listener, peer);
}

static void on_due(struct wheel_entry *e, void *ctx)
{
    (void)ctx;
    client_tick(list_entry(e, struct client, timer));
}

/* ---- the turn ------------------------------------------------------------------------------- */

static void drain_step(struct gateway *gw)
{
    uint64_t now = gw->host.now_ms, window = gw->settings->drain_ms;
    uint64_t passed = now - gw->drain_began_ms;
    uint64_t due =
        window == 0 || passed >= window ? gw->drain_clients : gw->drain_clients * passed / window;

    if (due > gw->drained)
        gw->drained += ws_edge_drain(gw->edge, due - gw->drained);
    if (passed < window && gw->counters->clients > 0)
        return;
    ws_edge_drain(gw->edge, SIZE_MAX);
    gw->phase = PHASE_LEAVING;
    gw->leave_ms = now + CLOSE_WAIT_MS;
}

static void leave(struct gateway *gw)
{
    if (gw->phase == PHASE_ENDED)
        return;
    gw->phase = PHASE_ENDED;
    uv_stop(gw->loop);
}

static void count(struct gateway *gw)
{
    gw->counters->views = views_count(gw->views);
    gw->counters->subscriptions = views_members(gw->views);
    gw->counters->streams = hub_streams(gw->hub);
    gw->counters->connections = ws_edge_connections(gw->edge);
    struct link_counts link = link_counts(gw->link);
    gw->counters->redis_masters = link.masters;
    gw->counters->redis_hearing = link.hearing;
    gw->counters->redis_form_differs = link.form_differs;
    gw->counters->link_losses = link.losses;
    gw->counters->moved_streams = link.moved;
    gw->counters->refused_subscriptions = link.refused;
}

/* Makes the loop turn when messages have waited long enough. */
static void on_delay(uv_timer_t *handle)
{
    struct gateway *gw = handle->data;

    gw->delay_at_ms = 0;
}

static void plan_delay(struct gateway *gw)
{
    uint64_t next = write_delays_next(&gw->host), now = gw->host.now_ms;

    if (next == WRITE_DELAY_NEVER || next == gw->delay_at_ms)
        return;
    gw->delay_at_ms = next;
    uv_timer_start(&gw->delay, on_delay, next > now ? next - now : 0, 0);
}

/* Everything that happens once per turn of the loop, in this order: time; wishes to Redis before
 * answers to clients, so that what is published after an acknowledgement is seen; what clients are
 * due; what has come to its end. */
static void turn(struct gateway *gw)
{
    gw->host.now_ms = uv_now(gw->loop);
    wheel_run(&gw->wheel, gw->host.now_ms, on_due, NULL);
    if (gw->phase == PHASE_DRAINING)
        drain_step(gw);
    link_turn(gw->link, gw->host.now_ms);
    reader_turn(&gw->intake.reader);
    history_turn(&gw->history, gw->host.now_ms);
    redis_asker_turn(gw->asker, gw->host.now_ms);
    write_delays_run(&gw->host);
    proxy_lobby_turn(gw->lobby);
    ws_edge_turn(gw->edge);
    plan_delay(gw);
    intake_turn_end(&gw->intake);
    count(gw);
    if (gw->phase == PHASE_LEAVING &&
        (ws_edge_connections(gw->edge) == 0 || gw->host.now_ms >= gw->leave_ms))
        leave(gw);
}

/* After the wait for events it ends the turn; before it, it catches what timers have done. */
static void on_before_wait(uv_prepare_t *handle)
{
    turn(handle->data);
}

static void on_after_wait(uv_check_t *handle)
{
    turn(handle->data);
}

/* Makes the loop turn, too. */
static void on_tick(uv_timer_t *handle)
{
    struct gateway *gw = handle->data;

    gw->counters->beats++;
    dialects_tick(&gw->host);
    heap_look(&gw->heap, ws_edge_connections(gw->edge));
    if (gw->ticks++ % STATS_TICKS == 0)
        process_stats_read(gw->counters);
}

/* ---- life ----------------------------------------------------------------------------------- */

static const struct link_events link_events = {
    .message = on_message, .confirmed = on_confirmed, .lost = on_lost, .ready = on_ready};

static void start_handles(struct gateway *gw)
{
    uv_timer_init(gw->loop, &gw->tick);
    uv_timer_init(gw->loop, &gw->delay);
    uv_prepare_init(gw->loop, &gw->before_wait);
    uv_check_init(gw->loop, &gw->after_wait);
    gw->tick.data = gw->delay.data = gw->before_wait.data = gw->after_wait.data = gw;
    uv_timer_start(&gw->tick, on_tick, TICK_MS, TICK_MS);
    uv_prepare_start(&gw->before_wait, on_before_wait);
    uv_check_start(&gw->after_wait, on_after_wait);
}

static bool make_core(struct gateway *gw)
{
    const struct gateway_config *config = gw->config;

    wheel_init(&gw->wheel, uv_now(gw->loop));
    gw->hub = hub_new(on_interest, on_classify, gw);
    gw->views = gw->hub ? views_new(gw->hub, client_deliver) : NULL;
    gw->host = (struct client_host){.settings = gw->settings,
                                    .counters = gw->counters,
                                    .views = gw->views,
                                    .workers = config->workers,
                                    .n_workers = config->n_workers,
                                    .wheel = &gw->wheel,
                                    .now_ms = uv_now(gw->loop)};
    client_host_init(&gw->host);
    gw->http = (struct http_sources){.settings = gw->settings,
                                     .host = &gw->host,
                                     .hub = gw->hub,
                                     .workers = config->workers,
                                     .n_workers = config->n_workers};
    return gw->views != NULL;
}

static bool make_edges(struct gateway *gw)
{
    const struct gateway_config *config = gw->config;

    gw->topology = redis_topology_new(gw->loop, &gw->settings->redis_url, NULL, NULL);
    gw->link_config = (struct link_config){.url = &gw->settings->redis_url,
                                           .naming = &gw->settings->naming,
                                           .topology = gw->topology,
                                           .linger_ms = gw->settings->linger_ms,
                                           .worker = config->index};
    gw->asker =
        gw->topology ? redis_asker_new(gw->loop, &gw->settings->redis_url, gw->topology) : NULL;
    gw->published = gw->asker ? published_new(gw->asker, gw->settings->prefix) : NULL;
    gw->http.published = gw->published;
    history_init(&gw->history, gw->asker, &gw->settings->naming, gw->counters);
    gw->host.history = gateway_has_history(gw->settings) ? &gw->history : NULL;
    if (gw->hub)
        intake_begin(&gw->intake, gw->settings, gw->counters, gw->hub, gw->host.history);
    gw->link = gw->asker ? link_new(gw->loop, gw->asker, &gw->link_config, &link_events, gw) : NULL;
    gw->limits =
        limits_new(gw->settings, config->limits, config->workers, config->n_workers, config->index);
    if (!gw->limits)
        return false;
    gw->edge = ws_edge_new(gw->loop, &gw->host, &gw->http, &gw->settings->security, gw->limits);
    gw->host.asker = gw->asker;
    gw->lobby = proxy_lobby_new(gw->loop, &gw->settings->security, gw->counters,
                                gw->settings->handshake_timeout_ms, on_known, gw);
    if (!gw->link || !gw->edge || !gw->lobby || dialects_start(&gw->host) < 0)
        return false;
    gw->acceptor = acceptor_new(gw->loop, gw->settings->addresses, config->listening,
                                gw->settings->n_addresses, on_accepted, gw);
    return gw->acceptor != NULL;
}

struct gateway *gateway_new(uv_loop_t *loop, const struct gateway_config *config)
{
    struct gateway *gw = calloc(1, sizeof *gw);

    if (!gw)
        return NULL;
    gw->loop = loop;
    gw->config = config;
    gw->settings = config->settings;
    gw->counters = &config->workers[config->index];
    counters_clear_gauges(gw->counters);
    gw->counters->workers = 1;
    gw->counters->started_s = (uint64_t)time(NULL);
    gw->counters->cpu_before_us = gw->counters->cpu_us;
    process_stats_read(gw->counters);
    start_handles(gw);
    if (make_core(gw) && make_edges(gw)) {
        redis_topology_start(gw->topology);
        link_start(gw->link);
        return gw;
    }
    log_error("the gateway could not be built");
    gateway_free(&gw);
    return NULL;
}

int gateway_run(struct gateway *gw)
{
    uv_run(gw->loop, UV_RUN_DEFAULT);
    return gw->phase == PHASE_ENDED ? 0 : 1;
}

void gateway_reloaded(struct gateway *gw)
{
    if (ws_edge_reload(gw->edge) < 0)
        log_error("tls-cert: the new certificate could not be put to use");
}

void gateway_drain(struct gateway *gw)
{
    if (gw->phase != PHASE_SERVING) {
        leave(gw);
        return;
    }
    gw->phase = PHASE_DRAINING;
    gw->host.draining = true;
    acceptor_stop(gw->acceptor);
    gw->drain_began_ms = uv_now(gw->loop);
    gw->drain_clients = gw->counters->clients;
    log_info("draining", LOG_NUMBER("clients", gw->drain_clients),
             LOG_NUMBER("window_ms", gw->settings->drain_ms));
}

/* libwebsockets closes its handles in turns of the loop; so do we all. */
static void run_out(struct gateway *gw)
{
    while (uv_run(gw->loop, UV_RUN_NOWAIT) != 0)
        if (uv_backend_timeout(gw->loop) > 0)
            break;
}

void gateway_free(struct gateway **gwp)
{
    struct gateway *gw = *gwp;

    *gwp = NULL;
    if (!gw)
        return;
    acceptor_free(&gw->acceptor);
    proxy_lobby_free(&gw->lobby);
    uv_prepare_stop(&gw->before_wait);
    uv_check_stop(&gw->after_wait);
    if (gw->edge)
        ws_edge_stop(gw->edge);
    run_out(gw);
    if (gw->edge)
        ws_edge_turn(gw->edge); /* frees the clients that were on the turn's list */
    ws_edge_free(&gw->edge);
    limits_free(&gw->limits);
    link_free(&gw->link);
    redis_asker_free(&gw->asker);
    published_free(&gw->published);
    redis_topology_free(&gw->topology);
    uv_close((uv_handle_t *)&gw->tick, NULL);
    uv_close((uv_handle_t *)&gw->delay, NULL);
    uv_close((uv_handle_t *)&gw->before_wait, NULL);
    uv_close((uv_handle_t *)&gw->after_wait, NULL);
    uv_run(gw->loop, UV_RUN_DEFAULT);
    dialects_stop(&gw->host);
    views_free(&gw->views);
    hub_free(&gw->hub);
    intake_end(&gw->intake);
    counters_clear_gauges(gw->counters);
    free(gw->host.dirty);
    free(gw);
}
