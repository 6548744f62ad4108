/* test_proxy_header.c - the PROXY protocol's headers, whole, in pieces and wrong. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "gateway/proxy_header.h"

static char text[ADDRESS_TEXT_MAX];

static int parse(const char *bytes, size_t len, const char *expected)
{
    struct address from = {0};
    int n = proxy_header_parse(bytes, len, &from);

    cr_expect_str_eq(address_text(&from, text), n > 0 ? expected : "", "%.*s", (int)len, bytes);
    return n;
}

/* Whatever comes behind it is not the header's, and every beginning of it wants more. */
static void is_header(const char *bytes, size_t len, const char *expected)
{
    char more[PROXY_HEADER_MAX + 8];

    memcpy(more, bytes, len);
    memcpy(more + len, "GET / HT", 8);
    cr_expect_eq(parse(more, len + 8, expected), (int)len);
    for (size_t i = 1; i < len; i++)
        cr_expect_eq(parse(bytes, i, ""), 0, "after %zu bytes", i);
}

static void is_v1(const char *line, const char *expected)
{
    is_header(line, strlen(line), expected);
}

Test(proxy_header, version_1_says_who_connects)
{
    is_v1("PROXY TCP4 192.0.2.1 198.51.100.1 50000 443\r\n", "192.0.2.1");
    is_v1("PROXY TCP6 2001:db8::1 2001:db8::2 1 65535\r\n", "2001:db8::1");
    is_v1("PROXY UNKNOWN\r\n", "");
    is_v1("PROXY UNKNOWN ffff::1 ::2 1 2\r\n", "");
}

Test(proxy_header, version_1_that_is_wrong_is_refused)
{
    const char *bad[] = {
        "PROXY TCP4 192.0.2.1 198.51.100.1 50000\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.1 50000 443 1\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.1 50000 65536\r\n",
        "PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n",
        "PROXY TCP6 192.0.2.1 198.51.100.1 1 2\r\n",
        "PROXY  TCP4 192.0.2.1 198.51.100.1 1 2\r\n",
        "PROXY TCP5 192.0.2.1 198.51.100.1 1 2\r\n",
        "PROXY \r\n",
        "GET / HTTP/1.1\r\n",
        "\r\n\r\nX",
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_eq(parse(bad[i], strlen(bad[i]), ""), -EPROTO, "%s", bad[i]);
}

Test(proxy_header, version_1_without_an_end_is_given_up)
{
    char line[108] = "PROXY TCP4 ";

    memset(line + 11, '1', sizeof line - 11);
    cr_expect_eq(parse(line, 106, ""), 0);
    cr_expect_eq(parse(line, 107, ""), -EPROTO);
}

#define V2 "\r\n\r\n\0\r\nQUIT\n"

Test(proxy_header, version_2_says_who_connects)
{
    static const char v4[] = V2 "\x21\x11\0\x0c\xc0\0\x02\x01\xc6\x33\x64\x01\xc3\x50\x01\xbb";
    static const char v6[] = V2 "\x21\x21\0\x24\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"
                                "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02\xc3\x50\x01\xbb";

    is_header(v4, sizeof v4 - 1, "192.0.2.1");
    is_header(v6, sizeof v6 - 1, "2001:db8::1");
}

Test(proxy_header, version_2_additions_belong_to_the_header)
{
    static const char tlv[] = V2 "\x21\x11\0\x10\xc0\0\x02\x01\xc6\x33\x64\x01\xc3\x50\x01\xbb"
                                 "\x04\0\x01x";

    is_header(tlv, sizeof tlv - 1, "192.0.2.1");
}

Test(proxy_header, version_2_of_the_proxy_itself_leaves_the_address_alone)
{
    static const char local[] = V2 "\x20\0\0\0", unspecified[] = V2 "\x21\0\0\0";

    is_header(local, sizeof local - 1, "");
    is_header(unspecified, sizeof unspecified - 1, "");
}

Test(proxy_header, version_2_that_is_wrong_is_refused)
{
    cr_expect_eq(parse(V2 "\x31\x11\0\0", 16, ""), -EPROTO); /* version 3 */
    cr_expect_eq(parse(V2 "\x22\x11\0\0", 16, ""), -EPROTO); /* no such command */
    cr_expect_eq(parse(V2 "\x21\x11\0\x04"
                          "abcd",
                       20, ""),
                 -EPROTO);                                       /* too short for IPv4 */
    cr_expect_eq(parse(V2 "\x21\x11\x10\x01", 16, ""), -EPROTO); /* longer than we take */
}
