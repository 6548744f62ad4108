/* A frame's twin is what any receiver unpacks to the frame, or there is none. */
#include "gateway/deflater.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/inflater.h"
#include "tests/support/leaks.h"

static struct deflater d;
static char text[100000];

static void set_up(void)
{
    deflater_init(&d);
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = "{\"price\":123,\"size\":7}"[i * i % 22];
}

static void tear_down(void)
{
    deflater_fini(&d);
    deflater_fini(&d); /* twice does no harm */
    no_leaks();
}

TestSuite(deflater, .init = set_up, .fini = tear_down);

static struct frame *frame_of(enum ws_opcode opcode, const char *bytes, size_t len)
{
    return frame_new(opcode, &(struct span){bytes, len}, 1);
}

/* By zlib, from nothing, with the tail that senders cut. */
static size_t unpack(struct span packed, char *out, size_t cap)
{
    z_stream z = {0};
    unsigned char *in = malloc(packed.len + 4);

    memcpy(in, packed.at, packed.len);
    memcpy(in + packed.len, "\0\0\xff\xff", 4);
    cr_assert_eq(inflateInit2(&z, -15), Z_OK);
    z.next_in = in, z.avail_in = (uInt)packed.len + 4;
    z.next_out = (unsigned char *)out, z.avail_out = (uInt)cap;
    cr_assert_eq(inflate(&z, Z_SYNC_FLUSH), Z_OK);
    cr_assert_eq(z.avail_in, 0u);
    inflateEnd(&z);
    free(in);
    return z.total_out;
}

Test(deflater, the_twin_unpacks_to_the_frame_and_is_shorter)
{
    static char out[sizeof text + 1];

    for (size_t len = DEFLATE_PAYLOAD_MIN; len <= sizeof text; len = len * 3 / 2) {
        struct frame *f = frame_of(WS_TEXT, text, len);
        struct frame *twin = deflater_twin(&d, f);
        cr_assert_neq(twin, f);
        cr_expect_lt(twin->len, f->len);
        cr_expect_eq(twin->bytes[0], 0xc1);
        cr_expect_arr_neq(twin->bytes + twin->len - 4, "\0\0\xff\xff", 4);
        cr_assert_eq(unpack(frame_payload(twin), out, sizeof out), len);
        cr_expect_arr_eq(out, text, len);
        frame_unref(&f);
    }
}

Test(deflater, a_binary_frame_keeps_its_opcode)
{
    struct frame *f = frame_of(WS_BINARY, text, 1000);

    cr_expect_eq(deflater_twin(&d, f)->bytes[0], 0xc2);
    frame_unref(&f);
}

Test(deflater, what_is_short_stays_plain)
{
    struct frame *f = frame_of(WS_TEXT, text, DEFLATE_PAYLOAD_MIN - 1);

    cr_expect_eq(deflater_twin(&d, f), f);
    cr_expect_eq(d.made, 0u);
    frame_unref(&f);
}

Test(deflater, what_does_not_get_shorter_stays_plain)
{
    unsigned seed = 1;

    for (size_t i = 0; i < sizeof text; i++) {
        seed = seed * 1103515245u + 12345u;
        text[i] = (char)(seed >> 16);
    }
    for (size_t len = DEFLATE_PAYLOAD_MIN; len <= sizeof text; len *= 2) {
        struct frame *f = frame_of(WS_BINARY, text, len);
        cr_expect_eq(deflater_twin(&d, f), f);
        frame_unref(&f);
    }
}

Test(deflater, control_frames_stay_plain)
{
    static const enum ws_opcode control[] = {WS_CLOSE, WS_PING, WS_PONG};

    for (size_t i = 0; i < 3; i++) {
        struct frame *f = frame_of(control[i], text, 1000);
        cr_expect_eq(deflater_twin(&d, f), f);
        frame_unref(&f);
    }
}

Test(deflater, the_twin_is_made_once_and_goes_with_its_frame)
{
    struct frame *f = frame_of(WS_TEXT, text, 1000), *twin = deflater_twin(&d, f);

    cr_expect_eq(deflater_twin(&d, f), twin);
    cr_expect_eq(d.made, 1u);
    cr_expect_eq(twin->refs, 1u);
    frame_ref(twin); /* as one that was cut in two is held */
    frame_unref(&f);
    cr_expect_eq(twin->refs, 1u);
    frame_unref(&twin);
}

/* ---- the way back -------------------------------------------------------------------------------
 */

static char got[sizeof text];
static size_t n_got, wanted_max;

static bool take(void *ctx, const char *bytes, size_t len)
{
    (void)ctx;
    cr_assert_leq(len, (size_t)INFLATER_PIECE);
    cr_assert_leq(n_got + len, sizeof got);
    memcpy(got + n_got, bytes, len);
    n_got += len;
    return n_got < wanted_max;
}

static int feed(struct inflater *in, struct span bytes, bool last)
{
    return inflater_feed(in, bytes.at, bytes.len, last, take, NULL);
}

Test(deflater, an_inflater_takes_a_message_in_any_pieces)
{
    struct frame *f = frame_of(WS_TEXT, text, 20000);
    struct span packed = frame_payload(deflater_twin(&d, f));

    wanted_max = sizeof got;
    for (size_t piece = 1; piece < packed.len; piece = piece * 2 + 1) {
        struct inflater *in = inflater_new();
        n_got = 0;
        for (size_t at = 0; at < packed.len; at += piece) {
            size_t len = at + piece < packed.len ? piece : packed.len - at;
            cr_assert_eq(feed(in, (struct span){packed.at + at, len}, false), 0);
        }
        cr_assert_eq(feed(in, (struct span){"", 0}, true), 0);
        cr_assert_eq(n_got, 20000u);
        cr_expect_arr_eq(got, text, n_got);
        inflater_free(&in);
        cr_expect_null(in);
    }
    frame_unref(&f);
}

Test(deflater, an_inflater_stops_when_no_more_is_wanted)
{
    struct inflater *in = inflater_new();

    memset(text, ' ', sizeof text);
    struct frame *f = frame_of(WS_TEXT, text, sizeof text);
    wanted_max = 10000;
    cr_expect_eq(feed(in, frame_payload(deflater_twin(&d, f)), true), 0);
    cr_expect_geq(n_got, wanted_max);
    cr_expect_lt(n_got, wanted_max + INFLATER_PIECE);
    frame_unref(&f);
    inflater_free(&in);
}

Test(deflater, an_inflater_refuses_what_is_no_compressed_data)
{
    struct inflater *in = inflater_new();

    cr_expect_eq(feed(in, (struct span){"\xff\xff\xff\xff", 4}, true), -EINVAL);
    inflater_free(&in);
    inflater_free(&in); /* NULL is fine */
}
