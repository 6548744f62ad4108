/* intake.c - see intake.h. */
#include "publisher/intake.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* ---- waiting --------------------------------------------------------------------------------- */

static bool must_wait(const struct intake *in, const struct source *source)
{
    return in->throttled && !source->pressing && (in->redis_open || source->patient);
}

/* Called with every event, so that no source hands over more than one too many. */
static void throttle(struct intake *in)
{
    const struct backlog *backlog = in->publisher->backlog;
    struct source *source;

    if (in->throttled || in->lossy || backlog->bytes <= backlog->limit / 2)
        return;
    in->throttled = true;
    list_each (source, &in->sources, in_intake) {
        source->paused = must_wait(in, source);
    }
}

void intake_turn(struct intake *in, bool open)
{
    const struct backlog *backlog = in->publisher->backlog;
    struct source *source;

    in->redis_open = open;
    if (in->lossy || backlog->bytes < backlog->limit / 4)
        in->throttled = false;
    list_each (source, &in->sources, in_intake) {
        bool was = source->paused;
        source->paused = must_wait(in, source);
        if (was && !source->paused && !source->done)
            source->ops->resume(source); /* which may throttle again, this one and the next */
    }
}

/* ---- what sources hand over ------------------------------------------------------------------ */

static uint64_t unix_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void log_bad(struct intake *in, const struct source *from, const struct bad_line *bad)
{
    char raw[INTAKE_RAW_MAX + 1];
    uint64_t held;

    if (log_allowed(&in->bads, &held))
        log_warn("a bad event", LOG_TEXT("source", from->label), LOG_NUMBER("line", bad->number),
                 LOG_TEXT("why", bad->why), LOG_NUMBER("held", held));
    if (!bad->raw)
        return;
    snprintf(raw, sizeof raw, "%.*s",
             (int)(bad->raw_len < INTAKE_RAW_MAX ? bad->raw_len : INTAKE_RAW_MAX), bad->raw);
    log_debug("a bad event, as it came", LOG_TEXT("source", from->label),
              LOG_NUMBER("line", bad->number), LOG_TEXT("why", bad->why), LOG_TEXT("raw", raw));
}

static void on_bad(void *ctx, struct source *from, const struct bad_line *bad)
{
    struct intake *in = ctx;

    publisher_bad(in->publisher);
    from->tally.bad++;
    log_bad(in, from, bad);
}

/* Static text: what is wrong with it; NULL: it is in the backlog, or counted as a hole for want of
 * memory. */
static const char *publish(struct intake *in, const struct event *event, uint64_t now_us)
{
    const char *why = NULL;

    publisher_event(in->publisher, event, now_us, &why);
    if (!why && in->directory)
        directory_note(in->directory, in->from, event, now_us / 1000);
    return why;
}

/* An event that was made of another one here. */
static void publish_made(void *ctx, const struct event *event)
{
    publish(ctx, event, unix_us());
}

static void publish_local(struct intake *in, const struct event *event)
{
    struct event local = *event;

    if (!in->local || !nano_local_takes(in->local, event))
        return;
    local.stream = NANO_LOCAL_STREAM;
    local.stream_len = sizeof NANO_LOCAL_STREAM - 1;
    publish_made(in, &local);
}

/* A recording's events are as late as it is old. */
static void tally(struct source *from, const struct event *event, uint64_t now_us)
{
    from->tally.events++;
    if (event->time_ms > 0 && strncmp(from->label, "replay", 6) != 0)
        source_tally_lag(&from->tally, event->time_ms, now_us);
}

static const char *on_event(void *ctx, struct source *from, const struct event *event)
{
    struct intake *in = ctx;
    uint64_t now_us = unix_us();

    in->from = from;
    const char *why = publish(in, event, now_us);
    if (!why) {
        tally(from, event, now_us);
        publish_local(in, event);
        if (in->market)
            market_data_take(in->market, event, publish_made, in);
    }
    throttle(in);
    return why;
}

static void on_again(void *ctx, struct source *from)
{
    struct intake *in = ctx;

    (void)from;
    publisher_new_term(in->publisher);
    if (in->market)
        market_data_again(in->market);
}

static void on_done(void *ctx, struct source *from)
{
    struct intake *in = ctx;

    in->n_done++;
    log_debug("a source is at its end", LOG_TEXT("source", from->label));
}

/* ---- life ------------------------------------------------------------------------------------ */

void intake_init(struct intake *in, uv_loop_t *loop, struct publisher *publisher, size_t line_max)
{
    *in = (struct intake){.publisher = publisher};
    in->host = (struct source_host){.loop = loop,
                                    .line_max = line_max,
                                    .ctx = in,
                                    .event = on_event,
                                    .bad = on_bad,
                                    .again = on_again,
                                    .done = on_done};
    list_init(&in->sources);
}

int intake_open(struct intake *in, const char *spec, char error[SOURCE_ERROR_MAX])
{
    struct source *source;

    if (in->n == INTAKE_SOURCES_MAX) {
        snprintf(error, SOURCE_ERROR_MAX, "more than %d sources", INTAKE_SOURCES_MAX);
        return -E2BIG;
    }
    list_each (source, &in->sources, in_intake) {
        if (strcmp(source->label, spec) == 0) {
            snprintf(error, SOURCE_ERROR_MAX, "given twice");
            return -EEXIST;
        }
    }
    int err = source_open(&in->host, spec, &source, error);
    if (err)
        return err;
    list_append(&in->sources, &source->in_intake);
    in->n++;
    return 0;
}

void intake_start(struct intake *in)
{
    struct source *source;

    list_each (source, &in->sources, in_intake) {
        source_set_state(source, SOURCE_LIVE, ""); /* one that has to connect says otherwise */
        source->ops->start(source);
    }
}

bool intake_done(const struct intake *in)
{
    return in->n_done == in->n;
}

void intake_stop(struct intake *in)
{
    while (!list_empty(&in->sources)) {
        struct source *source = list_first(&in->sources, struct source, in_intake);
        list_remove(&source->in_intake);
        source_free(&source);
    }
    in->n = in->n_done = 0;
}
