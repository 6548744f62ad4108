/* streams.h - how many messages each stream has had in this term.
 *
 * Limit: STREAMS_MAX streams. When one more appears all are forgotten, and whoever numbers by them
 * begins a new term: within one term a number may never be given twice.
 */
#ifndef PUBLISHER_STREAMS_H
#define PUBLISHER_STREAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/table.h"

enum { STREAMS_MAX = 1000000 };

struct streams {
    struct table table;
    size_t most;    /* STREAMS_MAX; smaller in tests */
    uint64_t ended; /* streams of earlier terms, forgotten */
};

int streams_init(struct streams *s); /* 0; -ENOMEM */
void streams_fini(struct streams *s);

/* The stream's next number, from 1. 0; -ENOSPC when it is one too many and over is false: a block
 * that has begun is not to be torn for it; -ENOMEM. */
int streams_next(struct streams *s, const char *name, size_t len, bool over, uint64_t *seq);

void streams_clear(struct streams *s);

#endif
