/* One WebSocket frame: its header in every form, its parts, its count. */
#include "gateway/frame.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/leaks.h"

static struct frame *f;

static void tear_down(void)
{
    frame_unref(&f);
    no_leaks();
}

static void build(size_t len)
{
    char *payload = malloc(len + 1);

    frame_unref(&f);
    memset(payload, 'p', len);
    f = frame_new(WS_TEXT, &(struct span){payload, len}, 1);
    cr_assert_not_null(f);
    free(payload);
}

static void expect_header(size_t len, const void *header, size_t header_len)
{
    build(len);
    cr_expect_eq(f->len, header_len + len, "%zu", len);
    cr_expect_arr_eq(f->bytes, header, header_len, "%zu", len);
    if (len > 0) {
        cr_expect_eq(f->bytes[header_len], 'p');
        cr_expect_eq(f->bytes[f->len - 1], 'p');
    }
}

TestSuite(frame, .fini = tear_down);

Test(frame, up_to_125_bytes_the_length_is_in_the_second_byte)
{
    expect_header(0, "\x81\x00", 2);
    expect_header(1, "\x81\x01", 2);
    expect_header(125, "\x81\x7d", 2);
}

Test(frame, up_to_65535_bytes_it_takes_two_more)
{
    expect_header(126, "\x81\x7e\x00\x7e", 4);
    expect_header(256, "\x81\x7e\x01\x00", 4);
    expect_header(65535, "\x81\x7e\xff\xff", 4);
}

Test(frame, beyond_it_takes_eight_more)
{
    expect_header(65536, "\x81\x7f\0\0\0\0\0\x01\0\0", 10);
    expect_header(0x123456, "\x81\x7f\0\0\0\0\0\x12\x34\x56", 10);
}

Test(frame, every_kind_has_its_opcode_and_is_whole_and_unmasked)
{
    static const enum ws_opcode opcodes[] = {WS_TEXT, WS_BINARY, WS_CLOSE, WS_PING, WS_PONG};

    for (size_t i = 0; i < sizeof opcodes / sizeof *opcodes; i++) {
        frame_unref(&f);
        f = frame_new(opcodes[i], NULL, 0);
        cr_expect_eq(f->bytes[0], 0x80u | (unsigned)opcodes[i]);
        cr_expect_eq(f->bytes[1], 0);
    }
}

Test(frame, the_payload_is_its_parts_in_order)
{
    const struct span parts[] = {SPAN("{\"a\":"), {"12", 1}, SPAN(""), SPAN("}")};

    f = frame_new(WS_TEXT, parts, 4);
    cr_expect_eq(f->len, 9u);
    cr_expect_arr_eq(f->bytes + 2, "{\"a\":1}", 7);
}

Test(frame, it_lives_until_its_last_reference_goes)
{
    build(3);
    struct frame *second = frame_ref(f), *third = frame_ref(second);
    cr_expect_eq(f->refs, 3u);
    frame_unref(&f);
    cr_expect_null(f);
    frame_unref(&third);
    cr_expect_eq(second->refs, 1u);
    cr_expect_arr_eq(second->bytes + 2, "ppp", 3);
    frame_unref(&second);
    frame_unref(&second); /* of nothing: nothing */
}
