/* bench_ws.c - see bench_ws.h. */
#include "tests/bench/bench_ws.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <string.h>

#include "tests/bench/bench_util.h"

/* Any key will do: a mask protects proxies, and there are none here. */
static const uint8_t client_mask[4] = {0x1c, 0xa7, 0x5e, 0x93};

static uint64_t big_endian(const uint8_t *bytes, size_t n)
{
    uint64_t value = 0;
    for (size_t i = 0; i < n; i++)
        value = value << 8 | bytes[i];
    return value;
}

int ws_read(uint8_t *bytes, size_t len, struct ws_frame *frame)
{
    if (len < 2)
        return 0;
    size_t short_len = bytes[1] & 0x7f;
    size_t len_bytes = short_len == 127 ? 8 : short_len == 126 ? 2 : 0;
    bool masked = bytes[1] & 0x80;
    size_t header = 2 + len_bytes + (masked ? 4 : 0);
    if (len < header)
        return 0;
    uint64_t payload = len_bytes ? big_endian(bytes + 2, len_bytes) : short_len;
    if (payload > WS_PAYLOAD_MAX || (len_bytes == 2 && payload < 126) ||
        (len_bytes == 8 && payload < 65536))
        return -EBADMSG;
    if (len - header < payload)
        return 0;
    *frame = (struct ws_frame){.opcode = bytes[0] & 0x0f,
                               .fin = bytes[0] & 0x80,
                               .masked = masked,
                               .reserved = bytes[0] & 0x70,
                               .payload = bytes + header,
                               .len = payload,
                               .total = header + payload};
    if (masked)
        memcpy(frame->mask, bytes + header - 4, 4);
    return 1;
}

void ws_unmask(struct ws_frame *frame)
{
    if (!frame->masked)
        return;
    for (size_t i = 0; i < frame->len; i++)
        frame->payload[i] ^= frame->mask[i % 4];
    frame->masked = false;
}

size_t ws_write_header(uint8_t *out, enum ws_opcode opcode, size_t len)
{
    size_t len_bytes = len < 126 ? 0 : len < 65536 ? 2 : 8;
    out[0] = (uint8_t)(0x80 | opcode);
    out[1] = (uint8_t)(len_bytes == 0 ? len : len_bytes == 2 ? 126 : 127);
    for (size_t i = 0; i < len_bytes; i++)
        out[2 + i] = (uint8_t)(len >> 8 * (len_bytes - 1 - i));
    return 2 + len_bytes;
}

size_t ws_write_masked(uint8_t *out, enum ws_opcode opcode, const void *payload, size_t len)
{
    size_t header = ws_write_header(out, opcode, len);
    const uint8_t *in = payload;
    out[1] |= 0x80;
    memcpy(out + header, client_mask, 4);
    header += 4;
    for (size_t i = 0; i < len; i++)
        out[header + i] = in[i] ^ client_mask[i % 4];
    return header + len;
}

void ws_accept(const char *key, size_t len, char out[WS_ACCEPT_SIZE])
{
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    uint8_t text[64 + sizeof guid], digest[SHA_DIGEST_LENGTH];
    if (len > 64)
        bench_die("a handshake key of %zu bytes", len);
    memcpy(text, key, len);
    memcpy(text + len, guid, sizeof guid - 1);
    SHA1(text, len + sizeof guid - 1, digest);
    EVP_EncodeBlock((uint8_t *)out, digest, sizeof digest);
}
