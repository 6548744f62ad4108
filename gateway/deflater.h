/* deflater.h - a frame compressed for those who negotiated permessage-deflate (RFC 7692).
 *
 * Every message is compressed by itself (server_no_context_takeover), so that its compressed form,
 * the twin, is made once, when the first client needs it, and is the same for all of them. The
 * twin belongs to its frame and goes with it.
 *
 * One zlib state serves a whole process; it is made when the first frame is compressed.
 */
#ifndef GATEWAY_DEFLATER_H
#define GATEWAY_DEFLATER_H

#include <stdbool.h>
#include <zlib.h>

#include "gateway/frame.h"

enum {
    DEFLATE_LEVEL = 2, /* order books get about as small as with 6, in two thirds of the time */
    DEFLATE_PAYLOAD_MIN = 256 /* bytes; what is shorter fits into a packet anyway */
};

struct deflater {
    z_stream z;
    bool ready;
    uint64_t made; /* twins; whoever counts them sets it back */
};

void deflater_init(struct deflater *d);
void deflater_fini(struct deflater *d); /* twice does no harm */

/* Decide on the twin of a frame that has none yet: frame->twin is a frame of its own or, where
 * compressing does not pay (a control frame, short, not smaller, no memory), the frame itself. */
void deflater_make_twin(struct deflater *d, struct frame *frame);

/* What a client that negotiated gets: borrowed, and the same in every call. */
static inline struct frame *deflater_twin(struct deflater *d, struct frame *frame)
{
    if (!frame->twin)
        deflater_make_twin(d, frame);
    return frame->twin;
}

#endif
