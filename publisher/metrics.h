/* metrics.h - what a publisher counts, as Prometheus text (format 0.0.4).
 *
 * Sources are labelled by their place on the command line, from 1, and by their kind: their
 * addresses may hold what is nobody's business.
 */
#ifndef PUBLISHER_METRICS_H
#define PUBLISHER_METRICS_H

#include "common/text.h"
#include "publisher/intake.h"
#include "publisher/publisher_counters.h"

/* Where it looks; all borrowed. */
struct metrics_sources {
    publisher_counters_fn *count;
    void *ctx; /* of count */
    const struct intake *intake;
    const struct market_data *market;
    const uv_loop_t *loop; /* whose time source_status is in */
};

extern const char *const source_state_names[]; /* "connecting", "live", "ended" */

/* "nano" of "nano=ws://...": the length of the kind within a source's label. */
size_t metrics_kind_len(const char *label);

void metrics_render(const struct metrics_sources *from, struct text *out);

#endif
