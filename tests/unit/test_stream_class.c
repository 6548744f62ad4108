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
