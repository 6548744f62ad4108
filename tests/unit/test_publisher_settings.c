/* What the publisher refuses to begin with, and what follows from its settings. */
#include <criterion/criterion.h>
#include <string.h>

#include "publisher/entry.h"
#include "publisher/publisher_settings.h"

enum { ARGS_MAX = 12 };

static struct publisher_settings s;
static char error[SETTINGS_ERROR_MAX];

/* flags: NULL-terminated. */
static int load(const char *const *flags, const char *const *env)
{
    char *argv[ARGS_MAX + 1] = {"sluice-publisher"};
    int argc = 1;

    for (; *flags && argc < ARGS_MAX; flags++)
        argv[argc++] = (char *)(uintptr_t)*flags;
    return publisher_settings_load(&s, argc, argv, (char *const *)(uintptr_t)env, error);
}

#define FLAGS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NO_ENV ((const char *const[]){NULL})

static void expect_refused(const char *const *flags, const char *name)
{
    cr_expect_lt(load(flags, NO_ENV), 0, "%s", name);
    cr_expect_not_null(strstr(error, name), "'%s' is not in '%s'", name, error);
}

Test(publisher_settings, a_source_is_enough)
{
    cr_assert_eq(load(FLAGS("--source", "lines"), NO_ENV), 0, "%s", error);
    cr_expect_eq(s.sources.n, 1u);
    cr_expect_str_eq(s.prefix, "sluice:");
    cr_expect_eq(s.backlog, (uint64_t)64 << 20);
    cr_expect_eq(s.line_max, (uint64_t)16 << 20);
    publisher_settings_free(&s);
}

Test(publisher_settings, a_lease_is_for_live_sources_unless_it_is_given_or_off)
{
    cr_assert_eq(load(FLAGS("--source", "lines"), NO_ENV), 0, "%s", error);
    cr_expect_str_eq(s.lease, "");
    publisher_settings_free(&s);
    cr_assert_eq(load(FLAGS("--source", "nano=ws://a"), NO_ENV), 0, "%s", error);
    cr_expect_str_eq(s.lease, "nano");
    publisher_settings_free(&s);
    cr_assert_eq(load(FLAGS("--source", "nano=ws://a", "--lead", "off"), NO_ENV), 0, "%s", error);
    cr_expect_str_eq(s.lease, "");
    publisher_settings_free(&s);
    cr_assert_eq(load(FLAGS("--source", "lines", "--lead", "mine"), NO_ENV), 0, "%s", error);
    cr_expect_str_eq(s.lease, "mine");
    publisher_settings_free(&s);
}

Test(publisher_settings, a_line_is_never_longer_than_fits_into_half_of_the_backlog)
{
    cr_assert_eq(load(FLAGS("--source", "lines", "--backlog", "64k"), NO_ENV), 0, "%s", error);
    cr_expect_eq(s.line_max, (uint64_t)32 * 1024 - ENTRY_EXTRA_MAX);
    publisher_settings_free(&s);
}

Test(publisher_settings, what_is_wrong_is_named)
{
    char long_prefix[STREAM_PREFIX_MAX + 2];

    memset(long_prefix, 'p', sizeof long_prefix);
    long_prefix[STREAM_PREFIX_MAX + 1] = '\0';
    expect_refused(FLAGS("--log-level", "info"), "source");
    expect_refused(FLAGS("--source", "lines", "--redis", "http://x"), "redis");
    expect_refused(FLAGS("--source", "lines", "--prefix", "a b"), "prefix");
    expect_refused(FLAGS("--source", "lines", "--prefix", long_prefix), "prefix");
    expect_refused(FLAGS("--source", "lines", "--backlog", "1k"), "backlog");
    expect_refused(FLAGS("--source", "lines", "--max-event", "0"), "max-event");
    expect_refused(FLAGS("--source", "lines", "--history-streams", "10"), "history-streams");
    expect_refused(FLAGS("--source", "lines", "--history-entities", "x"), "history-entities");
    expect_refused(FLAGS("--source", "lines", "--history", "trade.*"), "history:");
    expect_refused(FLAGS("--source", "lines", "--lead", "a b"), "lead");
    expect_refused(FLAGS("--source", "lines", "--redis", "redis+cluster://a", "--prefix", ""),
                   "pubsub");
}

Test(publisher_settings, the_environment_may_be_shared_with_a_gateway)
{
    static const char *const env[] = {"SLUICE_LISTEN=127.0.0.1:1", "SLUICE_SOURCE=lines", NULL};

    cr_assert_eq(load(FLAGS("--prefix", ""), env), 0, "%s", error);
    cr_expect_eq(s.sources.n, 1u);
    publisher_settings_free(&s);
}
