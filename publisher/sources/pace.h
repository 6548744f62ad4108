/* pace.h - when the events of a recording are due. It has no clock: now is an argument.
 *
 * The first event with a time is due at once, and every other as much later as it was recorded
 * later, divided by the speed. What is late is due at once, so that a replay that had to wait
 * catches up; so is what has no time, or an earlier one than the first.
 */
#ifndef PUBLISHER_SOURCES_PACE_H
#define PUBLISHER_SOURCES_PACE_H

#include <stdbool.h>
#include <stdint.h>

#define PACE_MAX 0.0 /* the speed at which everything is due at once */
#define PACE_SPEED_LEAST 0.001
#define PACE_SPEED_MOST 1000000.0

struct pace {
    double speed;
    bool begun;
    int64_t first_ms;  /* recorded time of the first event */
    uint64_t begun_us; /* when that was due */
};

/* "10", "0.5" or "max". 0; -EINVAL. */
int pace_parse(const char *text, double *speed);

void pace_init(struct pace *p, double speed);

/* How long until an event recorded at time_ms (0 to 2^53) is due, in microseconds. */
uint64_t pace_wait(struct pace *p, int64_t time_ms, uint64_t now_us);

#endif
