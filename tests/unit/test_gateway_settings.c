/* What can be set on a gateway, the rules between settings, and the --help of both programs. */
#include "gateway/gateway_settings.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "publisher/publisher_settings.h"
#include "tests/support/leaks.h"

enum { ARGS_MAX = 24 };

static struct gateway_settings s;
static char error[SETTINGS_ERROR_MAX];

/* flags: NULL-terminated. */
static int load_into(struct gateway_settings *into, const char *const *flags,
                     const char *const *env)
{
    char *argv[ARGS_MAX + 1] = {(char *)(uintptr_t) "sluice-gateway"};
    int argc = 1;

    for (; *flags && argc < ARGS_MAX; flags++)
        argv[argc++] = (char *)(uintptr_t)*flags;
    return gateway_settings_load(into, argc, argv, (char *const *)(uintptr_t)env, error);
}

static int reload(const char *const *flags)
{
    static char *env[] = {NULL};
    char *argv[ARGS_MAX + 1] = {(char *)(uintptr_t) "sluice-gateway"};
    int argc = 1;

    for (; *flags && argc < ARGS_MAX; flags++)
        argv[argc++] = (char *)(uintptr_t)*flags;
    return gateway_settings_reload(&s, argc, argv, env, error);
}

#define FLAGS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NONE ((const char *const[]){NULL})

static void load(const char *const *flags)
{
    cr_assert_eq(load_into(&s, flags, NONE), 0, "%s", error);
}

static void expect_refused(const char *const *flags, const char *name)
{
    struct gateway_settings refused;

    cr_expect_eq(load_into(&refused, flags, NONE), -EINVAL, "%s", name);
    cr_expect_not_null(strstr(error, name), "'%s' is not in '%s'", name, error);
    cr_expect_null(strchr(error, '\n'));
}

static void tear_down(void)
{
    gateway_settings_free(&s);
    no_leaks();
}

TestSuite(gateway_settings, .fini = tear_down);

Test(gateway_settings, nothing_need_be_given)
{
    load(NONE);
    cr_expect_str_eq(s.prefix, "sluice:");
    cr_expect_eq(s.n_addresses, 1u);
    cr_expect_str_eq(s.addresses[0].text, "127.0.0.1:8080");
    cr_expect_str_eq(s.redis_url.seeds[0].host, "127.0.0.1");
    cr_expect_eq(s.queue_bytes, (uint64_t)1 << 20);
    cr_expect_eq(s.queue_messages, 1024u);
    cr_expect_eq(s.linger_ms, 2000u);
    cr_expect_eq(s.drain_ms, 20000u);
    cr_expect_eq(s.binance_rate, 5u);
    cr_expect_eq(s.stream_classes.n, 1u);
}

Test(gateway_settings, every_stream_may_be_asked_for_unless_patterns_say_otherwise)
{
    load(NONE);
    cr_expect(gateway_stream_allowed(&s, "anything", 8));
    cr_expect_not(gateway_stream_allowed(&s, "_ours", 5));
    cr_expect_not(gateway_stream_allowed(&s, "a b", 3));
    cr_expect_not(gateway_stream_allowed(&s, "", 0));
}

Test(gateway_settings, with_patterns_a_stream_must_fit_one)
{
    load(FLAGS("--streams", "trade.*", "--streams", "depth.???"));
    cr_expect(gateway_stream_allowed(&s, "trade.SOL_USDC", 14));
    cr_expect(gateway_stream_allowed(&s, "depth.SOL", 9));
    cr_expect_not(gateway_stream_allowed(&s, "depth.SOLX", 10));
    cr_expect_not(gateway_stream_allowed(&s, "Trade.SOL", 9));
    cr_expect_not(gateway_stream_allowed(&s, "trade.*", 7), "no pattern is a name");
}

Test(gateway_settings, an_empty_prefix_needs_the_streams_named)
{
    expect_refused(FLAGS("--prefix", ""), "streams");
    load(FLAGS("--prefix", "", "--streams", "trade.*"));
    cr_expect_str_eq(s.prefix, "");
    cr_expect_not(gateway_stream_allowed(&s, "__keyevent@0__:set", 18));
}

Test(gateway_settings, a_prefix_has_no_braces_no_globs_and_an_end)
{
    char longest[66];

    memset(longest, 'p', sizeof longest);
    longest[65] = '\0';
    expect_refused(FLAGS("--prefix", longest), "prefix");
    expect_refused(FLAGS("--prefix", "a{b}"), "prefix");
    expect_refused(FLAGS("--prefix", "a*"), "prefix");
    expect_refused(FLAGS("--prefix", "a b"), "prefix");
    longest[64] = '\0';
    load(FLAGS("--prefix", longest));
}

Test(gateway_settings, what_is_wrong_is_named)
{
    expect_refused(FLAGS("--redis", "http://x"), "redis");
    expect_refused(FLAGS("--listen", "nonsense"), "listen");
    expect_refused(FLAGS("--listen", "127.0.0.1:1,dialect=telnet"), "listen");
    expect_refused(FLAGS("--class", "Wrong"), "class");
    expect_refused(FLAGS("--workers", "0"), "workers");
    expect_refused(FLAGS("--payload", "boxed"), "payload");
    expect_refused(FLAGS("--queue-bytes", "1"), "queue-bytes");
    expect_refused(FLAGS("--no-such-thing"), "no-such-thing");
}

Test(gateway_settings, a_pong_is_awaited_longer_than_pings_are_apart)
{
    expect_refused(FLAGS("--ping-interval", "10s", "--pong-timeout", "10s"), "pong-timeout");
    load(FLAGS("--ping-interval", "10s", "--pong-timeout", "10001ms"));
}

Test(gateway_settings, there_may_be_sixteen_listeners)
{
    struct gateway_settings refused;
    char *argv[2 * LISTEN_MAX + 4] = {(char *)(uintptr_t) "sluice-gateway"};
    char *env[] = {NULL};

    for (int i = 0; i <= LISTEN_MAX; i++) {
        argv[1 + 2 * i] = (char *)(uintptr_t) "--listen";
        argv[2 + 2 * i] = (char *)(uintptr_t) "127.0.0.1:0";
    }
    cr_expect_eq(gateway_settings_load(&refused, 2 * LISTEN_MAX + 3, argv, env, error), -EINVAL);
    cr_expect_not_null(strstr(error, "listen"));
    cr_expect_eq(gateway_settings_load(&s, 2 * LISTEN_MAX + 1, argv, env, error), 0, "%s", error);
    cr_expect_eq(s.n_addresses, (unsigned)LISTEN_MAX);
}

Test(gateway_settings, the_environment_may_be_shared_with_a_publisher)
{
    static const char *const env[] = {"SLUICE_SOURCE=lines", "SLUICE_BACKLOG=64M",
                                      "SLUICE_QUEUE_MESSAGES=7", NULL};

    cr_assert_eq(load_into(&s, NONE, env), 0, "%s", error);
    cr_expect_eq(s.queue_messages, 7u);
}

Test(gateway_settings, a_variable_that_nobody_knows_is_a_mistake)
{
    static const char *const env[] = {"SLUICE_QUEUE_MESAGES=7", NULL};
    struct gateway_settings refused;

    cr_expect_eq(load_into(&refused, NONE, env), -EINVAL);
    cr_expect_not_null(strstr(error, "SLUICE_QUEUE_MESAGES"), "%s", error);
}

/* ---- reloading ---- */

Test(gateway_settings, what_may_change_while_running_is_taken_over_and_named)
{
    load(FLAGS("--queue-messages", "10"));
    cr_expect_eq(reload(FLAGS("--queue-messages", "20", "--drain", "1s")), 0, "%s", error);
    cr_expect_eq(s.queue_messages, 20u);
    cr_expect_eq(s.drain_ms, 1000u);
    cr_expect_str_eq(error, "queue-messages, drain");
}

Test(gateway_settings, what_may_not_change_spoils_the_whole_reload)
{
    load(FLAGS("--queue-messages", "10"));
    cr_expect_eq(reload(FLAGS("--queue-messages", "20", "--prefix", "other:")), -EINVAL);
    cr_expect_eq(s.queue_messages, 10u);
    cr_expect_str_eq(s.prefix, "sluice:");
    cr_expect_not_null(strstr(error, "prefix"), "%s", error);
    cr_expect_eq(reload(FLAGS("--queue-messages", "nonsense")), -EINVAL);
    cr_expect_eq(s.queue_messages, 10u);
}

/* ---- --help ---- */

static void expect_help(const struct setting *table, size_t n)
{
    char *text = NULL, flag[80], variable[80];
    size_t len;
    FILE *f = open_memstream(&text, &len);

    settings_help(table, n, f);
    fclose(f);
    for (size_t i = 0; i < n; i++) {
        snprintf(flag, sizeof flag, "\n  --%s", table[i].name);
        const char *at = i == 0 ? strstr(text, flag + 1) : strstr(text, flag);
        cr_assert_not_null(at, "%s is not in\n%s", table[i].name, text);
        snprintf(variable, sizeof variable, "SLUICE_%s", table[i].name);
        for (char *p = variable; *p; p++)
            *p = *p == '-' ? '_' : (char)(*p >= 'a' && *p <= 'z' ? *p - 32 : *p);
        const char *next = strstr(at + 3, "\n  --"), *named = strstr(at, variable);
        cr_expect(named && (!next || named < next), "%s", variable);
    }
    for (char *save = NULL, *line = strtok_r(text, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save))
        cr_expect_leq(strlen(line), 100u, "too long: %s", line);
    free(text);
}

Test(gateway_settings, every_setting_of_both_programs_is_in_their_help)
{
    expect_help(gateway_settings_table, gateway_settings_count);
    expect_help(publisher_settings_table, publisher_settings_count);
}

static void expect_sound(const struct setting *table, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        cr_expect(table[i].help && *table[i].help, "%s", table[i].name);
        cr_expect_neq(table[i].help[strlen(table[i].help) - 1], '.', "%s", table[i].name);
        cr_expect_eq(strspn(table[i].name, "abcdefghijklmnopqrstuvwxyz-"), strlen(table[i].name));
        for (size_t k = 0; k < i; k++)
            cr_expect_str_neq(table[i].name, table[k].name);
    }
}

Test(gateway_settings, no_two_settings_of_a_program_have_one_name_and_all_are_explained)
{
    expect_sound(gateway_settings_table, gateway_settings_count);
    expect_sound(publisher_settings_table, publisher_settings_count);
}
