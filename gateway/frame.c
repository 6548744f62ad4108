/* frame.c - see frame.h. */
#include "gateway/frame.h"

#include <stdlib.h>
#include <string.h>

enum { HEADER_MAX = 10, FIN = 0x80 };

/* Server frames are never masked (RFC 6455, 5.1). */
static size_t write_header(unsigned char header[HEADER_MAX], enum ws_opcode opcode, size_t len)
{
    size_t n = 2;

    header[0] = (unsigned char)(FIN | opcode);
    if (len < 126) {
        header[1] = (unsigned char)len;
        return n;
    }
    size_t bytes = len <= 0xffff ? 2 : 8;
    header[1] = bytes == 2 ? 126 : 127;
    for (size_t i = bytes; i-- > 0;)
        header[n++] = (unsigned char)((uint64_t)len >> (8 * i));
    return n;
}

struct frame *frame_new(enum ws_opcode opcode, const struct span *parts, size_t n_parts)
{
    unsigned char header[HEADER_MAX];
    size_t len = 0;

    for (size_t i = 0; i < n_parts; i++)
        len += parts[i].len;
    size_t head = write_header(header, opcode, len);
    if (head + len > UINT32_MAX)
        return NULL;
    struct frame *frame = malloc(sizeof *frame + head + len);
    if (!frame)
        return NULL;
    *frame = (struct frame){.refs = 1, .len = (uint32_t)(head + len), .class_id = FRAME_OWN};
    memcpy(frame->bytes, header, head);
    unsigned char *at = frame->bytes + head;
    for (size_t i = 0; i < n_parts; i++) {
        memcpy(at, parts[i].at, parts[i].len);
        at += parts[i].len;
    }
    return frame;
}

struct span frame_payload(const struct frame *frame)
{
    unsigned len = frame->bytes[1];
    size_t head = len < 126 ? 2 : len == 126 ? 4 : 10;

    return (struct span){(const char *)frame->bytes + head, frame->len - head};
}

void frame_free(struct frame *frame)
{
    if (frame->twin != frame)
        frame_unref(&frame->twin);
    free(frame);
}
