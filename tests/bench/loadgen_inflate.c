/* loadgen_inflate.c - see loadgen_inflate.h. */
#include "tests/bench/loadgen_inflate.h"

#include <zlib.h>

#include "tests/bench/bench_util.h"

static const uint8_t tail[4] = {0, 0, 0xff, 0xff}; /* what the sender leaves out */

/* 0; -1. */
static int feed(z_stream *z, const uint8_t *bytes, size_t len)
{
    z->next_in = (Bytef *)bytes;
    z->avail_in = (uInt)len;
    int got = inflate(z, Z_SYNC_FLUSH);
    return (got == Z_OK || got == Z_BUF_ERROR) && z->avail_in == 0 ? 0 : -1;
}

ssize_t inflate_message(const uint8_t *bytes, size_t len, uint8_t *out, size_t cap)
{
    static z_stream z;
    if (!z.state && inflateInit2(&z, -15) != Z_OK)
        bench_die("out of memory");
    inflateReset(&z);
    z.next_out = out;
    z.avail_out = (uInt)cap;
    if (feed(&z, bytes, len) < 0 || feed(&z, tail, sizeof tail) < 0)
        return -1;
    return (ssize_t)(cap - z.avail_out);
}
