/* outlet.h - writes what a client's queue holds to its socket: as few, as large writes as can be.
 *
 * One frame is sent from its own bytes. Several are gathered into one batch of up to 64 KiB, and
 * the batch is kept: the next client that is due the same frames gets the same bytes, without
 * copying them again. That is the rule, not the exception: clients of one view are due the same.
 * Clients that negotiated permessage-deflate get each frame's twin, and have a batch of their own.
 *
 * It does not know libwebsockets, nor TLS (see struct outlet_detour). A write may end within a
 * frame. Then the rest of that frame must reach the socket before anything else does, and it is
 * handed back: the caller gives it to libwebsockets, which writes its own control frames behind
 * what it has buffered.
 */
#ifndef GATEWAY_OUTLET_H
#define GATEWAY_OUTLET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "gateway/deflater.h"
#include "gateway/frame.h"

struct counters;
struct queue;

enum { OUTLET_BATCH_BYTES = 64 * 1024, OUTLET_BATCH_FRAMES = 1024 };

/* Frames copied one behind the other, all of them plain, or all of them as twins. */
struct outlet_batch {
    unsigned char *bytes; /* OUTLET_BATCH_BYTES */
    size_t len;
    struct frame **frames; /* the plain ones, by reference; OUTLET_BATCH_FRAMES places */
    uint32_t n_frames;
};

struct outlet {
    struct counters *counters;
    struct deflater deflater;
    struct outlet_batch batches[2]; /* plain, deflated */
    struct frame *cut;              /* keeps the bytes of *rest alive until the next call */
};

int outlet_init(struct outlet *o, struct counters *counters); /* 0; -ENOMEM */
void outlet_fini(struct outlet *o);

enum outlet_result {
    OUTLET_EMPTIED, /* the queue is empty */
    OUTLET_FULL,    /* the socket takes no more; what remains in the queue begins with a frame */
    OUTLET_CUT,     /* the same, but *rest, the end of a frame, must be written first */
    OUTLET_FAILED,  /* the socket is broken */
};

/* Another way out than straight to the socket, where the bytes must be enciphered: returns how many
 * of them were taken, all or none, or -1 with errno (EAGAIN: the socket takes no more). */
struct outlet_detour {
    ssize_t (*send)(void *ctx, const char *bytes, size_t len);
    void *ctx;
};

/* deflate: the client negotiated permessage-deflate; always the same for one queue. *rest is valid
 * until the next call for any client. detour: NULL for plain connections. */
enum outlet_result outlet_write(struct outlet *o, int fd, const struct outlet_detour *detour,
                                struct queue *q, bool deflate, struct span *rest);

#endif
