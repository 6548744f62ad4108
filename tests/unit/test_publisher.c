/* Events in, numbered entries in the backlog out; and what becomes of them on the wire. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "publisher/entry_command.h"
#include "publisher/publisher.h"

static struct backlog backlog;
static struct publisher p;
static struct history_rules rules = {.streams = {1000, 600000}, .entities = {50, 60000}};
static const struct redis_naming naming = {.prefix = "sluice:"};
static char command[4096];

static void set_up(void)
{
    backlog_init(&backlog, 1 << 20);
    publisher_init(&p, &backlog, &rules);
}

static void tear_down(void)
{
    backlog_fini(&backlog);
}

static int publish(const char *stream, const char *tag, const char *data)
{
    const char *why = NULL;
    struct event event = {.stream = stream,
                          .stream_len = strlen(stream),
                          .tag = tag,
                          .tag_len = tag ? strlen(tag) : 0,
                          .data = data,
                          .data_len = strlen(data)};
    int err = publisher_event(&p, &event, 1234567, &why);

    cr_expect_eq(err == -EBADMSG, why != NULL);
    return err;
}

/* The oldest entry as Redis would get it. */
static const char *next_command(uint64_t epoch)
{
    char start[ENTRY_START_MAX];
    struct entry_command parts;
    struct entry *entry = backlog_next(&backlog.loose);

    cr_assert_not_null(entry);
    entry->seq = 3;
    entry_command(entry, &(struct entry_target){&naming, epoch, ""}, start, &parts);
    snprintf(command, sizeof command, "%.*s%.*s", (int)parts.start_len, start, (int)parts.rest_len,
             parts.rest);
    backlog_sent(&backlog.loose);
    return command;
}

TestSuite(publisher, .init = set_up, .fini = tear_down);

Test(publisher, an_event_becomes_one_publish_command_with_its_head)
{
    cr_assert_eq(publish("trade.SOL_USDC", NULL, "{\"p\":1.10}"), 0);
    cr_expect_str_eq(next_command(1700000000000),
                     "*3\r\n$7\r\nPUBLISH\r\n$21\r\nsluice:trade.SOL_USDC\r\n$34\r\n"
                     "1700000000000-3 1234567\n{\"p\":1.10}\r\n");
}

Test(publisher, a_tag_follows_the_time)
{
    cr_assert_eq(publish("s", "42", "7"), 0);
    cr_expect_str_eq(next_command(5),
                     "*3\r\n$7\r\nPUBLISH\r\n$8\r\nsluice:s\r\n$16\r\n5-3 1234567 42\n7\r\n");
}

Test(publisher, an_event_of_each_kind_has_its_history)
{
    struct event event = {.stream = "a", .stream_len = 1, .data = "1", .data_len = 1};
    const char *why;

    for (int kind = EVENT_HISTORY_NONE; kind <= EVENT_HISTORY_ENTITY; kind++) {
        event.history = (enum event_history)kind;
        cr_assert_eq(publisher_event(&p, &event, 1, &why), 0);
        cr_expect_eq(backlog_next(&backlog.loose)->history.entries,
                     (kind == EVENT_HISTORY_NONE     ? 0u
                      : kind == EVENT_HISTORY_STREAM ? 1000u
                                                     : 50u));
        backlog_sent(&backlog.loose);
    }
}

Test(publisher, a_name_that_no_stream_may_have_is_refused_and_changes_nothing)
{
    static const char *const names[] = {"", "a b", "_probe", "a*", "a/b", "\xc3\xa4"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        cr_expect_eq(publish(names[i], NULL, "1"), -EBADMSG, "'%s'", names[i]);
    cr_expect_eq(backlog.added, 0u);
    cr_expect_eq(p.events, 0u);
}

Test(publisher, a_tag_that_would_tear_the_head_is_refused)
{
    cr_expect_eq(publish("a", "x y", "1"), -EBADMSG);
    cr_expect_eq(publish("a", "x\n{", "1"), -EBADMSG);
    cr_expect_eq(publish("a", "", "1"), -EBADMSG);
    cr_expect_eq(backlog.added, 0u);
}

Test(publisher, the_longest_names_fit)
{
    char name[STREAM_NAME_MAX + 2], tag[MESSAGE_TAG_MAX + 2];

    memset(name, 'n', sizeof name);
    memset(tag, 't', sizeof tag);
    name[STREAM_NAME_MAX] = tag[MESSAGE_TAG_MAX] = '\0';
    cr_assert_eq(publish(name, tag, "1"), 0);
    cr_expect_leq(backlog.bytes, (size_t)ENTRY_EXTRA_MAX + 1);
    cr_expect_not_null(strstr(next_command(UINT64_MAX), name));
    name[STREAM_NAME_MAX] = 'n';
    name[STREAM_NAME_MAX + 1] = '\0';
    cr_expect_eq(publish(name, NULL, "1"), -EBADMSG);
}

Test(publisher, what_does_not_fit_is_dropped_and_counted)
{
    backlog.limit = 250;
    publish("a", NULL, "1");
    publish(
        "a", NULL,
        "[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0"
        ",0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]");
    cr_expect_eq(backlog.dropped[PUBLISHER_DROP_SIZE], 1u);
    cr_expect_eq(p.events, 2u);
}

Test(publisher, a_new_term_is_of_what_comes_after)
{
    publish("a", NULL, "1");
    publisher_new_term(&p);
    publish("a", NULL, "2");
    cr_expect_eq(backlog_next(&backlog.loose)->term, 1u);
    backlog_sent(&backlog.loose);
    cr_expect_eq(backlog_next(&backlog.loose)->term, 2u);
}
