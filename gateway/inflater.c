/* inflater.c - see inflater.h. */
#include "gateway/inflater.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>

enum { WINDOW_BITS = -15 /* raw */ };

struct inflater {
    z_stream z;
};

struct inflater *inflater_new(void)
{
    struct inflater *in = calloc(1, sizeof *in);

    if (in && inflateInit2(&in->z, WINDOW_BITS) == Z_OK)
        return in;
    free(in);
    return NULL;
}

void inflater_free(struct inflater **inp)
{
    if (*inp)
        inflateEnd(&(*inp)->z);
    free(*inp);
    *inp = NULL;
}

/* One step, with room for one piece. A block may be marked as the last one of its data, and more
 * may follow it (RFC 7692, 7.2.3.4). Z_BUF_ERROR only says that there was nothing to do. */
static int step(struct inflater *in)
{
    switch (inflate(&in->z, Z_SYNC_FLUSH)) {
    case Z_OK:
    case Z_BUF_ERROR: return 0;
    case Z_STREAM_END: return inflateReset(&in->z) == Z_OK ? 0 : -EINVAL;
    case Z_MEM_ERROR: return -ENOMEM;
    default: return -EINVAL;
    }
}

/* Sets *stopped when the sink wants no more. */
static int run(struct inflater *in, const unsigned char *bytes, size_t len, inflated_fn *sink,
               void *ctx, bool *stopped)
{
    unsigned char piece[INFLATER_PIECE];

    in->z.next_in = (unsigned char *)(uintptr_t)bytes;
    in->z.avail_in = (uInt)len;
    do {
        in->z.next_out = piece;
        in->z.avail_out = sizeof piece;
        int err = step(in);
        if (err)
            return err;
        size_t n = sizeof piece - in->z.avail_out;
        if (n > 0 && !sink(ctx, (const char *)piece, n)) {
            *stopped = true;
            return 0;
        }
    } while (in->z.avail_in > 0 || in->z.avail_out == 0);
    return 0;
}

int inflater_feed(struct inflater *in, const char *bytes, size_t len, bool last, inflated_fn *sink,
                  void *ctx)
{
    static const unsigned char tail[] = {0x00, 0x00, 0xff, 0xff}; /* which the sender has cut */
    bool stopped = false;
    int err = run(in, (const unsigned char *)bytes, len, sink, ctx, &stopped);

    if (err || stopped || !last)
        return err;
    return run(in, tail, sizeof tail, sink, ctx, &stopped);
}
