/* progress.c - see progress.h. */
#include "publisher/sources/progress.h"

#include <inttypes.h>
#include <stdio.h>

void progress_init(struct progress *p, uint64_t now_us)
{
    *p = (struct progress){.begun_us = now_us, .shown_us = now_us};
}

bool progress_due(const struct progress *p, uint64_t now_us)
{
    return now_us - p->shown_us >= PROGRESS_EVERY_US;
}

static uint64_t seconds_left(const struct progress *p, uint64_t at, uint64_t size, uint64_t now_us)
{
    double done = (double)at / (double)size;

    return (uint64_t)((double)(now_us - p->begun_us) / 1e6 * (1 - done) / done + 0.5);
}

size_t progress_line(struct progress *p, uint64_t events, uint64_t at, uint64_t size,
                     uint64_t now_us, char buf[PROGRESS_MAX])
{
    double seconds = (double)(now_us - p->shown_us) / 1e6;
    double rate = seconds > 0 ? (double)(events - p->shown_events) / seconds : 0;
    int len = snprintf(buf, PROGRESS_MAX, "%" PRIu64 " events, %.0f/s", events, rate);

    p->shown_us = now_us;
    p->shown_events = events;
    if (size > 0 && at > 0 && at <= size) {
        uint64_t left = seconds_left(p, at, size, now_us);
        len += snprintf(buf + len, PROGRESS_MAX - (size_t)len,
                        ", %" PRIu64 "%%, %" PRIu64 ":%02" PRIu64 " left", at * 100 / size,
                        left / 60, left % 60);
    }
    return (size_t)len;
}
