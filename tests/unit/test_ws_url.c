/* How the address of an upstream server is written. */
#include <criterion/criterion.h>
#include <string.h>

#include "publisher/sources/ws_url.h"

static struct ws_url url;
static char error[WS_URL_ERROR_MAX];

static void expect_refused(const char *text, const char *what)
{
    cr_expect_lt(ws_url_parse(text, &url, error), 0, "%s", text);
    cr_expect_not_null(strstr(error, what), "'%s' is not in '%s'", what, error);
}

Test(ws_url, a_host_with_a_port_and_a_path)
{
    cr_assert_eq(ws_url_parse("ws://node:9998/injstream-ws?x=1", &url, error), 0, "%s", error);
    cr_expect_not(url.tls);
    cr_expect_not(url.ip);
    cr_expect_str_eq(url.host, "node");
    cr_expect_str_eq(url.port, "9998");
    cr_expect_str_eq(url.authority, "node:9998");
    cr_expect_str_eq(url.path, "/injstream-ws?x=1");
}

Test(ws_url, the_usual_port_is_not_in_the_host_header)
{
    cr_assert_eq(ws_url_parse("wss://dlob.example", &url, error), 0, "%s", error);
    cr_expect(url.tls);
    cr_expect_str_eq(url.port, "443");
    cr_expect_str_eq(url.authority, "dlob.example");
    cr_expect_str_eq(url.path, "");
    cr_assert_eq(ws_url_parse("ws://dlob.example:443/", &url, error), 0);
    cr_expect_str_eq(url.authority, "dlob.example:443");
}

Test(ws_url, addresses_are_known_for_what_they_are)
{
    cr_assert_eq(ws_url_parse("ws://[::1]:7078", &url, error), 0, "%s", error);
    cr_expect(url.ip);
    cr_expect_str_eq(url.host, "::1");
    cr_expect_str_eq(url.authority, "[::1]:7078");
    cr_assert_eq(ws_url_parse("ws://10.0.0.1/", &url, error), 0);
    cr_expect(url.ip);
}

Test(ws_url, a_unix_socket_with_and_without_a_path)
{
    cr_assert_eq(ws_url_parse("ws+unix:/run/node.sock", &url, error), 0, "%s", error);
    cr_expect_str_eq(url.socket, "/run/node.sock");
    cr_expect_str_eq(url.path, "");
    cr_assert_eq(ws_url_parse("ws+unix:/run/node.sock:/a?b", &url, error), 0);
    cr_expect_str_eq(url.socket, "/run/node.sock");
    cr_expect_str_eq(url.path, "/a?b");
}

Test(ws_url, what_is_wrong_is_said)
{
    char longer[WS_URL_PATH_MAX + 20] = "ws://h/";

    memset(longer + 7, 'x', WS_URL_PATH_MAX);
    expect_refused("http://x/", "ws://HOST");
    expect_refused("", "ws://HOST");
    expect_refused("ws://", "no host");
    expect_refused("ws://:80/", "no host");
    expect_refused("ws://[::1/", "no host");
    expect_refused("ws://[nonsense]/", "no host");
    expect_refused("ws://h:0/", "port");
    expect_refused("ws://h:65536/", "port");
    expect_refused("ws://h:/", "port");
    expect_refused("ws://[::1]7078/", "port");
    expect_refused("ws://me:secret@h/", "header=Authorization");
    expect_refused("ws://h?x", "'/'");
    expect_refused("ws://h/#x", "'#'");
    expect_refused("ws://h/a b", "printable");
    expect_refused("ws+unix:run/node.sock", "absolute");
    expect_refused(longer, "2048");
}
