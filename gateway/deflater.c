/* deflater.c - see deflater.h. */
#include "gateway/deflater.h"

#include <stdlib.h>
#include <string.h>

enum {
    WINDOW_BITS = -15, /* raw: no header, no checksum (RFC 7692, 7.2.1) */
    MEMORY_LEVEL = 8,
    TAIL = 4, /* 00 00 ff ff, the end of a flush: cut here, put back by the receiver */
    OPCODE = 0x0f
};

void deflater_init(struct deflater *d)
{
    *d = (struct deflater){0};
}

void deflater_fini(struct deflater *d)
{
    if (d->ready)
        deflateEnd(&d->z);
    d->ready = false;
}

static bool get_ready(struct deflater *d)
{
    if (d->ready)
        return deflateReset(&d->z) == Z_OK;
    d->ready = deflateInit2(&d->z, DEFLATE_LEVEL, Z_DEFLATED, WINDOW_BITS, MEMORY_LEVEL,
                            Z_DEFAULT_STRATEGY) == Z_OK;
    return d->ready;
}

/* Compress into as many bytes as the payload has: what needs more does not pay. Returns the length
 * without the tail; 0: it does not pay. */
static size_t compress_payload(struct deflater *d, struct span payload, unsigned char *out)
{
    if (!get_ready(d))
        return 0;
    d->z.next_in = (unsigned char *)(uintptr_t)payload.at;
    d->z.avail_in = (uInt)payload.len;
    d->z.next_out = out;
    d->z.avail_out = (uInt)payload.len;
    if (deflate(&d->z, Z_SYNC_FLUSH) != Z_OK || d->z.avail_in > 0 || d->z.avail_out == 0)
        return 0;
    return payload.len - d->z.avail_out - TAIL;
}

/* NULL: it does not pay, or there is no memory. */
static struct frame *compressed(struct deflater *d, const struct frame *frame)
{
    struct span payload = frame_payload(frame);
    unsigned opcode = frame->bytes[0] & OPCODE;
    struct frame *twin = NULL;

    if ((opcode != WS_TEXT && opcode != WS_BINARY) || payload.len < DEFLATE_PAYLOAD_MIN)
        return NULL;
    unsigned char *out = malloc(payload.len);
    size_t len = out ? compress_payload(d, payload, out) : 0;
    if (len > 0)
        twin = frame_new((enum ws_opcode)(opcode | WS_RSV1), &(struct span){(char *)out, len}, 1);
    free(out);
    return twin;
}

void deflater_make_twin(struct deflater *d, struct frame *frame)
{
    struct frame *twin = compressed(d, frame);

    if (twin)
        d->made++;
    frame->twin = twin ? twin : frame;
}
