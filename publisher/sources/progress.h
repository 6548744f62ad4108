/* progress.h - the line that shows on a terminal how far a replay is. It has no clock. */
#ifndef PUBLISHER_SOURCES_PROGRESS_H
#define PUBLISHER_SOURCES_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PROGRESS_EVERY_US = 500000, PROGRESS_MAX = 160 };

struct progress {
    uint64_t begun_us, shown_us, shown_events;
};

void progress_init(struct progress *p, uint64_t now_us);

/* Is it time for a line? */
bool progress_due(const struct progress *p, uint64_t now_us);

/* The line: events so far, their rate since the last line, and by how much of the file is done the
 * time that is left (left out with size 0, as of a replay that never ends). Returns its length. */
size_t progress_line(struct progress *p, uint64_t events, uint64_t at, uint64_t size,
                     uint64_t now_us, char buf[PROGRESS_MAX]);

#endif
