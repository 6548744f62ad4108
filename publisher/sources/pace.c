/* pace.c - see pace.h. */
#include "publisher/sources/pace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Longer waits are cut: the event is looked at again then, and waits on. */
static const double wait_most_us = 24.0 * 3600 * 1e6;

int pace_parse(const char *text, double *speed)
{
    char *end;

    if (strcmp(text, "max") == 0) {
        *speed = PACE_MAX;
        return 0;
    }
    if (text[strspn(text, "0123456789.")] != '\0') /* no hex, no sign, no "nan" */
        return -EINVAL;
    double number = strtod(text, &end);
    if (end == text || *end || !(number >= PACE_SPEED_LEAST && number <= PACE_SPEED_MOST))
        return -EINVAL;
    *speed = number;
    return 0;
}

void pace_init(struct pace *p, double speed)
{
    *p = (struct pace){.speed = speed};
}

uint64_t pace_wait(struct pace *p, int64_t time_ms, uint64_t now_us)
{
    if (p->speed == PACE_MAX)
        return 0;
    if (!p->begun) {
        p->begun = true;
        p->first_ms = time_ms;
        p->begun_us = now_us;
    }
    double due = (double)(time_ms - p->first_ms) * 1000 / p->speed;
    double wait = due - (double)(now_us - p->begun_us);
    if (wait <= 0)
        return 0;
    return (uint64_t)(wait < wait_most_us ? wait : wait_most_us);
}
