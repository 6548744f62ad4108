/* Lines out of bytes that come in odd pieces. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "publisher/line_reader.h"

enum { MAX = 20 };

static struct line_reader r;
static char seen[4096]; /* each line followed by '|', a long one as "!" */

static void set_up(void)
{
    line_reader_init(&r, MAX);
    seen[0] = '\0';
}

static void tear_down(void)
{
    line_reader_fini(&r);
}

static void take_lines(void)
{
    enum line_result result;
    const char *line;
    size_t len;

    while ((result = line_reader_next(&r, &line, &len)) != LINE_NONE) {
        if (result == LINE)
            strncat(seen, line, len);
        strcat(seen, result == LINE ? "|" : "!");
    }
}

static void feed(const char *bytes, size_t len)
{
    while (len > 0) {
        size_t cap, n;
        char *room = line_reader_room(&r, &cap);
        cr_assert_not_null(room);
        cr_assert_gt(cap, 0u);
        n = len < cap ? len : cap;
        memcpy(room, bytes, n);
        line_reader_filled(&r, n);
        bytes += n;
        len -= n;
        take_lines();
    }
}

static void feed_in_pieces(const char *text, size_t piece)
{
    for (size_t len = strlen(text); len > 0;) {
        size_t n = len < piece ? len : piece;
        feed(text, n);
        text += n;
        len -= n;
    }
}

TestSuite(line_reader, .init = set_up, .fini = tear_down);

Test(line_reader, the_same_lines_come_out_whatever_the_pieces)
{
    static const char text[] =
        "one\n\nthree is here\r\nfour\nthis line is longer than may be\nsix\n";

    for (size_t piece = 1; piece < sizeof text; piece++) {
        tear_down();
        set_up();
        feed_in_pieces(text, piece);
        cr_expect_str_eq(seen, "one||three is here\r|four|!six|", "in pieces of %zu", piece);
    }
}

Test(line_reader, a_line_of_exactly_the_limit_is_a_line)
{
    feed_in_pieces("12345678901234567890\n123456789012345678901\nx\n", 7);
    cr_expect_str_eq(seen, "12345678901234567890|!x|");
}

Test(line_reader, a_torn_line_waits_for_its_end)
{
    feed_in_pieces("whole\nto", 100);
    cr_expect_str_eq(seen, "whole|");
    feed_in_pieces("rn\n", 100);
    cr_expect_str_eq(seen, "whole|torn|");
}

Test(line_reader, at_the_end_the_rest_is_a_line)
{
    feed_in_pieces("one\ntwo", 100);
    line_reader_end(&r);
    take_lines();
    cr_expect_str_eq(seen, "one|two|");
    take_lines();
    cr_expect_str_eq(seen, "one|two|", "once");
}

Test(line_reader, at_the_end_the_rest_of_a_line_that_was_too_long_is_none)
{
    feed_in_pieces("one\nthis line is longer than may be", 5);
    line_reader_end(&r);
    take_lines();
    cr_expect_str_eq(seen, "one|!");
}

Test(line_reader, an_empty_end_is_no_line)
{
    feed_in_pieces("one\n", 100);
    line_reader_end(&r);
    take_lines();
    cr_expect_str_eq(seen, "one|");
}

Test(line_reader, a_reset_forgets_a_torn_line)
{
    feed_in_pieces("one\nto", 100);
    line_reader_reset(&r);
    feed_in_pieces("two\n", 100);
    cr_expect_str_eq(seen, "one|two|");
}

Test(line_reader, a_line_without_end_does_not_fill_memory)
{
    char piece[10000];

    memset(piece, 'x', sizeof piece);
    for (int i = 0; i < 1000; i++)
        feed(piece, sizeof piece);
    cr_expect_leq(r.cap, (size_t)MAX + LINE_READER_ROOM);
    feed("\nshort\n", 7);
    cr_expect_str_eq(seen, "!short|");
}

Test(line_reader, the_buffer_grows_for_a_long_line_and_shrinks_again)
{
    size_t len = 3 * 1024 * 1024;
    char *line = malloc(len + 1);
    const char *at;
    size_t got;

    r.max = len;
    memset(line, 'x', len);
    line[len] = '\n';
    for (size_t done = 0; done < len + 1;) {
        size_t cap;
        char *room = line_reader_room(&r, &cap);
        size_t n = len + 1 - done < cap ? len + 1 - done : cap;
        memcpy(room, line + done, n);
        line_reader_filled(&r, n);
        done += n;
        if (done < len + 1)
            cr_assert_eq(line_reader_next(&r, &at, &got), LINE_NONE);
    }
    cr_assert_eq(line_reader_next(&r, &at, &got), LINE);
    cr_expect_eq(got, len);
    cr_expect_eq(line_reader_next(&r, &at, &got), LINE_NONE);
    feed("short\n", 6);
    cr_expect_leq(r.cap, 4 * (size_t)LINE_READER_ROOM);
    free(line);
}

Test(line_reader, trimmed_it_holds_no_memory_unless_it_holds_bytes)
{
    feed("one\nto", 6);
    line_reader_trim(&r);
    feed("rn\n", 3);
    cr_expect_str_eq(seen, "one|torn|");
    line_reader_trim(&r);
    cr_expect_null(r.bytes);
    feed("more\n", 5);
    cr_expect_str_eq(seen, "one|torn|more|");
}
