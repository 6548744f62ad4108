/* fuzz_inflater.c - compressed messages of a client: whatever comes, in whatever pieces, a message
 * yields the same bytes, never more than are wanted and one piece, and what was taken can be
 * compressed and unpacked again.
 *
 * The first byte is the length of the pieces, the rest is the message.
 */
#include <stdlib.h>
#include <string.h>

#include "gateway/deflater.h"
#include "gateway/inflater.h"

enum { WANTED = 64 * 1024 };

struct taken {
    char bytes[WANTED + INFLATER_PIECE];
    size_t len;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

static bool take(void *ctx, const char *bytes, size_t len)
{
    struct taken *t = ctx;

    must(len > 0 && len <= INFLATER_PIECE && t->len < WANTED);
    memcpy(t->bytes + t->len, bytes, len);
    t->len += len;
    return t->len < WANTED;
}

/* 0 or what inflater_feed() said; no more is fed once the sink wanted no more. */
static int unpack(struct span message, size_t piece, struct taken *t)
{
    struct inflater *in = inflater_new();
    int err = in ? 0 : -1;
    size_t at = 0;

    t->len = 0;
    do {
        size_t len = message.len - at < piece ? message.len - at : piece;
        if (!err)
            err = inflater_feed(in, message.at + at, len, at + len == message.len, take, t);
        at += len;
    } while (!err && at < message.len && t->len < WANTED);
    inflater_free(&in);
    return err;
}

/* There and back. */
static void pack_again(const struct taken *t, struct taken *other)
{
    struct deflater d;
    struct frame *frame = frame_new(WS_TEXT, &(struct span){t->bytes, t->len}, 1);

    deflater_init(&d);
    must(frame != NULL);
    const struct frame *twin = deflater_twin(&d, frame);
    if (twin != frame) {
        must(twin->len < frame->len);
        must(unpack(frame_payload(twin), SIZE_MAX, other) == 0);
        must(other->len == t->len && memcmp(other->bytes, t->bytes, t->len) == 0);
    }
    frame_unref(&frame);
    deflater_fini(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct taken whole, pieces;

    if (size < 1)
        return 0;
    struct span message = {(const char *)data + 1, size - 1};
    int err = unpack(message, SIZE_MAX, &whole);
    int other = unpack(message, 1u + data[0], &pieces);
    if (whole.len >= WANTED || pieces.len >= WANTED)
        return 0; /* it ended there, before or after what is wrong with the message */
    must((err == 0) == (other == 0));
    must(err || (whole.len == pieces.len && memcmp(whole.bytes, pieces.bytes, whole.len) == 0));
    if (whole.len > 0)
        pack_again(&whole, &pieces);
    return 0;
}
