/* A handful of named classes of streams, by pattern. */
#include "gateway/stream_class.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct stream_classes classes;
static char error[STREAM_CLASS_ERROR_MAX];

static int parse(size_t n, const char *const *values)
{
    struct setting_list list = {.items = (char **)(uintptr_t)values, .n = n};

    error[0] = '\0';
    return stream_classes_parse(&list, &classes, error);
}

#define PARSE(...)                                                                                 \
    parse(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *), (const char *[]){__VA_ARGS__})

static const char *class_of(const char *name)
{
    return classes.classes[stream_class_of(&classes, name, strlen(name))].name;
}

static void expect_refused(int err)
{
    cr_expect_eq(err, -EINVAL);
    cr_expect_eq(strncmp(error, "class: ", 7), 0, "'%s'", error);
    cr_expect_null(strchr(error, '\n'));
}

Test(stream_class, without_any_every_stream_is_other)
{
    cr_expect_eq(parse(0, NULL), 0);
    cr_expect_eq(classes.n, 1u);
    cr_expect_str_eq(class_of("trade.A"), "other");
}

Test(stream_class, a_stream_belongs_to_the_first_class_that_fits)
{
    cr_expect_eq(PARSE("book=depth.*,orderbook_*", "sol=*SOL*", "all_2=trade.*"), 0);
    cr_expect_str_eq(class_of("depth.SOL"), "book");
    cr_expect_str_eq(class_of("orderbook_perp_0"), "book");
    cr_expect_str_eq(class_of("trade.SOL"), "sol");
    cr_expect_str_eq(class_of("trade.BTC"), "all_2");
    cr_expect_str_eq(class_of("ticker.BTC"), "other");
    cr_expect_str_eq(class_of("xdepth.SO"), "other");
}

Test(stream_class, names_are_of_a_to_z_digits_and_underscores)
{
    static const char *const wrong[] = {"=x", "Book=x", "a-b=x", "a b=x", "book", "book=", "é=x"};

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        expect_refused(PARSE(wrong[i]));
    cr_expect_eq(PARSE("a_1=x"), 0);
}

Test(stream_class, a_name_has_a_greatest_length)
{
    char value[STREAM_CLASS_NAME_MAX + 4];

    memset(value, 'n', sizeof value);
    strcpy(value + STREAM_CLASS_NAME_MAX, "=x");
    cr_expect_eq(PARSE(value), 0);
    cr_expect_eq(strlen(classes.classes[0].name), (size_t)STREAM_CLASS_NAME_MAX);
    strcpy(value + STREAM_CLASS_NAME_MAX, "n=x");
    expect_refused(PARSE(value));
}

/* Each is a label of metrics, where two of a name would be one line too many. */
Test(stream_class, no_two_classes_have_one_name)
{
    expect_refused(PARSE("book=depth.*", "trade=trade.*", "book=orderbook_*"));
    expect_refused(PARSE("other=x"));
    cr_expect_eq(PARSE("book=x", "books=y", "boo=z"), 0);
}

Test(stream_class, there_may_be_fifteen_beside_other)
{
    char text[STREAM_CLASSES_MAX][8];
    const char *values[STREAM_CLASSES_MAX];

    for (int i = 0; i < STREAM_CLASSES_MAX; i++) {
        snprintf(text[i], sizeof text[i], "c%d=x%c", i % 100, 'a' + i);
        values[i] = text[i];
    }
    expect_refused(parse(STREAM_CLASSES_MAX, values));
    cr_expect_eq(parse(STREAM_CLASSES_MAX - 1, values), 0);
    cr_expect_eq(classes.n, (unsigned)STREAM_CLASSES_MAX);
    cr_expect_str_eq(class_of("xo"), "c14");
    cr_expect_str_eq(class_of("xp"), "other");
}

Test(stream_class, empty_patterns_fit_nothing)
{
    cr_expect_eq(PARSE("a=,,trade.*,"), 0);
    cr_expect_str_eq(class_of("x"), "other");
    cr_expect_str_eq(class_of("trade.A"), "a");
}

/* ---- policies and delays ---- */

static int policies(const char *value)
{
    struct setting_list list = {.items = (char *[]){(char *)(uintptr_t)value}, .n = 1};

    return stream_classes_policies(&list, &classes, error);
}

static int delays(const char *first, const char *second)
{
    struct setting_list list = {.items =
                                    (char *[]){(char *)(uintptr_t)first, (char *)(uintptr_t)second},
                                .n = second ? 2 : 1};

    return stream_classes_delays(&list, &classes, error);
}

Test(stream_class, a_class_is_closed_by_default_and_does_not_wait)
{
    cr_assert_eq(PARSE("book=depth.*"), 0);
    cr_expect_eq(classes.classes[0].policy, POLICY_CLOSE);
    cr_expect_eq(classes.classes[0].delay_ms, 0);
    cr_expect_not(classes.yields);
    cr_expect_not(classes.delays);
}

Test(stream_class, a_policy_is_of_one_class)
{
    cr_assert_eq(PARSE("book=depth.*"), 0);
    cr_expect_eq(policies("book=conflate"), 0);
    cr_expect_eq(policies("other=drop"), 0);
    cr_expect_eq(classes.classes[0].policy, POLICY_CONFLATE);
    cr_expect_eq(classes.classes[1].policy, POLICY_DROP);
    cr_expect(classes.yields);
}

Test(stream_class, a_policy_that_is_none_is_refused)
{
    static const char *const wrong[] = {"book=keep", "book=", "book", "=drop", "trade=drop", ""};

    cr_assert_eq(PARSE("book=depth.*"), 0);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cr_expect_eq(policies(wrong[i]), -EINVAL, "%s", wrong[i]);
        cr_expect_eq(strncmp(error, "policy: ", 8), 0, "%s", error);
    }
}

Test(stream_class, a_delay_is_of_one_class_or_of_all_others)
{
    cr_assert_eq(PARSE("book=depth.*", "trade=trade.*"), 0);
    cr_expect_eq(delays("book=100ms", "10ms"), 0);
    cr_expect_eq(classes.classes[0].delay_ms, 100);
    cr_expect_eq(classes.classes[1].delay_ms, 10);
    cr_expect_eq(classes.classes[2].delay_ms, 10);
    cr_expect(classes.delays);
}

Test(stream_class, a_delay_is_at_most_a_second)
{
    static const char *const wrong[] = {"book=1001ms", "2s", "book=", "book=x",
                                        "fill=1ms",    "x",  ""};

    cr_assert_eq(PARSE("book=depth.*"), 0);
    cr_expect_eq(delays("1s", NULL), 0);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cr_expect_eq(delays(wrong[i], NULL), -EINVAL, "%s", wrong[i]);
        cr_expect_eq(strncmp(error, "write-delay: ", 13), 0, "%s", error);
    }
}
