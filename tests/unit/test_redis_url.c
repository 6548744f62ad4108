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
    cr_expect_str_eq(url.seeds[0].host, host);
    cr_expect_str_eq(url.seeds[0].port, port);
    cr_expect_str_empty(url.seeds[0].path);
    cr_expect_eq(url.login.db, db);
}

static void expect_login(const char *text, const char *user, const char *password)
{
    cr_assert_eq(redis_url_parse(text, &url, error), 0, "%s: %s", text, error);
    cr_expect_str_eq(url.login.user, user);
    cr_expect_str_eq(url.login.password, password);
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
        "redis://me:hunter2/x@h",
        "redis://me:hunter2",
        "redis://hunter2@h",
        "redis://:hunter2%@h",
        "redis://:hunter2@h:x",
        "redis://:hunter2@h o",
        "redis://:hunter2@h/x",
        "redis://:hunter2@[::g]",
        "redid://:hunter2@h",
        "rediss://:hunter2@h,",
        "unix://me:hunter2@/a/b",
        "redis://:hunter2@",
        "unix:///a?db=hunter2",
        "redis+cluster://:hunter2@h/x",
        "redis+sentinel://s?sentinel_password=hunter2",
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
    expect_login(text, url.login.user, url.login.password);
    cr_expect_eq(strlen(url.login.user), 127u);
    cr_expect_eq(strlen(url.login.password), 255u);
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
    cr_expect_str_eq(url.seeds[0].path, "/run/redis.sock");
    cr_expect_str_empty(url.seeds[0].host);
    cr_expect_eq(url.login.db, 3u);
    cr_assert_eq(redis_url_parse("unix:///run/redis.sock", &url, error), 0, "%s", error);
    cr_expect_eq(url.login.db, 0u);
    expect_error("unix://run/redis.sock", "absolute path");
    expect_error("unix:///", "absolute path");
    expect_error("unix:///a?db=", "?db=N");
    expect_error("unix:///a?x=1", "?db=N");
    expect_error("unix:///a?db=x", "database");
}

Test(redis_url, an_unknown_form_is_refused_with_all_that_there_are)
{
    expect_error("localhost:6379", "must begin with redis://, rediss://");
    expect_error("http://h", "must begin with");
    expect_error("", "must begin with");
}

Test(redis_url, rediss_is_tls_in_every_form)
{
    const char *const texts[] = {"rediss://h", "rediss+sentinel://s/m", "rediss+cluster://h"};

    for (size_t i = 0; i < 3; i++) {
        cr_assert_eq(redis_url_parse(texts[i], &url, error), 0, "%s: %s", texts[i], error);
        cr_expect(url.tls);
        cr_expect_eq(url.kind, (enum redis_kind)i);
    }
    cr_assert_eq(redis_url_parse("redis+cluster://h", &url, error), 0);
    cr_expect_not(url.tls);
}

Test(redis_url, sentinels_are_several_and_name_a_master)
{
    cr_assert_eq(
        redis_url_parse("redis+sentinel://me:pw@s1,s2:7,[::1]:8/my-master.1/3", &url, error), 0,
        "%s", error);
    cr_expect_eq(url.kind, REDIS_SENTINEL);
    cr_expect_eq(url.n_seeds, 3u);
    cr_expect_str_eq(redis_url_address(&url, address, sizeof address), "s1:26379,s2:7,[::1]:8");
    cr_expect_str_eq(url.master, "my-master.1");
    cr_expect_eq(url.login.db, 3u);
    cr_expect_str_eq(url.login.user, "me");
    cr_expect_str_empty(url.sentinel_login.password);
}

Test(redis_url, sentinels_may_have_a_login_of_their_own)
{
    const char *text = "redis+sentinel://s/m?sentinel_user=su&sentinel_password=s%26p";

    cr_assert_eq(redis_url_parse(text, &url, error), 0, "%s", error);
    cr_expect_str_eq(url.sentinel_login.user, "su");
    cr_expect_str_eq(url.sentinel_login.password, "s&p");
    cr_expect_str_empty(url.login.password);
    expect_error("redis+sentinel://s/m?sentinel_user=su", "sentinel_password");
    expect_error("redis+sentinel://s/m?x=1", "sentinel_user");
    expect_error("redis+sentinel://s/m/x", "database");
}

Test(redis_url, a_sentinel_url_without_a_master_is_refused)
{
    expect_error("redis+sentinel://s1,s2", "the master's name must follow");
    expect_error("redis+sentinel://s1,s2/", "the master's name must follow");
    expect_error("redis+sentinel://s1,s2/a*b", "the master's name must follow");
    expect_error("redis+sentinel://s1,,s2/m", "the host is missing");
}

Test(redis_url, a_cluster_has_nodes_and_no_databases)
{
    cr_assert_eq(redis_url_parse("redis+cluster://:pw@h1:7000,h2,h3/", &url, error), 0, "%s",
                 error);
    cr_expect_eq(url.kind, REDIS_CLUSTER);
    cr_expect_str_eq(redis_url_address(&url, address, sizeof address), "h1:7000,h2:6379,h3:6379");
    cr_expect_str_eq(url.login.password, "pw");
    expect_error("redis+cluster://h1/1", "no databases");
    expect_error("redis://h1,h2", "the host may hold");
    expect_error("redis+cluster://1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17", "at most 16");
}

Test(redis_url, an_address_from_a_server_is_checked)
{
    struct redis_address a;

    cr_assert_eq(redis_address_set(&a, "10.0.0.1", 8, 7000), 0);
    cr_expect_str_eq(redis_address_text(&a, address, sizeof address), "10.0.0.1:7000");
    cr_assert_eq(redis_address_set(&a, "::1", 3, 1), 0);
    cr_expect_str_eq(redis_address_text(&a, address, sizeof address), "[::1]:1");
    cr_expect_eq(redis_address_set(&a, "", 0, 1), -EINVAL);
    cr_expect_eq(redis_address_set(&a, "a b", 3, 1), -EINVAL);
    cr_expect_eq(redis_address_set(&a, "a", 1, 0), -EINVAL);
    cr_expect_eq(redis_address_set(&a, "a", 1, 65536), -EINVAL);
    cr_expect_str_eq(redis_address_text(&a, address, sizeof address), "[::1]:1", "unchanged");
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
