/* replay.c - events from a recorded file, as fast as they were recorded, faster, or as fast as
 * Redis takes them.
 *
 *   replay=FILE[,speed=N|max][,loop]
 *
 *   turn: read on until there is an event -> due? hand it over, and the next : wait until it is
 *
 * Every turn ends after a number of events or bytes, so that what is handed over goes out.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "publisher/sources/line_input.h"
#include "publisher/sources/pace.h"
#include "publisher/sources/progress.h"
#include "publisher/sources/wake.h"

enum {
    TURN_EVENTS = 1024,   /* handed over in one turn of the loop, */
    READ_COUNTS = 64,     /* for as many of which a read counts */
    EMPTY_PASS_MS = 1000, /* the wait after a pass of a loop that had no event */
    OPTION_MAX = 32,
};

struct replay {
    struct source source;
    struct line_input in;
    struct event_line next; /* read, and not due yet */
    bool has_next;
    struct wake wake; /* the next turn */
    int fd;
    uint64_t size, at; /* bytes of the file, and how many are read in this pass */
    bool loop, show;
    struct pace pace;
    struct progress progress;
    uint64_t events, pass_events;
};

static uint64_t now_us(void)
{
    return uv_hrtime() / 1000;
}

static void again(struct replay *r, uint64_t ms)
{
    wake_after(&r->wake, ms);
}

static void show_progress(struct replay *r)
{
    char line[PROGRESS_MAX];

    progress_line(&r->progress, r->events, r->at, r->loop ? 0 : r->size, now_us(), line);
    fprintf(stderr, "\r%s\033[K%s", line, r->source.done ? "\n" : "");
}

static void finish(struct replay *r)
{
    source_done(&r->source);
    if (r->show)
        show_progress(r);
}

/* The file is read to its end and handed over. A loop of a file without events would turn idly,
 * and one of a single event without end within a turn: each pass takes a moment. */
static void end_pass(struct replay *r)
{
    if (!r->loop) {
        finish(r);
        return;
    }
    if (r->pass_events > 0)
        r->source.host->again(r->source.host->ctx, &r->source);
    else
        log_warn("a replay holds no event", LOG_TEXT("source", r->source.label));
    again(r, r->pass_events == 0 ? EMPTY_PASS_MS : r->pace.speed == PACE_MAX ? 0 : 1);
    lseek(r->fd, 0, SEEK_SET);
    line_reader_reset(&r->in.reader);
    pace_init(&r->pace, r->pace.speed);
    r->in.lines = r->at = r->pass_events = 0;
}

/* Read a piece. False: this turn is over, and there will be another or the replay has ended. */
static bool read_on(struct replay *r)
{
    size_t cap;
    char *room = line_reader_room(&r->in.reader, &cap);
    ssize_t n = room ? read(r->fd, room, cap) : -1;

    if (n > 0) {
        line_reader_filled(&r->in.reader, (size_t)n);
        r->at += (uint64_t)n;
        return true;
    }
    if (n == 0 && !r->in.reader.ended) {
        line_reader_end(&r->in.reader);
        return true;
    }
    if (n == 0) {
        end_pass(r);
    } else {
        log_error("cannot read a replay; it ends here", LOG_TEXT("source", r->source.label),
                  LOG_TEXT("why", strerror(room ? errno : ENOMEM)));
        finish(r);
    }
    return false;
}

/* True: it was due and is handed over. False: there is another turn when it is. */
static bool hand_over(struct replay *r)
{
    uint64_t wait = r->next.has_time ? pace_wait(&r->pace, r->next.time_ms, now_us()) : 0;

    if (wait > 0) {
        again(r, (wait + 999) / 1000);
        return false;
    }
    r->has_next = false;
    r->events++;
    r->pass_events++;
    line_input_emit(&r->in, &r->next);
    return true;
}

/* While paused nothing is due: resume() brings the next turn. */
static void turn(void *ctx)
{
    struct replay *r = ctx;

    if (r->show && progress_due(&r->progress, now_us()))
        show_progress(r);
    for (unsigned n = 0; n < TURN_EVENTS && !r->source.paused; n++) {
        if (!r->has_next && !(r->has_next = line_input_next(&r->in, &r->next))) {
            if (!read_on(r))
                return;
            n += READ_COUNTS;
        } else if (!hand_over(r)) {
            return;
        }
    }
    if (!r->source.paused)
        again(r, 0);
}

static void start(struct source *source)
{
    struct replay *r = (struct replay *)source;

    progress_init(&r->progress, now_us());
    again(r, 0);
}

static void resume(struct source *source)
{
    again((struct replay *)source, 0);
}

static void on_closed(void *ctx)
{
    struct replay *r = ctx;

    line_input_fini(&r->in);
    free(r);
}

static void end_replay(struct source *source)
{
    struct replay *r = (struct replay *)source;

    if (r->show && !source->done)
        fputc('\n', stderr);
    close(r->fd);
    wake_close(&r->wake, on_closed);
}

static const struct source_ops replay_ops = {.start = start, .resume = resume, .free = end_replay};

struct options {
    double speed;
    bool loop;
};

static int read_options(const char *text, struct options *options, char error[SOURCE_ERROR_MAX])
{
    char buf[OPTION_MAX];
    const char *name, *value;

    *options = (struct options){.speed = 1};
    while (source_option(&text, buf, sizeof buf, &name, &value)) {
        if (strcmp(name, "loop") == 0 && !value) {
            options->loop = true;
        } else if (strcmp(name, "speed") == 0 && value) {
            if (pace_parse(value, &options->speed) == 0)
                continue;
            snprintf(error, SOURCE_ERROR_MAX, "speed '%s': 0.001 to 1000000, or max", value);
            return -EINVAL;
        } else {
            snprintf(error, SOURCE_ERROR_MAX, "option '%s': replay has speed=N|max and loop", name);
            return -EINVAL;
        }
    }
    return 0;
}

static int open_replay(const struct source_host *host, const char *argument, const char *text,
                       struct source **source, char error[SOURCE_ERROR_MAX])
{
    struct options options;
    uint64_t size;
    int fd;

    if (read_options(text, &options, error) < 0)
        return -EINVAL;
    if (!argument) {
        snprintf(error, SOURCE_ERROR_MAX, "replay needs a file: replay=FILE[,speed=N|max][,loop]");
        return -EINVAL;
    }
    if ((fd = source_file_open(argument, &size, error)) < 0)
        return fd;
    struct replay *r = calloc(1, sizeof *r);
    if (!r) {
        close(fd);
        return -ENOMEM;
    }
    r->source.ops = &replay_ops;
    r->source.patient = options.speed == PACE_MAX;
    r->fd = fd;
    r->size = size;
    r->loop = options.loop;
    r->show = isatty(STDERR_FILENO);
    pace_init(&r->pace, options.speed);
    line_input_init(&r->in, &r->source, host->line_max);
    wake_init(&r->wake, host->loop, turn, r);
    *source = &r->source;
    return 0;
}

const struct source_kind replay_source = {.name = "replay", .open = open_replay};
