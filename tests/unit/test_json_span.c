/* test_json_span.c - members and elements are found where they stand in the document. */
#include "tests/unit/json_document.h"

TestSuite(json_span, .fini = tear_down);

Test(json_span, a_member_is_found_by_its_key_with_its_text_as_it_stands)
{
    struct json_value root =
        parse("{ \"a\" : 1.50 , \"b\":[1, {\"a\":\"]}\\\"\"}] ,\"c\":\"x\\\\\",\"d\":null}", 0);

    expect_text(json_member(root, "a", 0), JSON_NUMBER, "1.50");
    expect_text(json_member(root, "b", 0), JSON_ARRAY, "[1, {\"a\":\"]}\\\"\"}]");
    expect_text(json_member(root, "c", 0), JSON_STRING, "\"x\\\\\"");
    expect_text(json_member(root, "d", 0), JSON_NULL, "null");
    cr_expect_eq(json_member(root, "e", 0).kind, JSON_NONE);
    cr_expect_eq(json_member(root, "", 0).kind, JSON_NONE);
    cr_expect_eq(json_member(root, "A", 0).kind, JSON_NONE);
}

Test(json_span, what_is_no_object_has_no_members)
{
    cr_expect_eq(json_member(parse("[\"a\",1]", 0), "a", 0).kind, JSON_NONE);
    cr_expect_eq(json_member(parse("\"a\"", 0), "a", 0).kind, JSON_NONE);
    cr_expect_eq(json_member((struct json_value){0}, "a", 0).kind, JSON_NONE);
    cr_expect_eq(json_member(parse("{}", 0), "a", 0).kind, JSON_NONE);
}

Test(json_span, a_key_is_compared_by_what_its_escapes_mean)
{
    struct json_value root = parse("{\"\\u0061\\n\":1,\"a\\u0000\":2,\"\\ud83d\\ude00\":3}", 0);

    expect_text(json_member(root, "a\n", 0), JSON_NUMBER, "1");
    expect_text(json_member(root, "\xf0\x9f\x98\x80", 0), JSON_NUMBER, "3");
    cr_expect_eq(json_member(root, "a", 0).kind, JSON_NONE);
}

Test(json_span, of_repeated_keys_the_first_counts_or_the_last_as_asked)
{
    struct json_value root = parse("{\"a\":1,\"b\":2,\"\\u0061\":3}", 0);

    expect_text(json_member(root, "a", 0), JSON_NUMBER, "1");
    expect_text(json_member(root, "a", JSON_LAST_KEY), JSON_NUMBER, "3");
    expect_text(json_member(root, "b", JSON_LAST_KEY), JSON_NUMBER, "2");
}

Test(json_span, an_array_is_walked_in_order_and_without_keys)
{
    static const char *const expected[] = {"1", "\"two, ]\"", "[3,[4]]", "{\"a\":{}}", "false"};
    struct json_value root = parse("[1 ,\"two, ]\", [3,[4]],{\"a\":{}}, false ]", 0);
    struct json_iter it = json_iter(root, 0);
    size_t n = 0;

    for (; json_next(&it); n++) {
        cr_assert_lt(n, COUNT(expected));
        expect_text(it.value, it.value.kind, expected[n]);
        cr_expect_eq(it.key.kind, JSON_NONE);
    }
    cr_expect_eq(n, COUNT(expected));
    cr_expect_not(json_next(&it), "an iterator at its end stays there");
}

Test(json_span, an_object_is_walked_with_its_keys_repeated_ones_too)
{
    struct json_value root = parse("{\"a\":1, \"b\\\"\" : [ ] ,\"a\":2}", 0);
    struct json_iter it = json_iter(root, 0);

    cr_assert(json_next(&it));
    expect_text(it.key, JSON_STRING, "\"a\"");
    expect_text(it.value, JSON_NUMBER, "1");
    cr_assert(json_next(&it));
    expect_text(it.key, JSON_STRING, "\"b\\\"\"");
    expect_text(it.value, JSON_ARRAY, "[ ]");
    cr_assert(json_next(&it));
    expect_text(it.value, JSON_NUMBER, "2");
    cr_expect_not(json_next(&it));
}

Test(json_span, a_value_without_elements_is_walked_in_no_steps)
{
    static const char *const texts[] = {"[]", "{ }", "\"[1]\"", "17", "null", "[\n]"};

    for (size_t i = 0; i < COUNT(texts); i++) {
        struct json_iter it = json_iter(parse(texts[i], 0), 0);
        cr_expect_not(json_next(&it), "%s", texts[i]);
    }
    struct json_iter none = json_iter((struct json_value){0}, 0);
    cr_expect_not(json_next(&none));
}

Test(json_span, comments_are_stepped_over_whatever_they_contain)
{
    unsigned flags = JSON_COMMENTS | JSON_LAST_KEY;
    struct json_value root = parse("{/*}*/\"a\"/*:*/:/*1*/[2//]\n,3/*\"*/]/*,*/,//}\n"
                                   "\"query\":\"NewBlock\"/*end*/}",
                                   flags);

    expect_text(json_member(root, "a", flags), JSON_ARRAY, "[2//]\n,3/*\"*/]");
    expect_text(json_member(root, "query", flags), JSON_STRING, "\"NewBlock\"");
    struct json_iter it = json_iter(json_member(root, "a", flags), flags);
    cr_expect(json_next(&it));
    expect_text(it.value, JSON_NUMBER, "2");
    cr_expect(json_next(&it));
    expect_text(it.value, JSON_NUMBER, "3");
    cr_expect_not(json_next(&it));
}

Test(json_span, several_members_are_found_in_one_walk)
{
    static const char text[] = "{\"a\":1,\"b\":[2],\"a\":3,\"\\u0063\":4}";
    struct json_value root, a, b, c, d;
    const struct json_field fields[] = {{"d", &d}, {"c", &c}, {"b", &b}, {"a", &a}};

    cr_assert_eq(json_check(text, strlen(text), JSON_STRICT, &root, NULL), 0);
    json_members(root, fields, 4, JSON_STRICT);
    cr_expect(a.len == 1 && *a.at == '1', "of repeated keys the first");
    cr_expect_eq(b.kind, JSON_ARRAY);
    cr_expect_eq(*c.at, '4');
    cr_expect_eq(d.kind, JSON_NONE);
    json_members(b, fields, 4, JSON_STRICT);
    cr_expect_eq(a.kind, JSON_NONE, "an array has no members");
}
