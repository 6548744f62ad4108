/* How a message of one stream looks in each form, and what a connection may ask for. */
#include "gateway/dialects/stream_form.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/message.h"
#include "gateway/frame.h"

static const char *looks(unsigned form, const char *data, uint64_t seq)
{
    static char text[512];
    struct message m = {
        .has_head = seq > 0, .epoch = 7, .seq = seq, .data = data, .data_len = strlen(data)};
    struct frame *frame = stream_form_message(form, "s", 1, &m);

    if (!frame)
        return "";
    struct span payload = frame_payload(frame);
    snprintf(text, sizeof text, "%.*s", (int)payload.len, payload.at);
    frame_unref(&frame);
    return text;
}

Test(stream_form, what_a_publisher_of_ours_wrote)
{
    cr_expect_str_eq(looks(0, "{}", 3), "{}");
    cr_expect_str_eq(looks(FORM_IDS, "{}", 3), "{\"id\":\"7-3\",\"data\":{}}");
    cr_expect_str_eq(looks(FORM_COMBINED, "{}", 3), "{\"stream\":\"s\",\"data\":{}}");
    cr_expect_str_eq(looks(FORM_COMBINED | FORM_IDS, "{}", 3),
                     "{\"stream\":\"s\",\"id\":\"7-3\",\"data\":{}}");
    cr_expect_str_eq(looks(FORM_COMBINED | FORM_IDS, "{}", 0),
                     "{\"stream\":\"s\",\"id\":null,\"data\":{}}");
}

Test(stream_form, what_an_engine_has_wrapped)
{
    static const char data[] = " {\"stream\":\"s\",\"data\":[1]}";

    cr_expect_str_eq(looks(FORM_WRAPPED | FORM_COMBINED, data, 3), data);
    cr_expect_str_eq(looks(FORM_WRAPPED | FORM_COMBINED | FORM_IDS, data, 3),
                     "{\"id\":\"7-3\",\"stream\":\"s\",\"data\":[1]}");
    cr_expect_str_eq(looks(FORM_WRAPPED, data, 3), "[1]");
    cr_expect_str_eq(looks(FORM_WRAPPED | FORM_IDS, data, 0), "{\"id\":null,\"data\":[1]}");
    cr_expect_str_eq(looks(FORM_WRAPPED, "{}", 3), "", "it is not of that form");
}

Test(stream_form, options_are_taken_from_anywhere_in_a_query)
{
    cr_expect_eq(stream_options(""), 0u);
    cr_expect_eq(stream_options("ids=1"), (unsigned)FORM_IDS);
    cr_expect_eq(stream_options("streams=a&last=1&&notices=1&ids=1"),
                 (unsigned)(STREAM_LAST | FORM_NOTICES | FORM_IDS));
    cr_expect_eq(stream_options("ids=0&last&xids=1&ids=11"), 0u);
}

static int reads(const char *text)
{
    struct stream_id id;

    return stream_id_read(text, strlen(text), &id);
}

Test(stream_form, an_id_has_one_form)
{
    struct stream_id id;

    cr_expect_eq(stream_id_read("18446744073709551615-2", 22, &id), 0);
    cr_expect_eq(id.epoch, UINT64_MAX);
    cr_expect_eq(id.seq, 2u);
    cr_expect_eq(reads("0-0"), 0);
    static const char *const bad[] = {"",
                                      "-",
                                      "7",
                                      "7-",
                                      "-1",
                                      "7-1 ",
                                      " 7-1",
                                      "7-1-1",
                                      "7--1",
                                      "18446744073709551616-1",
                                      "7-18446744073709551616",
                                      "x-y"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_eq(reads(bad[i]), -EINVAL, "%s", bad[i]);
}

static int checks(const char *text)
{
    struct json_value root;

    cr_assert_eq(json_check(text, strlen(text), JSON_STRICT, &root, NULL), 0);
    return stream_since_check(root);
}

Test(stream_form, a_since_is_an_object_of_ids)
{
    cr_expect_eq(checks("{}"), 0);
    cr_expect_eq(checks("{\"a\":\"7-1\",\"b\":\"0-0\"}"), 0);
    cr_expect_eq(checks("{\"a\":\"7-1\",\"b\":\"7\"}"), -EINVAL);
    cr_expect_eq(checks("{\"a\":7}"), -EINVAL);
    cr_expect_eq(checks("[]"), -EINVAL);
    cr_expect_eq(checks("\"7-1\""), -EINVAL);
    cr_expect_eq(checks("null"), -EINVAL);
    cr_expect_eq(stream_since_check((struct json_value){0}), 0, "none is given");
}
