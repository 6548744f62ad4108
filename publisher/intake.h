/* intake.h - the sources of this process: what they hand over goes to the publisher, and they wait
 * when it is too much.
 *
 *   source --event(), bad(), done()--> intake --publisher_event()--> publisher
 *   source <--resume()---------------- intake <--intake_turn(open?)-- service
 *
 * Waiting: above half of the backlog every source is paused while Redis takes events, since a
 * source that waits loses nothing; but for pressing ones, whose server would drop what we don't
 * read. While Redis is away only the patient ones are: a live source goes on, and the oldest events
 * give way to its newest. Below a quarter all go on. Nobody waits
 * while another publisher leads: what gives way here has been sent there.
 */
#ifndef PUBLISHER_INTAKE_H
#define PUBLISHER_INTAKE_H

#include "common/log.h"
#include "publisher/directory.h"
#include "publisher/market_data.h"
#include "publisher/nano_local.h"
#include "publisher/publisher.h"
#include "publisher/sources/source.h"

enum { INTAKE_SOURCES_MAX = 64, INTAKE_RAW_MAX = 1024 /* bytes of a bad line in the log */ };

struct intake {
    struct source_host host;
    struct publisher *publisher; /* borrowed */
    struct nano_local *local;    /* borrowed; NULL: none */
    struct market_data *market;  /* borrowed; NULL: none */
    struct directory *directory; /* borrowed; NULL: none */
    const struct source *from;   /* whose event is at hand */
    struct list sources;
    unsigned n, n_done;
    bool throttled, redis_open;
    bool lossy; /* set by the owner: another publisher leads, and nobody need wait */
    struct log_limit bads;
};

/* line_max: bytes of an event's line. */
void intake_init(struct intake *in, uv_loop_t *loop, struct publisher *publisher, size_t line_max);

/* Open a source. spec is borrowed until intake_stop(). 0; -errno with one line in error. */
int intake_open(struct intake *in, const char *spec, char error[SOURCE_ERROR_MAX]);

void intake_start(struct intake *in); /* all that are open, once */

/* Once per turn of the loop: pause and resume. open: does Redis take events? */
void intake_turn(struct intake *in, bool open);

/* All sources are at their end. */
bool intake_done(const struct intake *in);

/* End all sources; the loop must run once more. */
void intake_stop(struct intake *in);

#endif
