/* An event as a command for Redis. */
#include <criterion/criterion.h>
#include <hiredis/hiredis.h>
#include <string.h>

#include "publisher/entry_command.h"

static const struct redis_naming naming = {.prefix = "p:"}, sharded = {"p:", true};
static const char sha[] = "0123456789012345678901234567890123456789";

/* What Redis would read of the command: its words, joined by '|'. */
static char words[4000];

static void read_words(const char *start, const struct entry_command *command)
{
    redisReader *reader = redisReaderCreate();
    void *got = NULL;

    redisReaderFeed(reader, start, command->start_len);
    redisReaderFeed(reader, command->rest, command->rest_len);
    cr_assert_eq(redisReaderGetReply(reader, &got), REDIS_OK);
    cr_assert_not_null(got, "the command is complete");
    words[0] = '\0';
    for (size_t i = 0; i < ((redisReply *)got)->elements; i++) {
        strcat(words, i ? "|" : "");
        strcat(words, ((redisReply *)got)->element[i]->str);
    }
    freeReplyObject(got);
    cr_assert_eq(redisReaderGetReply(reader, &got), REDIS_OK);
    cr_expect_null(got, "and nothing follows it");
    redisReaderFree(reader);
}

static struct entry *entry_of(const char *stream, const char *tag, const char *data,
                              uint32_t history, bool keep_last)
{
    struct event event = {.stream = stream,
                          .stream_len = strlen(stream),
                          .tag = tag,
                          .tag_len = tag ? strlen(tag) : 0,
                          .data = data,
                          .data_len = strlen(data),
                          .keep_last = keep_last};
    struct entry *entry = entry_new(&event, (struct history_limits){history, 600}, 1, 9);

    entry->seq = 7;
    return entry;
}

static void expect(struct entry *entry, const struct redis_naming *named, const char *wanted)
{
    char start[ENTRY_START_MAX];
    struct entry_command command;

    entry_command(entry, &(struct entry_target){named, 5, sha}, start, &command);
    read_words(start, &command);
    cr_expect_str_eq(words, wanted);
    entry_free(&entry);
}

#define SHA "EVALSHA|0123456789012345678901234567890123456789|"

Test(entry, a_plain_one_is_published)
{
    struct entry *entry = entry_of("a", "t", "{}", 0, false);

    cr_expect_not(entry_needs_script(entry));
    expect(entry, &naming, "PUBLISH|p:a|5-7 9 t\n{}");
    expect(entry_of("a", NULL, "{}", 0, false), &sharded, "SPUBLISH|p:{a}a|5-7 9\n{}");
}

Test(entry, one_with_a_history_goes_to_the_script)
{
    expect(entry_of("a", "t", "{}", 50, false), &naming,
           SHA "1|p:hist:a|p:a|5|7|50|600|5-7 9 t\n{}");
}

Test(entry, one_that_keeps_its_last_value_goes_to_the_script)
{
    struct entry *entry = entry_of("orderbook_perp_0", NULL, "{\"slot\":1}", 0, true);

    cr_expect(entry_needs_script(entry));
    expect(entry, &naming,
           SHA "1|p:last:orderbook_perp_0|p:orderbook_perp_0|5|7|0|600|5-7 9\n{\"slot\":1}");
}

Test(entry, one_with_both_names_both_keys_on_the_slot_of_the_channel)
{
    expect(entry_of("a", NULL, "{}", 50, true), &sharded,
           SHA "2|p:{a}hist:a|p:{a}last:a|p:{a}a|5|7|50|600|5-7 9\n{}");
}

Test(entry, what_was_missed_stands_first_in_its_data)
{
    struct entry *entry = entry_of("a", NULL, "{\"n\":1}", 0, false);
    struct entry *with = entry_with_missed(entry, 3, 4), *more = entry_with_missed(with, 5, 6);
    struct entry *empty = entry_of("a", NULL, "{ }", 0, false), *alone;
    struct entry *list = entry_of("a", NULL, "[1]", 0, false);

    cr_expect_null(entry_with_missed(list, 1, 2));
    alone = entry_with_missed(empty, 1, 2);
    entry_free(&entry);
    entry_free(&empty);
    entry_free(&list);
    expect(with, &naming, "PUBLISH|p:a|5-7 9\n{\"missed\":[3,4],\"n\":1}");
    expect(more, &naming, "PUBLISH|p:a|5-7 9\n{\"missed\":[3,6],\"n\":1}");
    expect(alone, &naming, "PUBLISH|p:a|5-7 9\n{\"missed\":[1,2] }");
}

Test(entry, a_height_is_a_tag_of_digits)
{
    uint64_t height;

    cr_expect(entry_height_of("1844674407370955161", 19, &height));
    cr_expect_eq(height, 1844674407370955161u);
    cr_expect_not(entry_height_of("", 0, &height));
    cr_expect_not(entry_height_of("12a", 3, &height));
    cr_expect_not(entry_height_of("18446744073709551616", 20, &height));
}

Test(entry, the_longest_one_fits)
{
    char start[ENTRY_START_MAX], stream[STREAM_NAME_MAX + 1], tag[MESSAGE_TAG_MAX + 1];
    char prefix[STREAM_PREFIX_MAX + 1];
    const struct redis_naming longest = {prefix, true};
    struct entry_command command;

    memset(stream, 's', sizeof stream - 1);
    memset(tag, 't', sizeof tag - 1);
    memset(prefix, 'p', sizeof prefix - 1);
    stream[sizeof stream - 1] = tag[sizeof tag - 1] = prefix[sizeof prefix - 1] = '\0';
    struct entry *entry = entry_of(stream, tag, "{}", UINT32_MAX, true);
    entry->seq = UINT64_MAX;
    entry_command(entry, &(struct entry_target){&longest, UINT64_MAX, sha}, start, &command);
    cr_expect_leq(command.start_len, sizeof start);
    read_words(start, &command);
    entry_free(&entry);
}
