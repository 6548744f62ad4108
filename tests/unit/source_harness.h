/* source_harness.h - a host for one source under test: notes what it hands over, and runs the loop
 * until something has happened. Every wait ends by itself after WAIT_MS, and fails then. */
#ifndef TESTS_SOURCE_HARNESS_H
#define TESTS_SOURCE_HARNESS_H

#include <assert.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "publisher/sources/source.h"

enum { WAIT_MS = 20000, LINE_MAX_BYTES = 200 };

struct harness {
    uv_loop_t loop;
    struct source_host host;
    struct source *source;
    char events[4096]; /* each event's data and ' ' */
    unsigned n, n_bad, n_again, pause_after;
    char why[200]; /* of the last bad line */
    uint64_t bad_line;
    bool done, timed_out;
    char directory[64], path[80], spec[128], error[SOURCE_ERROR_MAX];
};

static struct harness h;

static const char *harness_event(void *ctx, struct source *from, const struct event *event)
{
    size_t at = strlen(h.events);

    (void)ctx;
    cr_assert_not(from->paused, "a paused source hands over nothing");
    if (at + event->data_len + 2 < sizeof h.events)
        snprintf(h.events + at, sizeof h.events - at, "%.*s ", (int)event->data_len, event->data);
    h.n++;
    if (h.n == h.pause_after)
        from->paused = true;
    return event->stream_len == 3 ? "three letters" : NULL;
}

static void harness_bad(void *ctx, struct source *from, const struct bad_line *bad)
{
    (void)ctx;
    (void)from;
    h.n_bad++;
    h.bad_line = bad->number;
    snprintf(h.why, sizeof h.why, "%s", bad->why);
}

static void harness_again(void *ctx, struct source *from)
{
    (void)ctx;
    (void)from;
    h.n_again++;
}

static void harness_done(void *ctx, struct source *from)
{
    (void)ctx;
    cr_expect(from->done);
    cr_expect_not(h.done, "once");
    h.done = true;
}

static inline void harness_set_up(void)
{
    memset(&h, 0, sizeof h);
    cr_assert_eq(uv_loop_init(&h.loop), 0);
    h.host = (struct source_host){.loop = &h.loop,
                                  .line_max = LINE_MAX_BYTES,
                                  .event = harness_event,
                                  .bad = harness_bad,
                                  .again = harness_again,
                                  .done = harness_done};
    strcpy(h.directory, "/tmp/sluice-test-XXXXXX");
    cr_assert_not_null(mkdtemp(h.directory));
    snprintf(h.path, sizeof h.path, "%s/lines", h.directory);
}

static inline void harness_tear_down(void)
{
    char other[96];

    source_free(&h.source);
    uv_run(&h.loop, UV_RUN_DEFAULT);
    assert(uv_loop_close(&h.loop) == 0); /* every handle is closed; no cr_assert in a .fini */
    snprintf(other, sizeof other, "%s.old", h.path);
    unlink(h.path);
    unlink(other);
    rmdir(h.directory);
}

static inline void harness_write(const char *mode, const char *text)
{
    FILE *file = fopen(h.path, mode);

    cr_assert_not_null(file);
    fputs(text, file);
    fclose(file);
}

/* Open "<before><path><after>"; the result of source_open(). */
static inline int harness_open(const char *before, const char *path, const char *after)
{
    snprintf(h.spec, sizeof h.spec, "%s%s%s", before, path, after);
    return source_open(&h.host, h.spec, &h.source, h.error);
}

static inline void harness_start(const char *before, const char *path, const char *after)
{
    cr_assert_eq(harness_open(before, path, after), 0, "%s", h.error);
    h.source->ops->start(h.source);
}

static inline void harness_resume(void)
{
    h.source->paused = false;
    h.source->ops->resume(h.source);
}

static void harness_too_late(uv_timer_t *timer)
{
    (void)timer;
    h.timed_out = true;
}

/* Run the loop until the condition holds. */
#define harness_until(condition)                                                                   \
    do {                                                                                           \
        uv_timer_t limit;                                                                          \
        h.timed_out = false;                                                                       \
        uv_timer_init(&h.loop, &limit);                                                            \
        uv_timer_start(&limit, harness_too_late, WAIT_MS, 0);                                      \
        while (!(condition) && !h.timed_out)                                                       \
            uv_run(&h.loop, UV_RUN_ONCE);                                                          \
        uv_close((uv_handle_t *)&limit, NULL);                                                     \
        uv_run(&h.loop, UV_RUN_NOWAIT);                                                            \
        cr_assert_not(h.timed_out, "waited in vain for " #condition ", have '%s'", h.events);      \
    } while (0)

/* A few turns of the loop, in which something that must not happen would. */
static inline void harness_turns(int turns)
{
    while (turns-- > 0)
        uv_run(&h.loop, UV_RUN_NOWAIT);
}

#endif
