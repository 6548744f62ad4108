/* The two forms of a line, and every way in which one can be wrong. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "publisher/event_line.h"

static struct event_line line;
static char why[EVENT_LINE_WHY_MAX];
static char events[1024]; /* stream [tag] data; */

static void note(void *ctx, const struct event *e)
{
    size_t at = strlen(events);

    (void)ctx;
    snprintf(events + at, sizeof events - at, "%.*s%s%.*s %.*s;", (int)e->stream_len, e->stream,
             e->tag ? " #" : "", (int)e->tag_len, e->tag ? e->tag : "", (int)e->data_len, e->data);
}

static int decode(const char *text)
{
    events[0] = why[0] = '\0';
    int err = event_line_read(text, strlen(text), &line, why);
    return err ? err : event_line_emit(&line, note, NULL, why);
}

static void expect_bad(const char *text, const char *reason)
{
    cr_expect_eq(decode(text), -EBADMSG, "%s", text);
    cr_expect_not_null(strstr(why, reason), "%s: '%s' is not in '%s'", text, reason, why);
    cr_expect_str_eq(events, "");
}

Test(event_line, an_event_is_taken_word_for_word)
{
    cr_assert_eq(decode("{\"stream\":\"a.b\",\"data\":{\"n\": 1.50e1, \"u\":\"\\u00e4\"}}"), 0);
    cr_expect_str_eq(events, "a.b {\"n\": 1.50e1, \"u\":\"\\u00e4\"};");
    cr_expect_not(line.has_time);
}

Test(event_line, any_json_value_is_data)
{
    cr_expect_eq(decode("{\"data\":null,\"stream\":\"a\"}"), 0);
    cr_expect_str_eq(events, "a null;");
    cr_expect_eq(decode(" {\"data\" : [ ] , \"stream\" : \"a\" } \r"), 0);
    cr_expect_str_eq(events, "a [ ];");
}

Test(event_line, time_tag_and_class_are_optional_and_other_members_ignored)
{
    cr_assert_eq(decode("{\"time\":1700000000123,\"class\":\"book\",\"x\":1,\"tag\":\"t-1\","
                        "\"stream\":\"a\",\"data\":1}"),
                 0);
    cr_expect_str_eq(events, "a #t-1 1;");
    cr_expect(line.has_time);
    cr_expect_eq(line.time_ms, 1700000000123);
}

Test(event_line, escapes_in_a_name_or_tag_are_decoded)
{
    cr_assert_eq(decode("{\"stream\":\"\\u0061b\",\"tag\":\"\\u0063\",\"data\":1}"), 0);
    cr_expect_str_eq(events, "ab #c 1;");
}

Test(event_line, what_a_server_sent_goes_through_its_normaliser)
{
    cr_assert_eq(decode("{\"time\":5,\"source\":\"exchange\",\"message\":{\"stream\":\"x@trade\","
                        "\"data\":{\"e\":\"trade\",\"t\":77}}}"),
                 0);
    cr_expect_str_eq(events, "x@trade #77 {\"e\":\"trade\",\"t\":77};");
    cr_expect_eq(line.time_ms, 5);
}

Test(event_line, a_line_does_not_inherit_from_the_one_before)
{
    decode("{\"time\":5,\"stream\":\"a\",\"tag\":\"t\",\"data\":1}");
    cr_assert_eq(decode("{\"stream\":\"b\",\"data\":2}"), 0);
    cr_expect_str_eq(events, "b 2;");
    cr_expect_not(line.has_time);
}

Test(event_line, an_unknown_source_is_named_with_the_known_ones)
{
    expect_bad("{\"source\":\"moon\",\"message\":{}}", "unknown source \"moon\"; known: exchange");
}

Test(event_line, a_very_long_unknown_source_is_cut)
{
    char text[2000];

    snprintf(text, sizeof text, "{\"source\":\"%01000d\",\"message\":{}}", 7);
    expect_bad(text, "; known: exchange");
}

Test(event_line, what_is_no_json_says_where)
{
    expect_bad("{bad", "no JSON: expected value at byte 2");
    expect_bad("{\"stream\":\"a\",\"data\":1} x", "no JSON");
    expect_bad("{\"stream\":\"a\",\"data\":\"\xff\"}", "no JSON");
    expect_bad("", "no JSON");
}

Test(event_line, neither_form_or_both_is_bad)
{
    expect_bad("{}", "neither");
    expect_bad("[1]", "neither");
    expect_bad("7", "neither");
    expect_bad("{\"stream\":\"a\",\"data\":1,\"source\":\"exchange\",\"message\":{}}", "neither");
}

Test(event_line, wrong_members_are_named)
{
    expect_bad("{\"stream\":7,\"data\":1}", "stream:");
    expect_bad("{\"stream\":\"a\"}", "data: missing");
    expect_bad("{\"stream\":\"a\",\"data\":1,\"tag\":7}", "tag:");
    expect_bad("{\"stream\":\"a\",\"data\":1,\"class\":7}", "class:");
    expect_bad("{\"stream\":\"a\",\"data\":1,\"time\":\"7\"}", "time:");
    expect_bad("{\"stream\":\"a\",\"data\":1,\"time\":1.5}", "time:");
    expect_bad("{\"stream\":\"a\",\"data\":1,\"time\":-1}", "time:");
    expect_bad("{\"stream\":\"a\",\"data\":1,\"time\":9223372036854775807}", "time:");
    expect_bad("{\"source\":7,\"message\":{}}", "source:");
    expect_bad("{\"source\":\"exchange\"}", "message: missing");
    expect_bad("{\"source\":\"exchange\",\"message\":7}", "message:");
}

Test(event_line, a_name_that_does_not_fit_once_decoded_is_bad)
{
    char text[4000] = "{\"data\":1,\"stream\":\"";

    for (int i = 0; i < 300; i++)
        strcat(text, "\\u0061");
    strcat(text, "\"}");
    expect_bad(text, "stream:");
}

Test(event_line, white_space_alone_is_blank)
{
    cr_expect(event_line_blank("", 0));
    cr_expect(event_line_blank(" \t\r", 3));
    cr_expect_not(event_line_blank(" x", 2));
}

Test(event_line, the_class_says_what_redis_keeps)
{
    static const struct {
        const char *member;
        enum event_history history;
        bool keep_last;
    } cases[] = {{"", EVENT_HISTORY_STREAM, false},
                 {",\"class\":\"book\"", EVENT_HISTORY_STREAM, false},
                 {",\"class\":\"entity\"", EVENT_HISTORY_ENTITY, false},
                 {",\"class\":\"snapshot\"", EVENT_HISTORY_NONE, true},
                 {",\"class\":\"none\"", EVENT_HISTORY_NONE, false}};
    char text[100];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(text, sizeof text, "{\"stream\":\"a\",\"data\":1%s}", cases[i].member);
        cr_assert_eq(decode(text), 0);
        cr_expect_eq(line.event.history, cases[i].history, "%s", text);
        cr_expect_eq(line.event.keep_last, cases[i].keep_last, "%s", text);
    }
}
