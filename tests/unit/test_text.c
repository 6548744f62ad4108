/* A text that grows. */
#include "common/text.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/leaks.h"

static struct text t;

static void tear_down(void)
{
    text_free(&t);
    no_leaks();
}

TestSuite(text, .fini = tear_down);

Test(text, parts_are_added_one_after_the_other)
{
    text_add(&t, "%s=%d", "a", 7);
    text_add_bytes(&t, ";x", 2);
    text_add_json(&t, "q\"\n", 3);
    cr_expect_str_eq(t.at, "a=7;x\"q\\\"\\n\"");
    cr_expect_eq(t.len, strlen(t.at));
    cr_expect_not(t.failed);
}

Test(text, it_grows_past_every_size_and_keeps_what_it_had)
{
    for (int i = 0; i < 10000; i++)
        text_add(&t, "%05d,", i);
    cr_assert_eq(t.len, 60000u);
    for (size_t i = 0; i < 10000; i++) {
        char want[8];
        snprintf(want, sizeof want, "%05zu,", i);
        cr_assert_eq(memcmp(t.at + 6 * i, want, 6), 0, "%zu", i);
    }
}

Test(text, one_part_may_be_longer_than_all_the_room_there_is)
{
    static char much[100000];

    memset(much, 'x', sizeof much);
    text_add(&t, "a");
    text_add_bytes(&t, much, sizeof much);
    text_add_json(&t, much, sizeof much);
    cr_expect_eq(t.len, 1 + sizeof much + 2 + sizeof much);
    cr_expect_eq(t.at[t.len], '\0');
    cr_expect_eq(t.at[t.len - 1], '"');
}

/* Room is made for exactly what is added and a NUL: a slip shows where it is doubled. */
Test(text, the_nul_has_room_at_every_length_near_a_doubling)
{
    static char bytes[2100];

    memset(bytes, 'y', sizeof bytes);
    for (size_t len = 1020; len < 2060; len += len == 1030 ? 1010 : 1) {
        text_add(&t, "x");
        text_add_bytes(&t, bytes, len);
        cr_expect_eq(t.at[len + 1], '\0');
        text_free(&t);
        text_add(&t, "x");
        text_add(&t, "%.*s", (int)len, bytes);
        cr_expect_eq(strlen(t.at), len + 1);
        text_free(&t);
    }
}

Test(text, bytes_may_be_zero)
{
    text_add_bytes(&t, "a\0b", 3);
    cr_expect_eq(t.len, 3u);
    cr_expect_eq(memcmp(t.at, "a\0b", 4), 0);
}

Test(text, after_a_failure_it_keeps_what_it_has)
{
    text_add(&t, "kept");
    t.failed = true;
    text_add(&t, "more");
    text_add_bytes(&t, "more", 4);
    text_add_json(&t, "more", 4);
    cr_expect_str_eq(t.at, "kept");
    cr_expect(t.failed);
}

Test(text, what_was_freed_is_empty_and_may_be_used_again)
{
    text_add(&t, "x");
    text_free(&t);
    cr_expect_null(t.at);
    cr_expect_eq(t.len, 0u);
    text_free(&t);
    text_add(&t, "y");
    cr_expect_str_eq(t.at, "y");
}
