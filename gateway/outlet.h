/* outlet.h - writes what a client's queue holds to its socket: as few, as large writes as can be.
 *
 * One frame is sent from its own bytes. Several are gathered into one batch of up to 64 KiB, and
 * the batch is kept: the next client that is due the same frames gets the same bytes, without
 * copying them again. That is the rule, not the exception: clients of one view are due the same.
 *
 * Plain sockets only; it does not know libwebsockets. A write may end within a frame. Then the rest
 * of that frame must reach the socket before anything else does, and it is handed back: the caller
 * gives it to libwebsockets, which writes its own control frames behind what it has buffered.
 */
#ifndef GATEWAY_OUTLET_H
#define GATEWAY_OUTLET_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/frame.h"

struct counters;
struct queue;

enum { OUTLET_BATCH_BYTES = 64 * 1024, OUTLET_BATCH_FRAMES = 1024 };

struct outlet {
    struct counters *counters;
    unsigned char *batch; /* OUTLET_BATCH_BYTES */
    size_t batch_len;
    struct frame **frames; /* what the batch holds, by reference; OUTLET_BATCH_FRAMES places */
    uint32_t n_frames;
    struct frame *cut; /* keeps the bytes of *rest alive until the next call */
};

int outlet_init(struct outlet *o, struct counters *counters); /* 0; -ENOMEM */
void outlet_fini(struct outlet *o);

enum outlet_result {
    OUTLET_EMPTIED, /* the queue is empty */
    OUTLET_FULL,    /* the socket takes no more; what remains in the queue begins with a frame */
    OUTLET_CUT,     /* the same, but *rest, the end of a frame, must be written first */
    OUTLET_FAILED,  /* the socket is broken */
};

/* *rest is valid until the next call for any client. */
enum outlet_result outlet_write(struct outlet *o, int fd, struct queue *q, struct span *rest);

#endif
