/* fake_client.h - a gateway without sockets and without Redis: real settings, hub, views, clients
 * and dialects, driven by plain calls.
 *
 *   fake_say()  -> client_receive() -> dialect -> view -> hub -> g->wishes       (wishes, up)
 *   fake_publish() -> intake -> hub -> view -> queue -> fake_heard()             (data, down)
 *
 * It needs no test framework, so that fuzz targets use it, too. Clients belong to the gateway:
 * fake_gateway_stop() ends those that are left.
 */
#ifndef TESTS_FAKE_CLIENT_H
#define TESTS_FAKE_CLIENT_H

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "common/redis_asker.h"
#include "common/redis_topology.h"
#include "common/text.h"
#include "gateway/client.h"
#include "gateway/counters.h"
#include "gateway/dialects/dialect.h"
#include "gateway/gateway_settings.h"
#include "gateway/hub.h"
#include "gateway/intake.h"
#include "gateway/view.h"
#include "gateway/wheel.h"

enum { FAKE_CLIENTS_MAX = 64, FAKE_FLAGS_MAX = 32, FAKE_START_MS = 1000000 };

struct fake_gateway {
    struct gateway_settings settings;
    struct counters counters;
    struct wheel wheel;
    struct intake intake;
    struct hub *hub;
    struct views *views;
    struct redis_topology *topology; /* nothing is known yet */
    struct client_host host;
    uv_loop_t loop;     /* never run while the test goes on: the asker is never connected */
    struct text wishes; /* "+a -a ": what Redis would have been asked for */
    struct text heard;  /* what fake_heard() gave last */
    struct client *clients[FAKE_CLIENTS_MAX];
    unsigned n_clients;
};

#define FAKE_FLAGS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define FAKE_NO_FLAGS ((const char *const[]){NULL})

static inline void fake_interest(void *ctx, const char *name, size_t len, bool wanted)
{
    struct fake_gateway *g = ctx;

    text_add(&g->wishes, "%c%.*s ", wanted ? '+' : '-', (int)len, name);
}

static inline unsigned fake_classify(void *ctx, const char *name, size_t len)
{
    struct fake_gateway *g = ctx;

    return stream_class_of(&g->settings.stream_classes, name, len);
}

/* What was wished since the last call, e.g. "+a +b -a "; valid until the next wish. */
static inline const char *fake_wishes(struct fake_gateway *g)
{
    bool none = g->wishes.len == 0;

    g->wishes.len = 0;
    return none ? "" : g->wishes.at;
}

static inline void fake_load(struct fake_gateway *g, const char *const *flags)
{
    char *argv[FAKE_FLAGS_MAX + 1] = {(char *)(uintptr_t) "sluice-gateway"};
    char *env[] = {NULL}, error[SETTINGS_ERROR_MAX];
    int argc = 1;

    for (; *flags && argc < FAKE_FLAGS_MAX; flags++)
        argv[argc++] = (char *)(uintptr_t)*flags;
    if (gateway_settings_load(&g->settings, argc, argv, env, error) < 0) {
        fprintf(stderr, "%s\n", error);
        abort();
    }
}

/* flags: FAKE_FLAGS("--streams", "trade.*") or FAKE_NO_FLAGS. */
static inline void fake_gateway_start(struct fake_gateway *g, const char *const *flags)
{
    memset(g, 0, sizeof *g);
    fake_load(g, flags);
    uv_loop_init(&g->loop);
    wheel_init(&g->wheel, FAKE_START_MS);
    g->topology = redis_topology_new(&g->loop, &g->settings.redis_url, NULL, NULL);
    g->hub = hub_new(fake_interest, fake_classify, g);
    g->views = views_new(g->hub, client_deliver);
    g->host = (struct client_host){
        .settings = &g->settings,
        .counters = &g->counters,
        .views = g->views,
        .asker = redis_asker_new(&g->loop, &g->settings.redis_url, g->topology),
        .wheel = &g->wheel,
        .workers = &g->counters,
        .n_workers = 1,
        .now_ms = FAKE_START_MS};
    client_host_init(&g->host);
    intake_begin(&g->intake, &g->settings, &g->counters, g->hub, NULL);
    int err = dialects_start(&g->host);
    assert(err == 0);
    (void)err;
}

/* The handshake is done. */
static inline struct client *fake_open(struct fake_gateway *g, const struct dialect *dialect,
                                       enum profile profile, const char *path, const char *query)
{
    int err = client_host_reserve(&g->host, FAKE_CLIENTS_MAX);
    struct client *c = err ? NULL : malloc(sizeof *c);

    assert(c && g->n_clients < FAKE_CLIENTS_MAX);
    client_init(c, &g->host);
    g->clients[g->n_clients++] = c;
    client_open(c, dialect, profile, path, query);
    return c;
}

/* One whole text message of the client. */
static inline void fake_say(struct client *c, const char *text)
{
    client_receive(c, text, strlen(text), true, true, false);
}

/* A message from Redis. */
static inline void fake_publish(struct fake_gateway *g, const char *stream, const char *bytes)
{
    intake_message(&g->intake, stream, strlen(stream), bytes, strlen(bytes));
}

/* Redis has subscribed us to the stream. */
static inline void fake_confirm(struct fake_gateway *g, const char *stream)
{
    reader_confirmed(&g->intake.reader, stream, strlen(stream));
}

/* The link to Redis is gone. */
static inline void fake_lose_link(struct fake_gateway *g)
{
    for (struct stream *at = NULL; (at = hub_next(g->intake.hub, at));)
        reader_lost(&g->intake.reader, at->name, at->name_len);
}

static inline size_t fake_header_len(const struct frame *frame)
{
    return frame->bytes[1] < 126 ? 2 : frame->bytes[1] == 126 ? 4 : 10;
}

/* Takes what is queued for the client, as its socket would: each frame's payload on a line of its
 * own, without a newline at the end; a frame that is no text as "(ping)". "" where there is
 * nothing. Valid until the next call. */
static inline const char *fake_heard(struct fake_gateway *g, struct client *c)
{
    g->heard.len = 0;
    text_add(&g->heard, "%s", "");
    while (c->queue.n > 0) {
        const struct frame *frame = queue_at(&c->queue, 0);
        size_t at = fake_header_len(frame);
        if (g->heard.len > 0)
            text_add(&g->heard, "\n");
        if ((frame->bytes[0] & 15) == WS_TEXT)
            text_add_bytes(&g->heard, (const char *)frame->bytes + at, frame->len - at);
        else
            text_add(&g->heard, "(%s)", (frame->bytes[0] & 15) == WS_PING ? "ping" : "other");
        queue_pop(&c->queue, 1);
    }
    return g->heard.at;
}

/* The end of the loop's turn. What a client has not heard is what its socket did not take. */
static inline void fake_turn(struct fake_gateway *g)
{
    write_delays_run(&g->host);
    for (size_t i = 0; i < g->host.n_dirty; i++) {
        struct client *c = g->host.dirty[i];
        slow_reader_check(c);
        if (c->state == CLIENT_CLOSING)
            client_gone(c);
        c->dirty = false;
    }
    g->host.n_dirty = 0;
    slow_readers_keep_budget(&g->host);
    intake_turn_end(&g->intake);
}

static inline void fake_due(struct wheel_entry *e, void *ctx)
{
    (void)ctx;
    client_tick(list_entry(e, struct client, timer));
}

/* Time goes by, tick for tick. */
static inline void fake_pass(struct fake_gateway *g, uint64_t ms)
{
    for (uint64_t end = g->host.now_ms + ms; g->host.now_ms < end;) {
        uint64_t left = end - g->host.now_ms;
        g->host.now_ms += left < WHEEL_TICK_MS ? left : WHEEL_TICK_MS;
        wheel_run(&g->wheel, g->host.now_ms, fake_due, NULL);
    }
}

/* The connection ends, whatever the gateway thinks of it. */
static inline void fake_close(struct fake_gateway *g, struct client *c)
{
    unsigned i = 0;
    size_t kept = 0;

    for (size_t k = 0; k < g->host.n_dirty; k++)
        if (g->host.dirty[k] != c)
            g->host.dirty[kept++] = g->host.dirty[k];
    g->host.n_dirty = kept;
    while (i < g->n_clients && g->clients[i] != c)
        i++;
    assert(i < g->n_clients);
    g->clients[i] = g->clients[--g->n_clients];
    c->dirty = false;
    client_fini(c);
    free(c);
}

static inline void fake_gateway_stop(struct fake_gateway *g)
{
    while (g->n_clients > 0)
        fake_close(g, g->clients[0]);
    dialects_stop(&g->host);
    redis_asker_free(&g->host.asker);
    redis_topology_free(&g->topology);
    uv_run(&g->loop, UV_RUN_DEFAULT);
    int err = uv_loop_close(&g->loop);
    assert(err == 0);
    (void)err;
    views_free(&g->views);
    hub_free(&g->hub);
    intake_end(&g->intake);
    free(g->host.dirty);
    text_free(&g->wishes);
    text_free(&g->heard);
    gateway_settings_free(&g->settings);
}

#endif
