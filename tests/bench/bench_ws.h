/* bench_ws.h - as much of RFC 6455 as the floor and the load generator need.
 *
 * Kept apart from the gateway's own code on purpose: what is measured must not judge itself.
 */
#ifndef BENCH_WS_H
#define BENCH_WS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ws_opcode {
    WS_CONTINUATION = 0,
    WS_TEXT = 1,
    WS_BINARY = 2,
    WS_CLOSE = 8,
    WS_PING = 9,
    WS_PONG = 10,
};

enum {
    WS_HEADER_MAX = 14,        /* with a mask */
    WS_ACCEPT_SIZE = 28 + 1,   /* base64 of a SHA-1, and NUL */
    WS_PAYLOAD_MAX = 16 << 20, /* a longer frame is malformed */
};

struct ws_frame {
    enum ws_opcode opcode;
    bool fin, masked;
    uint8_t reserved; /* RSV1 to RSV3 as they stand in the first byte */
    uint8_t mask[4];
    uint8_t *payload; /* borrowed; still masked */
    size_t len;       /* of the payload */
    size_t total;     /* header and payload */
};

/* Take the frame at the start of bytes apart. 1: it is whole; 0: more bytes are needed;
 * -EBADMSG: no frame can begin like this. */
int ws_read(uint8_t *bytes, size_t len, struct ws_frame *frame);

/* Undo the mask in place. */
void ws_unmask(struct ws_frame *frame);

/* Write an unmasked header, as a server does; returns its length (at most 10). */
size_t ws_write_header(uint8_t *out, enum ws_opcode opcode, size_t len);

/* Write a whole masked frame, as a client does. out has len + WS_HEADER_MAX bytes. */
size_t ws_write_masked(uint8_t *out, enum ws_opcode opcode, const void *payload, size_t len);

/* Sec-WebSocket-Accept for a Sec-WebSocket-Key. */
void ws_accept(const char *key, size_t len, char out[WS_ACCEPT_SIZE]);

#endif
