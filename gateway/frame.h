/* frame.h - bytes ready for the socket: one WebSocket frame, header included (RFC 6455, 5.2).
 *
 * A frame is built once per view and message, is immutable, and is shared by reference by every
 * queue it is in. One process, one thread: the count is a plain integer.
 */
#ifndef GATEWAY_FRAME_H
#define GATEWAY_FRAME_H

#include <stddef.h>
#include <stdint.h>

enum { FRAME_OWN = UINT8_MAX };

struct frame {
    uint32_t refs;
    uint32_t len;       /* of bytes */
    struct frame *twin; /* deflater.h: NULL, not decided yet; or itself; or one it owns */
    uint64_t stream;    /* the serial number of the one stream it is a message of; 0: of none */
    uint32_t waits;     /* queues in which it waits: queue.h counts */
    uint32_t dropped;   /* it tells of so many frames left out; 0: it is a message */
    uint8_t class_id;   /* of its stream; FRAME_OWN: a reply, a ping, what must not be dropped */
    unsigned char bytes[];
};

enum ws_opcode {
    WS_TEXT = 1,
    WS_BINARY = 2,
    WS_CLOSE = 8,
    WS_PING = 9,
    WS_PONG = 10,
    WS_RSV1 = 0x40, /* beside an opcode: the message is compressed (RFC 7692, 6) */
};

struct span {
    const char *at;
    size_t len;
};
#define SPAN(literal) ((struct span){(literal), sizeof(literal) - 1})

/* One unfragmented, unmasked frame whose payload is the parts in order. The caller has the one
 * reference. NULL: out of memory, or longer than 4 GiB. */
struct frame *frame_new(enum ws_opcode opcode, const struct span *parts, size_t n_parts);

/* It is a message of a stream of that class, and may be dropped as the class's policy says. serial:
 * the stream's, where a newer message of it makes this one worthless; otherwise 0. */
static inline void frame_of_stream(struct frame *frame, unsigned class_id, uint64_t serial)
{
    frame->class_id = (uint8_t)class_id;
    frame->stream = serial;
}

/* What follows the header: borrowed. */
struct span frame_payload(const struct frame *frame);

static inline struct frame *frame_ref(struct frame *frame)
{
    frame->refs++;
    return frame;
}

void frame_free(struct frame *frame); /* frame_unref() only */

/* Sets *frame to NULL; *frame may be NULL. */
static inline void frame_unref(struct frame **framep)
{
    struct frame *frame = *framep;

    *framep = NULL;
    if (frame && --frame->refs == 0)
        frame_free(frame);
}

#endif
