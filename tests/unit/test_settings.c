/* test_settings.c - the sources of settings, their order, the errors, and --help. */
#include "common/settings_private.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct sample {
    char *settings, *prefix;
    struct setting_list listen;
    uint64_t workers, queue_bytes, drain;
    bool check;
    int log_level;
};

static const char *const levels[] = {"debug", "info", "warn", NULL};
#define AT(field) .offset = offsetof(struct sample, field)
static const struct setting table[] = {
    {"settings", SETTING_TEXT, AT(settings), .value_name = "FILE", .help = "where settings are"},
    {"prefix", SETTING_TEXT, AT(prefix), .fallback = "sluice:", .help = "before every name"},
    {"listen", SETTING_LIST, AT(listen), .fallback = "a:1 b:2", .value_name = "ADDR"},
    {"workers", SETTING_COUNT, AT(workers), .fallback = "1", .min = 1, .max = 64},
    {"queue-bytes", SETTING_BYTES, AT(queue_bytes), .fallback = "1M", .min = 4096, .max = 1 << 30,
     .help = "how much may wait for one client before the rule for slow readers",
     .reloadable = true},
    {"drain", SETTING_DURATION, AT(drain), .fallback = "20s"},
    {"check", SETTING_SWITCH, AT(check)},
    {"log-level", SETTING_CHOICE, AT(log_level), .fallback = "info", .choices = levels,
     .reloadable = true},
};
static const struct setting others[] = {{.name = "source", .kind = SETTING_LIST}};
enum { N = sizeof table / sizeof *table };

static struct sample got;
static char error[SETTINGS_ERROR_MAX];
static char path[] = "/tmp/test_settings.XXXXXX";
static char file_flag[64];

static void set_up(void)
{
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    close(fd);
    snprintf(file_flag, sizeof file_flag, "--settings=%s", path);
}

static void tear_down(void)
{
    settings_free(table, N, &got);
    unlink(path);
}

TestSuite(settings, .init = set_up, .fini = tear_down);

static void write_file(const char *text)
{
    FILE *file = fopen(path, "w");
    cr_assert(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

/* Arguments and environment as words separated by '|', NULL for none. */
static int split(const char *words, char *copy, char **out)
{
    int n = 0;
    strcpy(copy, words ? words : "");
    for (char *word = strtok(copy, "|"); word; word = strtok(NULL, "|"))
        out[n++] = word;
    out[n] = NULL;
    return n;
}

static int load(const char *args, const char *env)
{
    char arg_words[1024], env_words[512];
    char *argv[16] = {(char *)"sluice"}, *environment[16];
    int argc = 1 + split(args, arg_words, argv + 1);

    split(env, env_words, environment);
    settings_free(table, N, &got);
    memset(error, 'x', sizeof error);
    int err = settings_load(table, N, others, 1, &got, argc, argv, environment, error);
    cr_expect(memchr(error, '\0', sizeof error) && !strchr(error, '\n'), "the error is one line");
    return err;
}

static void expect_error(const char *args, const char *env, const char *wanted)
{
    struct sample none = {0};
    cr_expect_eq(load(args, env), -EINVAL, "accepted: %s %s", args, env);
    cr_expect_str_eq(error, wanted);
    cr_expect_eq(memcmp(&got, &none, sizeof none), 0, "something stays behind: %s %s", args, env);
}

/* The same, of a settings file; wanted is what follows its name. */
static void expect_file_error(const char *text, const char *wanted)
{
    write_file(text);
    cr_expect_eq(load(file_flag, NULL), -EINVAL, "accepted: %s", text);
    cr_expect_eq(strncmp(error, path, strlen(path)), 0, "names the file: %s", error);
    cr_expect_str_eq(error + strlen(path), wanted);
}

static uint64_t duration(const char *text)
{
    char flag[64];
    snprintf(flag, sizeof flag, "--drain=%s", text);
    cr_expect_eq(load(flag, NULL), 0, "%s", error);
    return got.drain;
}

Test(settings, without_any_source_the_defaults_hold)
{
    cr_assert_eq(load(NULL, NULL), 0, "%s", error);
    cr_expect_str_eq(got.settings, "");
    cr_expect_str_eq(got.prefix, "sluice:");
    cr_expect_eq(got.listen.n, 2u);
    cr_expect_str_eq(got.listen.items[1], "b:2");
    cr_expect_eq(got.workers, 1u);
    cr_expect_eq(got.queue_bytes, 1048576u);
    cr_expect_eq(got.drain, 20000u);
    cr_expect_not(got.check);
    cr_expect_eq(got.log_level, 1);
}

Test(settings, a_flag_goes_before_the_environment_before_the_file_before_the_default)
{
    write_file("SLUICE_WORKERS=2\n");
    cr_assert_eq(load(file_flag, NULL), 0, "%s", error);
    cr_expect_eq(got.workers, 2u);
    cr_assert_eq(load(file_flag, "SLUICE_WORKERS=3"), 0, "%s", error);
    cr_expect_eq(got.workers, 3u);
    char args[128];
    snprintf(args, sizeof args, "--workers|4|%s", file_flag);
    cr_assert_eq(load(args, "SLUICE_WORKERS=3"), 0, "%s", error);
    cr_expect_eq(got.workers, 4u);
}

Test(settings, of_a_repeated_flag_the_last_counts)
{
    cr_assert_eq(load("--workers=2|--workers|5", NULL), 0, "%s", error);
    cr_expect_eq(got.workers, 5u);
}

Test(settings, a_list_gathers_its_flags_and_keeps_their_white_space)
{
    cr_assert_eq(load("--listen|unix:/a b|--listen=c:3", "SLUICE_LISTEN=d:4"), 0, "%s", error);
    cr_assert_eq(got.listen.n, 2u);
    cr_expect_str_eq(got.listen.items[0], "unix:/a b");
    cr_expect_str_eq(got.listen.items[1], "c:3");
}

Test(settings, a_list_in_the_environment_is_separated_by_white_space_and_replaces_the_file)
{
    write_file("SLUICE_LISTEN=x:1 y:2 z:3\n");
    cr_assert_eq(load(file_flag, "SLUICE_LISTEN= d:4  e:5\t"), 0, "%s", error);
    cr_assert_eq(got.listen.n, 2u);
    cr_expect_str_eq(got.listen.items[0], "d:4");
    cr_expect_str_eq(got.listen.items[1], "e:5");
    cr_assert_eq(load(file_flag, "SLUICE_LISTEN="), 0, "%s", error);
    cr_expect_eq(got.listen.n, 0u);
}

Test(settings, a_list_longer_than_its_limit_is_refused)
{
    char text[4 * SETTINGS_LIST_MAX] = "SLUICE_LISTEN=";
    for (int i = 0; i < SETTINGS_LIST_MAX; i++)
        strcat(text, "a ");
    write_file(text);
    cr_assert_eq(load(file_flag, NULL), 0, "%s", error);
    cr_expect_eq(got.listen.n, (size_t)SETTINGS_LIST_MAX);
    strcat(text, "a");
    expect_file_error(text, ":1: SLUICE_LISTEN: more than 256 values");
}

Test(settings, sizes_take_k_m_and_g)
{
    cr_assert_eq(load("--queue-bytes=4096", NULL), 0);
    cr_expect_eq(got.queue_bytes, 4096u);
    cr_assert_eq(load("--queue-bytes=64k", NULL), 0);
    cr_expect_eq(got.queue_bytes, 65536u);
    cr_assert_eq(load("--queue-bytes=2M", NULL), 0);
    cr_expect_eq(got.queue_bytes, 2097152u);
    cr_assert_eq(load("--queue-bytes=1G", NULL), 0);
    cr_expect_eq(got.queue_bytes, 1073741824u);
}

Test(settings, durations_take_ms_s_m_and_h_and_a_bare_number_is_seconds)
{
    cr_expect_eq(duration("250ms"), 250u);
    cr_expect_eq(duration("20s"), 20000u);
    cr_expect_eq(duration("5m"), 300000u);
    cr_expect_eq(duration("2h"), 7200000u);
    cr_expect_eq(duration("7"), 7000u);
    cr_expect_eq(duration("0.5"), 500u);
    cr_expect_eq(duration("1.25m"), 75000u);
    cr_expect_eq(duration("0"), 0u);
}

Test(settings, a_switch_is_on_by_its_name_alone_and_takes_words)
{
    cr_assert_eq(load("--check", NULL), 0);
    cr_expect(got.check);
    cr_assert_eq(load("--check=off", "SLUICE_CHECK=yes"), 0);
    cr_expect_not(got.check);
    cr_assert_eq(load(NULL, "SLUICE_CHECK=TRUE"), 0);
    cr_expect(got.check);
}

Test(settings, numbers_out_of_range_are_refused_with_the_range)
{
    expect_error("--workers|0", NULL, "--workers: \"0\" is out of range: it may be 1 to 64");
    expect_error("--workers=65", NULL, "--workers: \"65\" is out of range: it may be 1 to 64");
    expect_error("--queue-bytes=2k", NULL,
                 "--queue-bytes: \"2k\" is out of range: it may be 4k to 1G");
    expect_error("--queue-bytes=18446744073709551616", NULL,
                 "--queue-bytes: \"18446744073709551616\" is out of range: it may be 4k to 1G");
    expect_error("--drain=6000000000000000h", NULL,
                 "--drain: \"6000000000000000h\" is out of range");
}

Test(settings, what_is_no_number_is_refused_with_an_example)
{
    expect_error("--workers=two", NULL, "--workers: \"two\" is not a whole number (1 to 64)");
    expect_error("--workers=", NULL, "--workers: \"\" is not a whole number (1 to 64)");
    expect_error("--workers=-1", NULL, "--workers: \"-1\" is not a whole number (1 to 64)");
    expect_error("--queue-bytes=1T", NULL,
                 "--queue-bytes: \"1T\" is not a size such as 512, 64k, 2M or 1G (4k to 1G)");
    expect_error("--drain=0.0005s", NULL,
                 "--drain: \"0.0005s\" is not a duration such as 500ms, 2s, 5m or 1h");
    expect_error("--drain=1.5ms", NULL,
                 "--drain: \"1.5ms\" is not a duration such as 500ms, 2s, 5m or 1h");
    expect_error("--drain=1.", NULL,
                 "--drain: \"1.\" is not a duration such as 500ms, 2s, 5m or 1h");
    expect_error("--check=maybe", NULL, "--check: \"maybe\" is neither on nor off");
    expect_error("--log-level=loud", NULL,
                 "--log-level: \"loud\" is not one of debug, info or warn");
}

Test(settings, a_wrong_value_is_shown_on_one_line_and_cut)
{
    char args[256] = "--workers=\n\t";
    memset(args + strlen(args), 'y', 200);
    expect_error(args, NULL,
                 "--workers: \"??yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy...\" "
                 "is not a whole number (1 to 64)");
}

Test(settings, unknown_flags_and_stray_arguments_are_errors)
{
    expect_error("--worker=2", NULL, "--worker: unknown flag; --help lists them");
    expect_error("-w", NULL, "-w: unknown flag; --help lists them");
    expect_error("--Workers=2", NULL, "--Workers: unknown flag; --help lists them");
    expect_error("--check|off", NULL,
                 "off: unexpected argument; settings are given as --name value");
    expect_error("--|x", NULL, "x: unexpected argument");
    cr_expect_eq(load("--check|--", NULL), 0);
}

Test(settings, no_error_repeats_a_password)
{
    expect_error("--reds=redis://:hunter2@h", NULL, "--reds: unknown flag; --help lists them");
    expect_error("redis://:hunter2@h", NULL,
                 "redis: unexpected argument; settings are given as --name value");
    expect_error("--|redis://:hunter2@h", NULL, "redis: unexpected argument");
    expect_error(NULL, "SLUICE_REDS=redis://:hunter2@h",
                 "SLUICE_REDS (environment): unknown setting; --help lists them");
}

Test(settings, a_flag_without_its_value_does_not_swallow_the_next)
{
    expect_error("--prefix|--check", NULL, "--prefix: needs a value (--prefix=...)");
    expect_error("--prefix", NULL, "--prefix: needs a value (--prefix=...)");
    cr_assert_eq(load("--prefix=--x", NULL), 0);
    cr_expect_str_eq(got.prefix, "--x");
}

Test(settings, an_unknown_variable_is_an_error_unless_the_other_program_knows_it)
{
    expect_error(NULL, "SLUICE_WORKER=2",
                 "SLUICE_WORKER (environment): unknown setting; --help lists them");
    expect_error(NULL, "SLUICE_WORKERS=x",
                 "SLUICE_WORKERS (environment): \"x\" is not a whole number (1 to 64)");
    cr_expect_eq(load(NULL, "SLUICE_SOURCE=lines|SLUICE_BUILD=/b|HOME=/h|NOTHING"), 0, "%s", error);
}

Test(settings, a_file_has_comments_quotes_and_other_peoples_variables)
{
    write_file("# a comment\n\n  SLUICE_PREFIX= \"my prefix # no comment\" \r\n"
               "TZ=UTC\nSLUICE_BUILD=/b\nSLUICE_LOG_LEVEL='debug'\nSLUICE_WORKERS=8\n"
               "SLUICE_WORKERS=9");
    cr_assert_eq(load(file_flag, NULL), 0, "%s", error);
    cr_expect_str_eq(got.prefix, "my prefix # no comment");
    cr_expect_eq(got.log_level, 0);
    cr_expect_eq(got.workers, 9u);
}

Test(settings, an_error_in_the_file_names_file_line_and_setting)
{
    expect_file_error("\nSLUICE_WORKERS=0",
                      ":2: SLUICE_WORKERS: \"0\" is out of range: it may be 1 to 64");
    expect_file_error("SLUICE_WORKER=1", ":1: SLUICE_WORKER: unknown setting; --help lists them");
    expect_file_error("SLUICE_SOURCE=lines",
                      ":1: SLUICE_SOURCE: unknown setting; --help lists them");
    expect_file_error("TZ=UTC\nworkers 2", ":2: a line must be KEY=VALUE, a comment or empty");
    expect_file_error("export TZ=UTC", ":1: the part before '=' is not a variable's name");
    expect_file_error("=1", ":1: the part before '=' is not a variable's name");
    expect_file_error("SLUICE_PREFIX=\"a", ":1: the quotes must go round the whole value");
    expect_file_error("SLUICE_PREFIX='a' b", ":1: the quotes must go round the whole value");
    expect_file_error("SLUICE_SETTINGS=x",
                      ":1: SLUICE_SETTINGS: a settings file cannot name another");
}

Test(settings, a_wrong_line_in_the_file_is_found_even_where_a_flag_hides_it)
{
    char args[128];
    snprintf(args, sizeof args, "--workers=4|%s", file_flag);
    write_file("SLUICE_WORKERS=many");
    cr_expect_eq(load(args, NULL), -EINVAL);
}

Test(settings, the_file_may_be_named_by_the_environment)
{
    char env[128];
    snprintf(env, sizeof env, "SLUICE_SETTINGS=%s", path);
    write_file("SLUICE_WORKERS=6");
    cr_assert_eq(load(NULL, env), 0, "%s", error);
    cr_expect_eq(got.workers, 6u);
    cr_expect_str_eq(got.settings, path);
}

Test(settings, a_file_that_cannot_be_read_is_an_error)
{
    expect_error("--settings=/nonexistent/sluice.env", NULL,
                 "settings: cannot read /nonexistent/sluice.env: No such file or directory");
    expect_error("--settings=/", NULL, "settings: cannot read /: Is a directory");
    cr_assert_eq(truncate(path, SETTINGS_FILE_MAX + 1), 0);
    cr_expect_eq(load(file_flag, NULL), -EINVAL);
    cr_expect(strstr(error, "File too large"), "%s", error);
    cr_assert_eq(truncate(path, SETTINGS_FILE_MAX), 0);
    cr_expect_eq(load(file_flag, NULL), -EINVAL);
    cr_expect(strstr(error, "NUL"), "%s", error);
}

Test(settings, a_long_file_name_is_cut_at_its_front_and_leaves_room_for_what_is_wrong)
{
    char flag[1024] = "--settings=/";
    memset(flag + strlen(flag), 'x', 900);
    strcat(flag, "/the\nend");
    cr_expect_eq(load(flag, NULL), -EINVAL);
    cr_expect(strstr(error, "x/the?end: File name too long"), "%s", error);
}

Test(settings, a_default_that_no_user_could_give_is_our_own_mistake, .signal = SIGABRT)
{
    static const struct setting wrong[] = {
        {"workers", SETTING_COUNT, AT(workers), .fallback = "0", .min = 1}};
    char *argv[] = {(char *)"sluice", NULL};
    (void)settings_load(wrong, 1, NULL, 0, &got, 1, argv, NULL, error);
}

Test(settings, help_and_version_are_looked_for_up_to_two_hyphens)
{
    char *argv[] = {(char *)"sluice", (char *)"--check",   (char *)"--help",
                    (char *)"--",     (char *)"--version", NULL};
    cr_expect(settings_wants(5, argv, "--help"));
    cr_expect_not(settings_wants(5, argv, "--version"));
    cr_expect_not(settings_wants(5, argv, "sluice"));
}

Test(settings, a_reload_says_which_settings_differ_and_which_of_them_cannot_change)
{
    char names[64], narrow[16];
    cr_assert_eq(load("--prefix=p|--workers=3|--queue-bytes=8k|--listen=z:9", NULL), 0);
    struct sample old = got;
    got = (struct sample){0};
    cr_assert_eq(load(NULL, NULL), 0);
    cr_expect_eq(settings_difference(table, N, &old, &got, false, names, sizeof names), 4u);
    cr_expect_str_eq(names, "prefix, listen, workers, queue-bytes");
    cr_expect_eq(settings_difference(table, N, &old, &got, true, names, sizeof names), 3u);
    cr_expect_str_eq(names, "prefix, listen, workers");
    cr_expect_eq(settings_difference(table, N, &old, &got, true, narrow, sizeof narrow), 3u);
    cr_expect_str_eq(narrow, "prefix, listen");
    cr_expect_eq(settings_difference(table, N, &old, &old, false, names, sizeof names), 0u);
    cr_expect_str_eq(names, "");
    settings_free(table, N, &old);
}

static void print_help(const struct setting *settings, size_t n, char *buf, size_t cap)
{
    FILE *out = fmemopen(buf, cap, "w");
    cr_assert(out);
    settings_help(settings, n, out);
    fclose(out);
}

Test(settings, help_says_default_range_variable_and_whether_sighup_applies_it)
{
    char help[4096] = "";
    print_help(table, N, help, sizeof help);
    cr_expect(strstr(help, "  --settings FILE     where settings are (SLUICE_SETTINGS)\n"), "%s",
              help);
    cr_expect(strstr(help, "  --listen ADDR       (default a:1 b:2; repeatable; SLUICE_LISTEN)\n"));
    cr_expect(strstr(help, "  --drain TIME        (default 20s; SLUICE_DRAIN)\n"));
    cr_expect(strstr(help, "  --check             (SLUICE_CHECK)\n"));
    cr_expect(strstr(help, "  --log-level NAME    (default info; debug, info or warn; "
                           "SLUICE_LOG_LEVEL; SIGHUP)\n"));
    cr_expect(strstr(help, "(default 1M;\n                      4k to 1G; SLUICE_QUEUE_BYTES; "
                           "SIGHUP)\n"));
}

Test(settings, help_keeps_to_a_hundred_columns_and_uses_them)
{
    size_t widest = 0;
    for (int first = 1; first < 40; first++) {
        char words[256], help[1024] = "";
        snprintf(words, sizeof words, "%.*s a b c d e f g h i j k l m n o p q r s t u v w x y z",
                 first, "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww");
        const struct setting one = {.name = "a-name-of-some-length", .help = words};
        print_help(&one, 1, help, sizeof help);
        for (char *line = strtok(help, "\n"); line; line = strtok(NULL, "\n"))
            widest = strlen(line) > widest ? strlen(line) : widest;
    }
    cr_expect_eq(widest, 100u);
}

Test(settings, help_of_a_long_flag_begins_on_the_next_line)
{
    char help[1024] = "";
    const struct setting one = {.name = "a-name-longer-than-its-column-has-room-for", .help = "x"};
    print_help(&one, 1, help, sizeof help);
    cr_expect_str_eq(help, "  --a-name-longer-than-its-column-has-room-for VALUE\n"
                           "    x (SLUICE_A_NAME_LONGER_THAN_ITS_COLUMN_HAS_ROOM_FOR)\n");
}
