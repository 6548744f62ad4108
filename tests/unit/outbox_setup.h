/* outbox_setup.h - an outbox on a loop of its own, against a server that answers as the test wants.
 *
 *   TestSuite(name, .init = set_up, .fini = tear_down);
 */
#ifndef TESTS_UNIT_OUTBOX_SETUP_H
#define TESTS_UNIT_OUTBOX_SETUP_H

#include <assert.h>

#include "fake_redis.h"
#include "publisher/lane.h"
#include "publisher/outbox.h"
#include "publisher/publisher.h"

enum { WAIT_MS = 20000 };

static uv_loop_t loop;
static uv_prepare_t prepare;
static struct fake_redis fake;
static struct backlog backlog;
static struct publisher publisher;
static struct history_rules rules = {.streams = {1000, 600000}, .entities = {50, 600000}};
static struct redis_url url;
static const struct redis_naming naming = {.prefix = "p:"};
static struct outbox *outbox;
static bool timed_out;

static void on_turn(uv_prepare_t *handle)
{
    (void)handle;
    outbox_turn(outbox);
}

static struct backlog_queue *queue_of(void *ctx, const char *stream, size_t len)
{
    return outbox_queue(ctx, stream, len);
}

static void make_outbox(const char *lead)
{
    outbox = outbox_new(&loop, &backlog, &url, &naming, lead);
    publisher.queue_of = queue_of;
    publisher.ctx = outbox;
}

static void set_up(void)
{
    uv_loop_init(&loop);
    backlog_init(&backlog, 64 << 20);
    publisher_init(&publisher, &backlog, &rules);
    fake_listen(&fake, &loop, 0);
    strcpy(url.seeds[0].host, "127.0.0.1");
    snprintf(url.seeds[0].port, sizeof url.seeds[0].port, "%d", fake.port);
    url.n_seeds = 1;
    make_outbox(NULL);
    uv_prepare_init(&loop, &prepare);
    uv_prepare_start(&prepare, on_turn);
}

static void tear_down(void)
{
    outbox_free(&outbox);
    uv_close((uv_handle_t *)&prepare, NULL);
    fake_stop(&fake);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert(uv_loop_close(&loop) == 0); /* every handle is closed; no cr_assert in a .fini */
    backlog_fini(&backlog);
}

static void too_late(uv_timer_t *timer)
{
    (void)timer;
    timed_out = true;
}

#define run_until(condition)                                                                       \
    do {                                                                                           \
        uv_timer_t limit;                                                                          \
        uv_timer_init(&loop, &limit);                                                              \
        uv_timer_start(&limit, too_late, WAIT_MS, 0);                                              \
        while (!(condition) && !timed_out)                                                         \
            uv_run(&loop, UV_RUN_ONCE);                                                            \
        uv_close((uv_handle_t *)&limit, NULL);                                                     \
        uv_run(&loop, UV_RUN_NOWAIT);                                                              \
        cr_assert_not(timed_out, "waited in vain for " #condition ", have '%s'", fake.published);  \
    } while (0)

static inline void publish(const char *stream, const char *data)
{
    struct event event = {
        .stream = stream, .stream_len = strlen(stream), .data = data, .data_len = strlen(data)};
    const char *why;

    cr_assert_eq(publisher_event(&publisher, &event, 1, &why), 0);
}

static inline void publish_kept(const char *stream, const char *data)
{
    struct event event = {.stream = stream,
                          .stream_len = strlen(stream),
                          .data = data,
                          .data_len = strlen(data),
                          .keep_last = true};
    const char *why;

    cr_assert_eq(publisher_event(&publisher, &event, 1, &why), 0);
}

static inline struct publisher_counters counters(void)
{
    struct publisher_counters now = {0};

    outbox_count(outbox, &now);
    return now;
}

static inline bool lanes_are_open(void)
{
    return counters().links_open > 0;
}

static inline uint64_t published(void)
{
    return counters().published;
}

#endif
