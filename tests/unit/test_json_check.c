/* test_json_check.c - which texts are JSON, and where and why the others are not. */
#include <errno.h>
#include <stdio.h>

#include "tests/unit/json_document.h"

TestSuite(json_check, .fini = tear_down);

static bool accepts(const char *text, unsigned flags)
{
    struct json_value root;
    return check_bytes(text, strlen(text), flags, &root) == 0;
}

struct refusal {
    const char *text;
    size_t offset;
    const char *reason;
};

static void expect_refused(const struct refusal *r, size_t n, unsigned flags)
{
    struct json_value root = {.len = 42};

    for (size_t i = 0; i < n; i++) {
        cr_expect_eq(check_bytes(r[i].text, strlen(r[i].text), flags, &root), -EBADMSG, "%s",
                     r[i].text);
        cr_expect_eq(error.offset, r[i].offset, "%s at %zu", r[i].text, error.offset);
        cr_expect_str_eq(error.reason, r[i].reason, "%s: %s", r[i].text, error.reason);
    }
    cr_expect_eq(root.len, 42u, "a refused document leaves the root as it was");
}

#define EXPECT_REFUSED(refusals, flags) expect_refused(refusals, COUNT(refusals), flags)

Test(json_check, every_kind_of_value_may_be_the_document)
{
    expect_text(parse("null", 0), JSON_NULL, "null");
    expect_text(parse(" true ", 0), JSON_TRUE, "true");
    expect_text(parse("false", 0), JSON_FALSE, "false");
    expect_text(parse("\t-1.5e+10\r\n", 0), JSON_NUMBER, "-1.5e+10");
    expect_text(parse("\"x\"", 0), JSON_STRING, "\"x\"");
    expect_text(parse("[ ]", 0), JSON_ARRAY, "[ ]");
    expect_text(parse(" {} ", 0), JSON_OBJECT, "{}");
}

Test(json_check, what_stops_being_a_document_is_told_with_its_place)
{
    static const struct refusal refusals[] = {
        {"", 0, "expected value"},
        {"  ", 2, "expected value"},
        {"{bad", 1, "expected value"},
        {"bad", 0, "expected value"},
        {"nul", 0, "expected value"},
        {"[1,]", 3, "expected value"},
        {"[,1]", 1, "expected value"},
        {"[", 1, "expected value"},
        {"{", 1, "expected value"},
        {"{\"a\":1,}", 7, "expected value"},
        {"{\"a\":}", 5, "expected value"},
        {"{1:2}", 1, "expected value"},
        {"'a'", 0, "expected value"},
        {"[1 2]", 3, "expected ',' or ']'"},
        {"[1}", 2, "expected ',' or ']'"},
        {"[[1]", 4, "expected ',' or ']'"},
        {"[\"a\":1]", 4, "expected ',' or ']'"},
        {"{\"a\":1]", 6, "expected ',' or '}'"},
        {"{\"a\":1", 6, "expected ',' or '}'"},
        {"{\"a\" 1}", 5, "expected ':'"},
        {"{\"a\"", 4, "expected ':'"},
        {"{} x", 3, "text after the document"},
        {"1 2", 2, "text after the document"},
        {"]", 0, "expected value"},
        {"// x\n1", 0, "expected value"},
        {"\xef\xbb\xbf{}", 0, "expected value"},
    };
    EXPECT_REFUSED(refusals, JSON_STRICT);
}

Test(json_check, numbers_have_the_form_of_the_standard)
{
    static const char *const good[] = {"0",   "-0",    "10",   "0.0",   "1.25",
                                       "1e5", "1E+05", "0e-0", "-1.0E7"};
    static const struct refusal bad[] = {
        {"-", 1, "invalid number"},           {"-a", 1, "invalid number"},
        {"1.", 2, "invalid number"},          {"1.e5", 2, "invalid number"},
        {"[1e]", 3, "invalid number"},        {"1e+", 3, "invalid number"},
        {"01", 1, "text after the document"}, {".5", 0, "expected value"},
        {"+1", 0, "expected value"},          {"0x10", 1, "text after the document"},
        {"NaN", 0, "expected value"},
    };
    for (size_t i = 0; i < COUNT(good); i++)
        cr_expect(accepts(good[i], 0), "%s", good[i]);
    EXPECT_REFUSED(bad, JSON_STRICT);
}

Test(json_check, strings_are_utf8_with_the_escapes_of_the_standard)
{
    static const char *const good[] = {"\"\"",        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
                                       "\"\\u0000\"", "\"\\uD83d\\uDe00\"",
                                       "\"\x7f\"",    "\"d\xc3\xa9j\xc3\xa0 \xf0\x9f\x98\x80\""};
    static const struct refusal bad[] = {
        {"\"", 1, "unterminated string"},
        {"\"abc", 4, "unterminated string"},
        {"\"abcdefgh\\", 10, "unterminated string"},
        {"\"a\nb\"", 2, "control character in string"},
        {"\"\\x\"", 1, "invalid escape"},
        {"\"\\u12\"", 1, "invalid escape"},
        {"\"\\u12G4\"", 1, "invalid escape"},
        {"\"\\ud83d alone\"", 1, "unpaired surrogate"},
        {"\"\\ud83d", 1, "unpaired surrogate"},
        {"\"\\ud83d\\", 1, "unpaired surrogate"},
        {"\"\\ud83d\\ude0", 1, "unpaired surrogate"},
        {"\"a\\ude00\"", 2, "unpaired surrogate"},
        {"\"\\ud83d\\u0041\"", 1, "unpaired surrogate"},
        {"\"\\ud83d\\ud83d\\ude00\"", 1, "unpaired surrogate"},
        {"\"a\xff\"", 2, "invalid UTF-8"},
        {"\"\xed\xa0\x80\"", 1, "invalid UTF-8"},
        {"\"\xf0\x9f\x98", 1, "invalid UTF-8"},
    };
    for (size_t i = 0; i < COUNT(good); i++)
        cr_expect(accepts(good[i], 0), "%s", good[i]);
    EXPECT_REFUSED(bad, JSON_STRICT);
}

Test(json_check, a_zero_byte_is_refused_within_a_string_and_without)
{
    struct json_value root;

    cr_expect_eq(check_bytes("\"a\0\"", 4, 0, &root), -EBADMSG);
    cr_expect_eq(check_bytes("\"\\\0\"", 4, 0, &root), -EBADMSG);
    cr_expect_eq(check_bytes("{}\0", 3, 0, &root), -EBADMSG);
    cr_expect_eq(check_bytes("{\0}", 3, 0, &root), -EBADMSG);
}

Test(json_check, what_needs_a_closer_look_is_found_at_every_place_of_a_long_string)
{
    static const char special[] = {'"', '\n', '\\', (char)0xff, '\0', 0x1f};
    struct json_value root;
    char text[42];

    for (size_t at = 1; at < sizeof text - 1; at++) {
        for (size_t i = 0; i < COUNT(special); i++) {
            memset(text, 'x', sizeof text);
            text[0] = text[sizeof text - 1] = '"';
            text[at] = special[i];
            cr_expect_eq(check_bytes(text, sizeof text, 0, &root), -EBADMSG, "%zu: %zu", at, i);
        }
        memset(text, 0x7f, sizeof text);
        text[0] = text[at] = '"';
        cr_expect_eq(check_bytes(text, at + 1, 0, &root), 0, "%zu", at);
        cr_expect_eq(check_bytes(text, at, 0, &root), -EBADMSG, "%zu", at);
    }
}

Test(json_check, containers_may_be_as_deep_as_the_limit_and_no_deeper)
{
    char text[2 * (JSON_MAX_DEPTH + 1) + 1];
    struct json_value root;

    for (size_t depth = JSON_MAX_DEPTH; depth <= JSON_MAX_DEPTH + 1; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        int err = check_bytes(text, 2 * depth, 0, &root);
        cr_expect_eq(err, depth <= JSON_MAX_DEPTH ? 0 : -EBADMSG);
    }
    cr_expect_str_eq(error.reason, "nested too deeply");
    cr_expect_eq(error.offset, (size_t)JSON_MAX_DEPTH);
}

Test(json_check, arrays_and_objects_may_alternate_to_any_depth)
{
    cr_expect(accepts("[{\"a\":[{\"b\":[[],{}]},[{}]]},{\"c\":{\"d\":[]}}]", 0));
    cr_expect_not(accepts("[{\"a\":[{\"b\":[[],{}]},[{}}]},{\"c\":{\"d\":[]}}]", 0));
    cr_expect_not(accepts("{\"a\":[{\"b\":1}}", 0));
}

Test(json_check, text_after_the_document_is_accepted_where_asked_for)
{
    expect_text(parse("{\"a\":1} and \xff", JSON_TRAILING), JSON_OBJECT, "{\"a\":1}");
    expect_text(parse(" 12]", JSON_TRAILING), JSON_NUMBER, "12");
    expect_text(parse("[]{}", JSON_TRAILING), JSON_ARRAY, "[]");
    cr_expect_not(accepts("", JSON_TRAILING));
    cr_expect_not(accepts("{\"a\":1,} x", JSON_TRAILING));
}

Test(json_check, a_byte_order_mark_is_accepted_where_asked_for_and_once)
{
    expect_text(parse("\xef\xbb\xbf {}", JSON_BOM), JSON_OBJECT, "{}");
    cr_expect(accepts("{}", JSON_BOM));
    cr_expect_not(accepts("\xef\xbb\xbf\xef\xbb\xbf{}", JSON_BOM));
    cr_expect_not(accepts(" \xef\xbb\xbf{}", JSON_BOM));
    cr_expect_not(accepts("\xef\xbb", JSON_BOM));
}

Test(json_check, comments_are_white_space_where_asked_for)
{
    static const struct refusal bad[] = {
        {"/* open", 0, "expected value"},         {"/*/", 0, "expected value"},
        {"[1 /]", 3, "expected ',' or ']'"},      {"/", 0, "expected value"},
        {"/* \xff */ 1", 0, "expected value"},    {"{} // \xff", 3, "text after the document"},
        {"// no document", 14, "expected value"},
    };
    cr_expect(accepts("/* a */ {/**/\"a\"/* \" */:// b\n[1,/*]*/2]//\r}// end", JSON_COMMENTS));
    cr_expect(accepts("\"/* no comment\"", 0));
    EXPECT_REFUSED(bad, JSON_COMMENTS);
}

Test(json_check, a_repeated_key_is_refused_where_asked_for_however_it_is_spelt)
{
    static const struct refusal bad[] = {
        {"{\"a\":1,\"a\":2}", 7, "repeated key"},
        {"{\"id\":1,\"b\":{},\"\\u0069d\":2}", 15, "repeated key"},
        {"[{\"\xc3\xa9\":1, \"\\u00E9\":2}]", 10, "repeated key"},
        {"{\"x\":{\"a\":1,\"a\":1}}", 12, "repeated key"},
        {"{\"\":1,\"\":1}", 6, "repeated key"},
    };
    EXPECT_REFUSED(bad, JSON_UNIQUE);
    cr_expect(accepts("{\"a\":1,\"a\":2}", 0));
    cr_expect(accepts("{\"a\":{\"a\":[{\"a\":1},{\"a\":1}]},\"b\":{\"a\":1},\"A\":1,\"ab\":1}",
                      JSON_UNIQUE));
    cr_expect(accepts("{\"a\":1,\"a\\u0000\":2}", JSON_UNIQUE));
}

Test(json_check, unique_keys_are_kept_in_mind_up_to_a_limit_and_forgotten_with_their_object)
{
    char text[32 * (JSON_MAX_UNIQUE + 1)], *p = text;
    struct json_value root;

    *p++ = '[';
    for (int object = 0; object < 2; object++) {
        p += sprintf(p, "%s", object > 0 ? ",{" : "{");
        for (int i = 0; i < JSON_MAX_UNIQUE; i++)
            p += sprintf(p, "%s\"k%d\":0", i > 0 ? "," : "", i);
        *p++ = '}';
    }
    *p++ = ']';
    cr_expect_eq(check_bytes(text, (size_t)(p - text), JSON_UNIQUE, &root), 0);
    p += sprintf(p - 2, ",\"one more\":0}]") - 2;
    cr_expect_eq(check_bytes(text, (size_t)(p - text), JSON_UNIQUE, &root), -EBADMSG);
    cr_expect_str_eq(error.reason, "too many members");
    cr_expect_eq(check_bytes(text, (size_t)(p - text), 0, &root), 0);
}

Test(json_check, nobody_need_ask_for_the_reason)
{
    struct json_value root;
    cr_expect_eq(json_check("[", 1, 0, &root, NULL), -EBADMSG);
}

Test(json_check, a_place_is_told_as_line_and_column)
{
    size_t line, column;

    json_line_column("{bad", 1, &line, &column);
    cr_expect_eq(line, 1u);
    cr_expect_eq(column, 2u);
    json_line_column("{\n\n  x", 5, &line, &column);
    cr_expect_eq(line, 3u);
    cr_expect_eq(column, 3u);
    json_line_column("{\n", 1, &line, &column); /* the newline itself belongs to its line */
    cr_expect_eq(line, 1u);
    cr_expect_eq(column, 2u);
    json_line_column("", 0, &line, &column);
    cr_expect_eq(line, 1u);
    cr_expect_eq(column, 1u);
}
