/* process_stats.h - what this process takes from its machine, for the metrics.
 *
 * Read from /proc and the system's limits, so call it every second or so and not every turn.
 */
#ifndef GATEWAY_PROCESS_STATS_H
#define GATEWAY_PROCESS_STATS_H

struct counters;

/* Fill the process_ counters. What cannot be read keeps its last value. */
void process_stats_read(struct counters *c);

#endif
