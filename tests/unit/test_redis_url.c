/* test_redis_url.c - where a Redis is, as text. */
#include "common/redis_url.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct redis_url url;
static char error[REDIS_URL_ERROR_MAX], address[300];

static void expect_tcp(const char *text, const char *host, const char *port, unsigned db)
{
    cr_assert_eq(redis_url_parse(text, &url, error), 0, "%s: %s", text, error);
    cr_expect_str_eq(url.host, host);
    cr_expect_str_eq(url.port, port);
    cr_expect_str_empty(url.path);
    cr_expect_eq(url.db, db);
}

static void expect_login(const char *text, const char *user, const char *password)
{
    cr_assert_eq(redis_url_parse(text, &url, error), 0, "%s: %s", text, error);
    cr_expect_str_eq(url.user, user);
    cr_expect_str_eq(url.password, password);
}

static void expect_error(const char *text, const char *wanted)
{
    struct redis_url before = url;
    cr_expect_eq(redis_url_parse(text, &url, error), -EINVAL, "accepted: %s", text);
    cr_expect(strstr(error, wanted), "%s: %s", text, error);
    cr_expect_null(strchr(error, '\n'));
    cr_expect_eq(memcmp(&before, &url, sizeof url), 0, "on error nothing has changed");
}

Test(redis_url, port_and_database_have_defaults)
{
    expect_tcp("redis://localhost", "localhost", "6379", 0);
    expect_tcp("redis://localhost/", "localhost", "6379", 0);
    expect_tcp("redis://redis_1.example:06380/15", "redis_1.example", "6380", 15);
    expect_tcp("REDIS://10.0.0.1:65535", "10.0.0.1", "65535", 0);
}

Test(redis_url, an_ipv6_address_is_in_brackets)
{
    expect_tcp("redis://[::1]", "::1", "6379", 0);
    expect_tcp("redis://[2001:db8::7]:7000/2", "2001:db8::7", "7000", 2);
    expect_error("redis://::1", "host is missing");
    expect_error("redis://2001::1", "port");
    expect_error("redis://[::1", "closing bracket");
    expect_error("redis://[localhost]", "IPv6");
    expect_error("redis://[]", "IPv6");
    expect_error("redis://[::1]7000", "only a port");
}

Test(redis_url, user_and_password_may_be_percent_encoded)
{
    expect_login("redis://localhost", "", "");
    expect_login("redis://:secret@h", "", "secret");
    expect_login("redis://me:secret@h:1/2", "me", "secret");
    expect_login("redis://m%65:a%3ab%40c%2Fd%25@h", "me", "a:b@c/d%");
    expect_login("redis://me:a:b@c@h", "me", "a:b@c");
    expect_login("redis://:@h", "", "");
}

Test(redis_url, a_login_that_is_not_whole_is_refused)
{
    expect_error("redis://secret@h", "user:password");
    expect_error("redis://me:@h", "needs a password");
    expect_error("redis://:a%2@h", "percent-encoded");
    expect_error("redis://:a%@h", "percent-encoded");
    expect_error("redis://:a%zz@h", "percent-encoded");
    expect_error("redis://:a%00b@h", "percent-encoded");
    expect_error("redis://me:a/b@h", "%2F");
}

Test(redis_url, no_error_repeats_a_part_of_the_password)
{
    static const char *const texts[] = {
        "redis://me:hunter2/x@h", "redis://me:hunter2",         "redis://hunter2@h",
        "redis://:hunter2%@h",    "redis://:hunter2@h:x",       "redis://:hunter2@h o",
        "redis://:hunter2@h/x",   "redis://:hunter2@[::g]",     "redid://:hunter2@h",
        "rediss://:hunter2@h",    "unix://me:hunter2@/a/b",     "redis://:hunter2@",
        "unix:///a?db=hunter2",   "redis+cluster://:hunter2@h",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        cr_expect_eq(redis_url_parse(texts[i], &url, error), -EINVAL, "accepted: %s", texts[i]);
        cr_expect_null(strstr(error, "hunter"), "%s", error);
    }
}

Test(redis_url, what_is_too_long_is_refused_and_what_just_fits_is_not)
{
    char text[600], name[300];
    memset(name, 'a', sizeof name);
    snprintf(text, sizeof text, "redis://%.255s", name);
    cr_expect_eq(redis_url_parse(text, &url, error), 0, "%s", error);
    snprintf(text, sizeof text, "redis://%.256s", name);
    expect_error(text, "too long");
    snprintf(text, sizeof text, "redis://%.127s:%.255s@h", name, name);
    expect_login(text, url.user, url.password);
    cr_expect_eq(strlen(url.user), 127u);
    cr_expect_eq(strlen(url.password), 255u);
    snprintf(text, sizeof text, "redis://%.128s:x@h", name);
    expect_error(text, "too long");
    snprintf(text, sizeof text, "redis://:%.256s@h", name);
    expect_error(text, "too long");
    snprintf(text, sizeof text, "unix:///%.107s", name);
    expect_error(text, "too long");
    snprintf(text, sizeof text, "unix:///%.106s", name);
    cr_expect_eq(redis_url_parse(text, &url, error), 0, "%s", error);
}

Test(redis_url, host_port_and_database_are_checked)
{
    expect_error("redis://", "host is missing");
    expect_error("redis://:6379", "host is missing");
    expect_error("redis://ho st", "host may hold");
    expect_error("redis://h:", "port");
    expect_error("redis://h:0", "port");
    expect_error("redis://h:65536", "port");
    expect_error("redis://h:99999999999999999999", "port");
    expect_error("redis://h:1x", "port");
    expect_error("redis://h/x", "database");
    expect_error("redis://h/-1", "database");
    expect_error("redis://h/1/", "database");
    expect_error("redis://h/2147483648", "database");
    expect_error("redis://h/1?x=y", "database");
    expect_tcp("redis://h/2147483647", "h", "6379", 2147483647);
}

Test(redis_url, a_unix_socket_has_a_path_and_perhaps_a_database)
{
    cr_assert_eq(redis_url_parse("unix:///run/redis.sock?db=3", &url, error), 0, "%s", error);
    cr_expect_str_eq(url.path, "/run/redis.sock");
    cr_expect_str_empty(url.host);
    cr_expect_eq(url.db, 3u);
    cr_assert_eq(redis_url_parse("unix:///run/redis.sock", &url, error), 0, "%s", error);
    cr_expect_eq(url.db, 0u);
    expect_error("unix://run/redis.sock", "absolute path");
    expect_error("unix:///", "absolute path");
    expect_error("unix:///a?db=", "?db=N");
    expect_error("unix:///a?x=1", "?db=N");
    expect_error("unix:///a?db=x", "database");
}

Test(redis_url, forms_of_other_builds_are_named_in_the_refusal)
{
    expect_error("rediss://h", "rediss:// (TLS) is not supported by this build yet");
    expect_error("redis+sentinel://h1,h2/name", "redis+sentinel:// is not supported");
    expect_error("redis+cluster://h1,h2", "redis+cluster:// is not supported");
    expect_error("localhost:6379", "must begin with");
    expect_error("", "must begin with");
}

Test(redis_url, the_address_holds_no_login)
{
    expect_login("redis://me:secret@h:7/1", "me", "secret");
    cr_expect_str_eq(redis_url_address(&url, address, sizeof address), "h:7");
    expect_tcp("redis://[::1]:7", "::1", "7", 0);
    cr_expect_str_eq(redis_url_address(&url, address, sizeof address), "[::1]:7");
    cr_assert_eq(redis_url_parse("unix:///a/b?db=1", &url, error), 0);
    cr_expect_str_eq(redis_url_address(&url, address, sizeof address), "/a/b");
    cr_expect_str_eq(redis_url_address(&url, address, 3), "/a");
}
