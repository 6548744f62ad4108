/* test_json_pretty.c - documents in the white space of Boost and of jsoncpp. */
#include "common/json_pretty.h"

#include <criterion/criterion.h>
#include <string.h>

static void is_written(const char *document, unsigned flags, enum json_pretty_style style,
                       const char *wanted)
{
    struct json_value root;
    struct text out = {0};

    cr_assert_eq(json_check(document, strlen(document), flags, &root, NULL), 0);
    json_pretty(&out, root, flags, style);
    cr_assert(!out.failed);
    cr_expect_str_eq(out.at, wanted);
    text_free(&out);
}

static void boost(const char *document, const char *wanted)
{
    is_written(document, JSON_STRICT, JSON_PRETTY_BOOST, wanted);
}

static void jsoncpp(const char *document, const char *wanted)
{
    is_written(document, JSON_STRICT, JSON_PRETTY_JSONCPP, wanted);
}

Test(json_pretty, boost_indents_by_four_spaces_and_ends_with_a_newline)
{
    boost("{\"ack\":\"subscribe\",\"message\":{\"a\":[\"x\",\"y\"]}}",
          "{\n    \"ack\": \"subscribe\",\n    \"message\": {\n        \"a\": [\n            \"x\","
          "\n            \"y\"\n        ]\n    }\n}\n");
}

Test(json_pretty, boost_makes_every_scalar_a_text_and_keeps_its_digits)
{
    boost("{\"a\":5.0,\"b\":true,\"c\":null,\"d\":123456789012345678901234567890}",
          "{\n    \"a\": \"5.0\",\n    \"b\": \"true\",\n    \"c\": \"null\",\n"
          "    \"d\": \"123456789012345678901234567890\"\n}\n");
}

Test(json_pretty, boost_makes_empty_containers_empty_texts_but_for_the_root)
{
    boost("{\"bad_peers\":[],\"x\":{ }}", "{\n    \"bad_peers\": \"\",\n    \"x\": \"\"\n}\n");
    boost("{}", "{\n}\n");
}

Test(json_pretty, boost_escapes_the_slash_and_writes_hexadecimal_in_capitals)
{
    boost("{\"a/b\":\"x/y \\\" \\\\ \\b\\f\\n\\r\\t \\u001f \\u00e9 \xE2\x98\x83\"}",
          "{\n    \"a\\/b\": \"x\\/y \\\" \\\\ \\b\\f\\n\\r\\t \\u001F \xC3\xA9 "
          "\xE2\x98\x83\"\n}\n");
}

Test(json_pretty, boost_keeps_the_order_of_keys_and_repeated_ones)
{
    boost("{\"b\":1,\"a\":2,\"b\":3}",
          "{\n    \"b\": \"1\",\n    \"a\": \"2\",\n    \"b\": \"3\"\n}\n");
}

Test(json_pretty, jsoncpp_indents_by_tabs_with_brackets_on_their_own_lines)
{
    jsoncpp(
        "{\"type\":\"Notification\",\"values\":[{\"query\":\"NewBlock\",\"value\":{\"n\":1}}]}",
        "{\n\t\"type\" : \"Notification\",\n\t\"values\" : \n\t[\n\t\t{\n\t\t\t\"query\" : "
        "\"NewBlock\",\n\t\t\t\"value\" : \n\t\t\t{\n\t\t\t\t\"n\" : 1\n\t\t\t}\n\t\t}\n\t]\n}");
}

Test(json_pretty, jsoncpp_writes_arrays_in_arrays_and_empty_ones_in_place)
{
    jsoncpp("[[\"a\"],[],null,{}]", "[\n\t[\n\t\t\"a\"\n\t],\n\t[],\n\tnull,\n\t{}\n]");
    jsoncpp("{\"TxHashes\":[]}", "{\n\t\"TxHashes\" : []\n}");
}

Test(json_pretty, jsoncpp_sorts_keys_by_their_bytes_after_decoding)
{
    jsoncpp("{\"b\":1,\"_eventname\":2,\"B\":3,\"ba\":4,\"\\u0061\":5}",
            "{\n\t\"B\" : 3,\n\t\"_eventname\" : 2,\n\t\"a\" : 5,\n\t\"b\" : 1,\n\t\"ba\" : 4\n}");
}

Test(json_pretty, jsoncpp_keeps_the_last_of_a_repeated_key)
{
    jsoncpp("{\"a\":1,\"a\":2}", "{\n\t\"a\" : 2\n}");
    jsoncpp("{\"b\":0,\"a\":1,\"b\":3,\"a\":2}", "{\n\t\"a\" : 2,\n\t\"b\" : 3\n}");
}

Test(json_pretty, jsoncpp_leaves_the_slash_and_numbers_as_they_are)
{
    jsoncpp("{\"a\":\"x\\/y\\u0000\\u001b\",\"n\":1e400}",
            "{\n\t\"a\" : \"x/y\\u0000\\u001B\",\n\t\"n\" : 1e400\n}");
}

Test(json_pretty, comments_and_white_space_are_left_out)
{
    is_written("{ /* c */ \"b\" : 1 , // d\n \"a\" : [ ] } x", JSON_COMMENTS | JSON_TRAILING,
               JSON_PRETTY_JSONCPP, "{\n\t\"a\" : [],\n\t\"b\" : 1\n}");
}

Test(json_pretty, a_long_string_with_escapes_is_written_whole)
{
    char document[2048] = "[\"\\n", wanted[2048] = "[\n\t\"\\n";

    for (int i = 0; i < 700; i++) {
        strcat(document, i % 2 ? "a" : "b");
        strcat(wanted, i % 2 ? "a" : "b");
    }
    strcat(document, "\"]");
    strcat(wanted, "\"\n]");
    jsoncpp(document, wanted);
}

Test(json_pretty, a_value_within_a_document_begins_where_it_is_put)
{
    struct json_value root;
    struct text out = {0};

    cr_assert_eq(json_check("{\"a\":1}", 7, JSON_STRICT, &root, NULL), 0);
    json_pretty_at(&out, root, JSON_STRICT, JSON_PRETTY_JSONCPP, 2);
    cr_expect_str_eq(out.at, "{\n\t\t\t\"a\" : 1\n\t\t}");
    text_free(&out);
    json_pretty_member(&out, root, JSON_STRICT, JSON_PRETTY_JSONCPP, 1);
    cr_expect_str_eq(out.at, "\n\t{\n\t\t\"a\" : 1\n\t}");
    text_free(&out);
    json_pretty_member(&out, root, JSON_STRICT, JSON_PRETTY_BOOST, 1);
    cr_expect_str_eq(out.at, "{\n        \"a\": \"1\"\n    }");
    text_free(&out);
}

Test(json_pretty, compact_is_the_document_without_white_space_and_comments)
{
    const char *document = " { \"a b\" : [ 1.0 , \"x \\\" // \\\\\" ] /* c */ , \"b\":{ } }\n";
    struct json_value root;
    struct text out = {0};

    cr_assert_eq(json_check(document, strlen(document), JSON_COMMENTS, &root, NULL), 0);
    json_compact(&out, root, JSON_COMMENTS);
    cr_expect_str_eq(out.at, "{\"a b\":[1.0,\"x \\\" // \\\\\"],\"b\":{}}");
    text_free(&out);
}
