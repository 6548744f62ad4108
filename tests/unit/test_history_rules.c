/* How much history which stream has. */
#include <criterion/criterion.h>
#include <string.h>

#include "publisher/history_rules.h"

static struct history_limits limits;
static char error[HISTORY_ERROR_MAX];

static void expect_limits(const char *text, uint32_t entries, uint32_t age_ms)
{
    cr_expect_eq(history_limits_parse(text, &limits, error), 0, "%s: %s", text, error);
    cr_expect_eq(limits.entries, entries, "%s", text);
    cr_expect_eq(limits.age_ms, age_ms, "%s", text);
}

Test(history_rules, limits_are_a_number_and_an_age)
{
    expect_limits("1000,10m", 1000, 600000);
    expect_limits("50,600", 50, 600000);
    expect_limits("1,1500ms", 1, 1500);
    expect_limits("1000000,168h", 1000000, 604800000);
    expect_limits("0", 0, 0);
    expect_limits("0,5s", 0, 5000);
}

Test(history_rules, whatever_else_is_refused_with_what_it_should_be)
{
    static const char *const wrong[] = {"",
                                        "10",
                                        "10,",
                                        "10,0",
                                        "10,999ms",
                                        "x,1s",
                                        "-1,1s",
                                        "10,1d",
                                        "10, 1s",
                                        "1000001,1s",
                                        "10,169h",
                                        "10,-1s",
                                        "10,99999999999999999999s"};

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cr_expect_lt(history_limits_parse(wrong[i], &limits, error), 0, "%s", wrong[i]);
        cr_expect_not_null(strstr(error, "ENTRIES,AGE"));
    }
}

static uint32_t entries_of(const struct history_rules *rules, const char *stream,
                           enum event_history history)
{
    struct event event = {.stream = stream, .stream_len = strlen(stream), .history = history};

    return history_rules_of(rules, &event).entries;
}

Test(history_rules, the_first_pattern_that_fits_counts_and_then_the_kind)
{
    char *values[] = {"trade.*,ticker.*=7,1s", "trade.A=8,1s", "odd=name=9,1s"};
    struct history_rules rules = {.streams = {1000, 1}, .entities = {50, 1}};

    cr_assert_eq(history_rules_parse(&rules, &(struct setting_list){values, 3}, error), 0);
    cr_expect_eq(entries_of(&rules, "trade.A", EVENT_HISTORY_STREAM), 7u);
    cr_expect_eq(entries_of(&rules, "ticker.A", EVENT_HISTORY_NONE), 7u);
    cr_expect_eq(entries_of(&rules, "odd=name", EVENT_HISTORY_NONE), 9u);
    cr_expect_eq(entries_of(&rules, "depth.A", EVENT_HISTORY_STREAM), 1000u);
    cr_expect_eq(entries_of(&rules, "depth.A", EVENT_HISTORY_ENTITY), 50u);
    cr_expect_eq(entries_of(&rules, "depth.A", EVENT_HISTORY_NONE), 0u);
}

Test(history_rules, a_rule_without_a_pattern_or_limits_is_refused)
{
    static char *const wrong[] = {"trade.*", "=1,1s", "trade.*=", "trade.*=1"};

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct history_rules rules = {0};
        char *value = wrong[i];
        cr_expect_lt(history_rules_parse(&rules, &(struct setting_list){&value, 1}, error), 0);
        cr_expect_not_null(strstr(error, "PATTERN"), "%s: %s", wrong[i], error);
    }
}
