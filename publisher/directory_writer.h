/* directory_writer.h - tells the directory to Redis every few seconds (common/directory.h).
 *
 * While Redis is away, or another publisher leads, nothing is told. A script of Redis writes the
 * fields and removes what nobody writes any more, in one step and by Redis' clock.
 */
#ifndef PUBLISHER_DIRECTORY_WRITER_H
#define PUBLISHER_DIRECTORY_WRITER_H

#include <uv.h>

#include "common/log.h"
#include "common/redis_asker.h"
#include "publisher/directory.h"

enum { DIRECTORY_BATCH = 250 /* names in one command, so that Redis is not held up */ };

struct directory_writer {
    struct directory *directory; /* borrowed */
    struct redis_asker *asker;   /* borrowed */
    char key[STREAM_PREFIX_MAX + 16];
    bool (*leads)(void *ctx); /* may we speak? */
    void *ctx;
    uv_timer_t timer;
    struct log_limit trouble;
};

/* prefix: stream_prefix_valid(). Begins at once. */
void directory_writer_start(struct directory_writer *w, uv_loop_t *loop, const char *prefix);
void directory_writer_stop(struct directory_writer *w); /* the loop must run once more */

#endif
