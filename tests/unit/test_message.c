/* test_message.c - taking a message from Redis apart, and writing its head. */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "common/message.h"

/* Reads a copy of exactly len bytes, so that a look past its end is seen by the sanitizer. The
 * copies live until the test ends: the message borrows them. */
static int read_bytes(const char *bytes, size_t len, struct message *m)
{
    static char *copies[64];
    static size_t n;

    free(copies[n % 64]);
    char *copy = copies[n++ % 64] = malloc(len + (len == 0));
    cr_assert_not_null(copy);
    memcpy(copy, bytes, len);
    return message_read(copy, len, m);
}

static int read_text(const char *text, struct message *m)
{
    return read_bytes(text, strlen(text), m);
}

static void expect_data(const struct message *m, const char *data)
{
    cr_expect_eq(m->data_len, strlen(data));
    cr_expect_eq(memcmp(m->data, data, m->data_len), 0);
}

Test(message, an_object_or_an_array_alone_has_no_head)
{
    struct message m;

    cr_assert_eq(read_text("{\"e\":\"trade\"}", &m), 0);
    cr_expect_not(m.has_head);
    cr_expect_eq(m.epoch + m.seq + m.time_us + m.tag_len, 0u);
    cr_expect_null(m.tag);
    expect_data(&m, "{\"e\":\"trade\"}");
    cr_assert_eq(read_text("[1]", &m), 0);
    cr_expect_not(m.has_head);
    expect_data(&m, "[1]");
}

Test(message, a_head_gives_the_id_the_time_and_the_tag)
{
    struct message m;

    cr_assert_eq(read_text("1732000000000-7 1732000000123456 F6A0-1\n{\"a\":1}", &m), 0);
    cr_expect(m.has_head);
    cr_expect_eq(m.epoch, 1732000000000u);
    cr_expect_eq(m.seq, 7u);
    cr_expect_eq(m.time_us, 1732000000123456u);
    cr_expect_eq(m.tag_len, 6u);
    cr_expect_eq(memcmp(m.tag, "F6A0-1", 6), 0);
    expect_data(&m, "{\"a\":1}");
}

Test(message, a_head_without_a_tag_ends_at_the_newline)
{
    struct message m;

    cr_assert_eq(read_text("1-1 0\n[]", &m), 0);
    cr_expect(m.has_head);
    cr_expect_null(m.tag);
    cr_expect_eq(m.tag_len, 0u);
    expect_data(&m, "[]");
}

Test(message, behind_a_head_the_data_may_be_anything_even_with_newlines)
{
    struct message m;

    cr_assert_eq(read_text("1-1 0\n\"x\"", &m), 0);
    expect_data(&m, "\"x\"");
    cr_assert_eq(read_text("1-1 0\n\n{\n}", &m), 0);
    expect_data(&m, "\n{\n}");
}

Test(message, the_largest_numbers_pass_and_one_more_does_not)
{
    struct message m;

    cr_assert_eq(read_text("18446744073709551615-18446744073709551615 18446744073709551615\n1", &m),
                 0);
    cr_expect_eq(m.epoch, UINT64_MAX);
    cr_expect_eq(m.seq, UINT64_MAX);
    cr_expect_eq(m.time_us, UINT64_MAX);
    cr_expect_eq(read_text("18446744073709551616-1 0\n1", &m), -EBADMSG);
    cr_expect_eq(read_text("1-18446744073709551616 0\n1", &m), -EBADMSG);
    cr_expect_eq(read_text("1-1 99999999999999999999\n1", &m), -EBADMSG);
}

Test(message, a_torn_head_is_refused_and_leaves_the_message_as_it_was)
{
    static const char *const torn[] = {
        "",         "1",          "1-",        "1-1",       "1-1 ",       "1-1 0",
        "1-1 0 t",  "\n{}",       "-1 0\n{}",  "1- 0\n{}",  "1-1\n{}",    "1-1 \n{}",
        "1 1 0\n1", "1-1-0\n{}",  " 1-1 0\n1", "1-1  0\n1", "1-1 0 \n{}", "+1-1 0\n{}",
        "x",        "1-1 0x\n{}", "1-1 0\r\n", "1-1 -1\n1", "a-b c d\n1", "1-1 0 a b\n{}",
        "null",     "\"text\"",   "true",      " {}",
    };
    struct message m = {.epoch = 42};

    for (size_t i = 0; i < sizeof torn / sizeof *torn; i++)
        cr_expect_eq(read_text(torn[i], &m), -EBADMSG, "'%s'", torn[i]);
    cr_expect_eq(m.epoch, 42u);
    cr_expect_null(m.data);
}

Test(message, a_head_without_data_is_refused)
{
    struct message m;

    cr_expect_eq(read_text("1-1 0\n", &m), -EBADMSG);
    cr_expect_eq(read_text("1-1 0 tag\n", &m), -EBADMSG);
}

Test(message, every_number_has_one_spelling)
{
    struct message m;

    cr_expect_eq(read_text("01-1 0\n{}", &m), -EBADMSG);
    cr_expect_eq(read_text("1-01 0\n{}", &m), -EBADMSG);
    cr_expect_eq(read_text("1-1 00\n{}", &m), -EBADMSG);
    cr_expect_eq(read_text("0-1 0\n{}", &m), 0);
}

Test(message, the_count_of_a_stream_begins_at_one)
{
    struct message m;

    cr_expect_eq(read_text("1-0 0\n{}", &m), -EBADMSG);
}

Test(message, a_tag_is_up_to_64_bytes_of_printable_ascii_without_space)
{
    char tag[MESSAGE_TAG_MAX + 1];

    memset(tag, 'A', sizeof tag);
    cr_expect(message_tag_valid(tag, MESSAGE_TAG_MAX));
    cr_expect_not(message_tag_valid(tag, sizeof tag));
    cr_expect_not(message_tag_valid(tag, 0));
    cr_expect(message_tag_valid("!~", 2));
    cr_expect_not(message_tag_valid("a b", 3));
    cr_expect_not(message_tag_valid("a\nb", 3));
    cr_expect_not(message_tag_valid("\x7f", 1));
    cr_expect_not(message_tag_valid("\xc3\xa9", 2));
    cr_expect_not(message_tag_valid("a\0", 2));
}

Test(message, a_tag_that_is_too_long_is_a_torn_head)
{
    char text[128];
    struct message m;

    memset(text, 'A', sizeof text);
    memcpy(text, "1-1 0 ", 6);
    memcpy(text + 6 + MESSAGE_TAG_MAX, "\n1", 2);
    cr_expect_eq(read_bytes(text, 6 + MESSAGE_TAG_MAX + 2, &m), 0);
    memcpy(text + 6 + MESSAGE_TAG_MAX, "A\n1", 3);
    cr_expect_eq(read_bytes(text, 6 + MESSAGE_TAG_MAX + 3, &m), -EBADMSG);
}

Test(message, the_head_that_is_written_is_the_one_that_was_meant)
{
    struct message m = {.epoch = 1732000000000, .seq = 12, .time_us = 0, .tag = "AB:1xx"};
    char head[MESSAGE_HEAD_MAX];

    m.tag_len = 4; /* the tag is borrowed from longer text */
    size_t len = message_write_head(head, &m);
    cr_expect_eq(len, strlen("1732000000000-12 0 AB:1\n"));
    cr_expect_eq(memcmp(head, "1732000000000-12 0 AB:1\n", len), 0);
    m.tag = NULL;
    len = message_write_head(head, &m);
    cr_expect_eq(len, strlen("1732000000000-12 0\n"));
    cr_expect_eq(memcmp(head, "1732000000000-12 0\n", len), 0);
}

Test(message, the_longest_head_fills_its_buffer_and_reads_back)
{
    char *head = malloc(MESSAGE_HEAD_MAX), tag[MESSAGE_TAG_MAX], text[MESSAGE_HEAD_MAX + 2];
    struct message back, m = {.epoch = UINT64_MAX, .seq = UINT64_MAX, .time_us = UINT64_MAX};

    cr_assert_not_null(head);
    memset(tag, '~', sizeof tag);
    m.tag = tag;
    m.tag_len = sizeof tag;
    cr_assert_eq(message_write_head(head, &m), MESSAGE_HEAD_MAX);
    memcpy(text, head, MESSAGE_HEAD_MAX);
    memcpy(text + MESSAGE_HEAD_MAX, "[]", 2);
    free(head);
    cr_assert_eq(read_bytes(text, sizeof text, &back), 0);
    cr_expect_eq(back.seq, UINT64_MAX);
    cr_expect_eq(back.tag_len, sizeof tag);
    expect_data(&back, "[]");
}

Test(message, a_tag_that_would_tear_the_head_is_our_own_mistake, .signal = SIGABRT)
{
    struct message m = {.epoch = 1, .seq = 1, .tag = "a b", .tag_len = 3};
    char head[MESSAGE_HEAD_MAX];

    message_write_head(head, &m);
}
