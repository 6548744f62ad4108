/* An event as a command for Redis. */
#include <criterion/criterion.h>
#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>

#include "publisher/entry.h"

static const char sha[] = "0123456789012345678901234567890123456789";

/* What Redis would read of the command: its words, joined by '|'. */
static char words[2000];

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

static void *entry_of(const char *stream, const char *tag, const char *data, bool keep_last)
{
    struct event event = {.stream = stream,
                          .stream_len = strlen(stream),
                          .tag = tag,
                          .tag_len = tag ? strlen(tag) : 0,
                          .data = data,
                          .data_len = strlen(data),
                          .keep_last = keep_last};
    void *entry = malloc(entry_size(&event));

    entry_write(entry, &event, &(struct entry_id){.term = 1, .seq = 7, .time_us = 9});
    return entry;
}

Test(entry, a_plain_one_is_published)
{
    char start[ENTRY_START_MAX];
    struct entry_command command;
    void *entry = entry_of("a", "t", "{}", false);

    cr_expect_not(entry_keeps_last(entry));
    entry_command(entry, "p:", 5, start, &command);
    read_words(start, &command);
    cr_expect_str_eq(words, "PUBLISH|p:a|5-7 9 t\n{}");
    free(entry);
}

Test(entry, one_that_keeps_its_last_value_goes_to_the_script)
{
    char start[ENTRY_START_MAX];
    struct entry_command command;
    void *entry = entry_of("orderbook_perp_0", NULL, "{\"slot\":1}", true);

    cr_expect(entry_keeps_last(entry));
    entry_keep_command(entry, "p:", 5, sha, start, &command);
    read_words(start, &command);
    cr_expect_str_eq(words, "EVALSHA|0123456789012345678901234567890123456789|2|"
                            "p:last:orderbook_perp_0|p:orderbook_perp_0|5-7 9\n{\"slot\":1}");
    free(entry);
}

Test(entry, the_longest_one_fits)
{
    char start[ENTRY_START_MAX], stream[STREAM_NAME_MAX + 1], tag[MESSAGE_TAG_MAX + 1];
    char prefix[STREAM_PREFIX_MAX + 1];
    struct entry_command command;

    memset(stream, 's', sizeof stream - 1);
    memset(tag, 't', sizeof tag - 1);
    memset(prefix, 'p', sizeof prefix - 1);
    stream[sizeof stream - 1] = tag[sizeof tag - 1] = prefix[sizeof prefix - 1] = '\0';
    void *entry = entry_of(stream, tag, "{}", true);
    entry_keep_command(entry, prefix, UINT64_MAX, sha, start, &command);
    cr_expect_leq(command.start_len, sizeof start);
    read_words(start, &command);
    entry_command(entry, prefix, UINT64_MAX, start, &command);
    cr_expect_leq(command.start_len, sizeof start);
    read_words(start, &command);
    free(entry);
}
