/* test_log.c - the lines on standard error, read back from a pipe. */
#include "common/log.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int reader, saved_stderr;
static char line[2 * LOG_LINE_MAX];

static void set_up(void)
{
    int ends[2];
    cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
    cr_assert_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    saved_stderr = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    reader = ends[0];
}

static void tear_down(void)
{
    dup2(saved_stderr, STDERR_FILENO);
    close(saved_stderr);
    close(reader);
}

TestSuite(log, .init = set_up, .fini = tear_down);

/* What has been logged since the last call; "" for nothing. */
static const char *logged(void)
{
    ssize_t n = read(reader, line, sizeof line - 1);
    line[n > 0 ? n : 0] = '\0';
    return line;
}

/* The one line logged, as JSON that somebody else's parser accepts. */
static json_t *parsed(void)
{
    json_error_t why;
    const char *text = logged();
    cr_assert(*text && strchr(text, '\n') == text + strlen(text) - 1, "one line: %s", text);
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &why);
    cr_assert(root, "%s: %s", why.text, text);
    return root;
}

static const char *text_of(json_t *root, const char *key)
{
    const char *text = json_string_value(json_object_get(root, key));
    return text ? text : "(none)";
}

Test(log, a_line_is_an_object_with_time_level_message_and_fields)
{
    log_info("redis link is up", LOG_TEXT("address", "h:1"), LOG_NUMBER("channels", -7));
    const char *text = logged();
    const char *rest = strstr(text, "Z\"");
    cr_assert(rest);
    cr_expect_str_eq(rest, "Z\",\"level\":\"info\",\"message\":\"redis link is up\","
                           "\"address\":\"h:1\",\"channels\":-7}\n");
}

Test(log, the_time_is_utc_with_milliseconds)
{
    setenv("TZ", "Asia/Tokyo", 1);
    tzset();
    log_error("x");
    json_t *root = parsed();
    const char *text = text_of(root, "time");
    struct tm tm = {0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    cr_assert(rest && strlen(rest) == 5 && rest[0] == '.' && rest[4] == 'Z', "%s", text);
    cr_expect_leq(llabs((long long)(time(NULL) - timegm(&tm))), 3600);
    json_decref(root);
}

Test(log, what_is_below_the_level_is_not_printed)
{
    log_debug("x");
    cr_expect_str_eq(logged(), "");
    log_info("x");
    cr_expect_str_neq(logged(), "");
    log_set_level(LOG_LEVEL_ERROR);
    log_warn("x");
    cr_expect_str_eq(logged(), "");
    log_set_level(LOG_LEVEL_DEBUG);
    log_debug("x");
    cr_expect_str_neq(logged(), "");
}

Test(log, the_names_of_the_levels_end_with_null)
{
    cr_expect_str_eq(log_level_names[LOG_LEVEL_DEBUG], "debug");
    cr_expect_str_eq(log_level_names[LOG_LEVEL_ERROR], "error");
    cr_expect_null(log_level_names[LOG_LEVEL_ERROR + 1]);
}

Test(log, a_field_without_a_key_is_left_out)
{
    log_info("x", LOG_TEXT(NULL, "a"), LOG_NUMBER("n", -1));
    json_t *root = parsed();
    cr_expect_eq(json_object_size(root), 4u);
    cr_expect_eq(json_integer_value(json_object_get(root, "n")), -1);
    json_decref(root);
}

Test(log, text_comes_back_as_it_was_and_cannot_end_the_line)
{
    const char *text = "a\"b\\c\n\r\t\x01\x7f \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80";
    log_info(text, LOG_TEXT("raw", text));
    json_t *root = parsed();
    cr_expect_str_eq(text_of(root, "message"), text);
    cr_expect_str_eq(text_of(root, "raw"), text);
    json_decref(root);
}

Test(log, bytes_that_are_not_utf8_are_replaced)
{
    log_info("x", LOG_TEXT("raw", "a\xff\xc3(\xed\xa0\x80"));
    json_t *root = parsed();
    cr_expect_str_eq(text_of(root, "raw"), "a\ufffd\ufffd(\ufffd\ufffd\ufffd");
    json_decref(root);
}

Test(log, a_long_text_is_cut_at_a_whole_character)
{
    char text[LOG_TEXT_MAX + 100];
    memset(text, 'a', sizeof text);
    memcpy(text + LOG_TEXT_MAX - 1, "\xe2\x82\xac", 3);
    text[sizeof text - 1] = '\0';
    log_info("x", LOG_TEXT("raw", text), LOG_NUMBER("after", 1));
    json_t *root = parsed();
    const char *cut = text_of(root, "raw");
    cr_expect_eq(strlen(cut), LOG_TEXT_MAX + 2 + strlen("..."));
    cr_expect_str_eq(cut + LOG_TEXT_MAX - 1, "\xe2\x82\xac...");
    cr_expect_eq(json_integer_value(json_object_get(root, "after")), 1);
    json_decref(root);
}

Test(log, a_text_of_just_the_limit_is_whole)
{
    char text[LOG_TEXT_MAX + 1];
    memset(text, 'a', LOG_TEXT_MAX);
    text[LOG_TEXT_MAX] = '\0';
    log_info("x", LOG_TEXT("raw", text));
    json_t *root = parsed();
    cr_expect_str_eq(text_of(root, "raw"), text);
    json_decref(root);
}

Test(log, a_full_line_is_still_valid_whatever_its_length)
{
    char text[LOG_TEXT_MAX];
    for (size_t size = LOG_TEXT_MAX - 100; size < LOG_TEXT_MAX; size++) {
        memset(text, 'b', size);
        text[0] = '\x01';
        text[size] = '\0';
        log_info(text, LOG_TEXT("one", text), LOG_TEXT("two", text), LOG_NUMBER("n", INT64_MIN));
        json_t *root = parsed();
        cr_expect_leq(strlen(line), (size_t)LOG_LINE_MAX);
        cr_expect_eq(strlen(text_of(root, "message")), size);
        json_decref(root);
    }
}

Test(log, escapes_do_not_overflow_the_line)
{
    char text[LOG_TEXT_MAX];
    memset(text, '\x02', sizeof text);
    text[sizeof text - 1] = '\0';
    log_info(text, LOG_TEXT("one", text), LOG_NUMBER("n", 1));
    json_t *root = parsed();
    cr_expect_leq(strlen(line), (size_t)LOG_LINE_MAX);
    json_decref(root);
}

Test(log, errno_is_left_alone)
{
    close(STDERR_FILENO);
    errno = EPERM;
    log_info("nobody listens");
    cr_expect_eq(errno, EPERM);
}

Test(log, a_limited_line_is_allowed_once_a_minute_and_says_how_many_were_held)
{
    struct log_limit limit = {0};
    uint64_t held = 99;
    cr_expect(log_allowed(&limit, &held));
    cr_expect_eq(held, 0u);
    cr_expect_not(log_allowed(&limit, &held));
    cr_expect_not(log_allowed(&limit, &held));
    limit.next_ms -= LOG_LIMIT_MS; /* a minute later */
    cr_expect(log_allowed(&limit, &held));
    cr_expect_eq(held, 2u);
    cr_expect_not(log_allowed(&limit, &held));
}
