/* Errors and strings are worded as Go's encoding/json does it. */
#include <criterion/criterion.h>
#include <string.h>

#include "gateway/dialects/injective_go.h"

static void expect_fault(const char *text, const char *fault)
{
    struct text out = {0};
    struct json_value root;

    cr_assert_lt(json_check(text, strlen(text), JSON_TRAILING, &root, NULL), 0, "%s", text);
    go_fault(&out, text, strlen(text), "(accepted)");
    cr_expect_str_eq(out.at, fault, "%s: %s", text, out.at);
    text_free(&out);
}

Test(injective_go, text_that_ends_too_early)
{
    expect_fault("", "EOF");
    expect_fault(" \n\t", "EOF");
    expect_fault("{", "unexpected EOF");
    expect_fault("[1,", "unexpected EOF");
    expect_fault("{\"a\":", "unexpected EOF");
    expect_fault("\"abc", "unexpected EOF");
    expect_fault("\"abc\\", "unexpected EOF");
    expect_fault("\"\\u12", "unexpected EOF");
    expect_fault("tru", "unexpected EOF");
    expect_fault("-", "unexpected EOF");
}

Test(injective_go, what_should_have_stood_there)
{
    expect_fault("hello", "invalid character 'h' looking for beginning of value");
    expect_fault("[1,]", "invalid character ']' looking for beginning of value");
    expect_fault("{bad", "invalid character 'b' looking for beginning of object key string");
    expect_fault("{\"a\":1,}", "invalid character '}' looking for beginning of object key string");
    expect_fault("{\"a\"1", "invalid character '1' after object key");
    expect_fault("{\"a\":1]", "invalid character ']' after object key:value pair");
    expect_fault("{\"a\":01}", "invalid character '1' after object key:value pair");
    expect_fault("[1 2]", "invalid character '2' after array element");
}

Test(injective_go, literals_numbers_and_strings)
{
    expect_fault("trap", "invalid character 'a' in literal true (expecting 'u')");
    expect_fault("nul ", "invalid character ' ' in literal null (expecting 'l')");
    expect_fault("[fals3]", "invalid character '3' in literal false (expecting 'e')");
    expect_fault("-a", "invalid character 'a' in numeric literal");
    expect_fault("1.x", "invalid character 'x' after decimal point in numeric literal");
    expect_fault("1e+x", "invalid character 'x' in exponent of numeric literal");
    expect_fault("\"\\x\"", "invalid character 'x' in string escape code");
    expect_fault("\"\\u12g4\"", "invalid character 'g' in \\u hexadecimal character escape");
    expect_fault("\"a\nb\"", "invalid character '\\n' in string literal");
}

Test(injective_go, how_a_character_is_quoted)
{
    expect_fault("'", "invalid character '\\'' looking for beginning of value");
    expect_fault("\\", "invalid character '\\\\' looking for beginning of value");
    expect_fault("\x01", "invalid character '\\x01' looking for beginning of value");
    expect_fault("\x7f", "invalid character '\\x7f' looking for beginning of value");
    expect_fault("\xc3\xa9", "invalid character '\xc3\x83' looking for beginning of value");
    expect_fault("\x80", "invalid character '\\u0080' looking for beginning of value");
    expect_fault("{\"a\"\"", "invalid character '\"' after object key");
}

Test(injective_go, what_that_library_accepts_has_our_own_words)
{
    expect_fault("\"\\ud800\"", "(accepted)");
}

Test(injective_go, depth_is_no_way_to_our_stack)
{
    char text[5000];

    memset(text, '[', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    expect_fault(text, "exceeded max depth");
}

static void expect_quoted(const char *text, const char *quoted)
{
    struct text out = {0};

    go_quote(&out, text, strlen(text));
    cr_expect_str_eq(out.at, quoted);
    text_free(&out);
}

Test(injective_go, strings_are_escaped_for_html_too)
{
    expect_quoted("", "\"\"");
    expect_quoted("a\"b\\c", "\"a\\\"b\\\\c\"");
    expect_quoted("<a&b>", "\"\\u003ca\\u0026b\\u003e\"");
    expect_quoted("\n\r\t\b\f\x01", "\"\\n\\r\\t\\u0008\\u000c\\u0001\"");
    expect_quoted("\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa", "\"\\u2028\\u2029\xe2\x80\xaa\"");
    expect_quoted("\xe2\x98\x83", "\"\xe2\x98\x83\"");
}
