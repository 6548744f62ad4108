/* entry_command.c - see entry_command.h. */
#include "publisher/entry_command.h"

#include <assert.h>
#include <string.h>

/* KEYS: the history, the last value, or both in that order. ARGV: channel, epoch, number, entries
 * of the history (0: none), its age in ms, message. Numbers of Lua are exact to 2^53. */
#define SCRIPT(publish)                                                                            \
    "local hist, last, newest, oldest = KEYS[1], KEYS[2], nil, nil "                               \
    "local id = ARGV[2] .. '-' .. ARGV[3] "                                                        \
    "if ARGV[4] == '0' then "                                                                      \
    "  hist, last = nil, KEYS[1] "                                                                 \
    "  newest = redis.call('HGET', last, 'id') "                                                   \
    "else "                                                                                        \
    "  local done = redis.pcall('XADD', hist, 'MAXLEN', '~', ARGV[4], id, 'm', ARGV[6]) "          \
    "  if type(done) == 'table' then "                                                             \
    "    if not string.find(done.err, 'equal or smaller', 1, true) then return done end "          \
    "    local info = redis.call('XINFO', 'STREAM', hist) "                                        \
    "    for i = 1, #info, 2 do "                                                                  \
    "      if info[i] == 'last-generated-id' then newest = info[i + 1] end "                       \
    "      if info[i] == 'first-entry' and info[i + 1] then oldest = info[i + 1][1] end "          \
    "    end "                                                                                     \
    "  end "                                                                                       \
    "end "                                                                                         \
    "if newest then "                                                                              \
    "  local epoch, seq = string.match(newest, '^(%d+)%-(%d+)$') "                                 \
    "  epoch, seq = tonumber(epoch), tonumber(seq) "                                               \
    "  if epoch > tonumber(ARGV[2]) then "                                                         \
    "    return redis.error_reply(string.format('SUPERSEDED %.0f', epoch)) "                       \
    "  end "                                                                                       \
    "  if oldest and #redis.call('XREVRANGE', hist, id, id) == 0 then "                            \
    "    local from, first = string.match(oldest, '^(%d+)%-(%d+)$') "                              \
    "    if tonumber(from) < tonumber(ARGV[2]) or tonumber(first) < tonumber(ARGV[3]) then "       \
    "      return redis.error_reply('OVERTAKEN by a later event of its stream') "                  \
    "    end "                                                                                     \
    "  end "                                                                                       \
    "  if hist or epoch == tonumber(ARGV[2]) and seq >= tonumber(ARGV[3]) then return 0 end "      \
    "end "                                                                                         \
    "if hist then redis.call('PEXPIRE', hist, ARGV[5]) end "                                       \
    "if last then "                                                                                \
    "  redis.call('HSET', last, 'id', id, 'message', ARGV[6]) "                                    \
    "  redis.call('PEXPIRE', last, 600000) "                                                       \
    "end "                                                                                         \
    "redis.call('" publish "', ARGV[1], ARGV[6]) "                                                 \
    "return 1"

_Static_assert(ENTRY_LAST_MS == 600000, "the script says it in digits");

const char *entry_script(const struct redis_naming *naming)
{
    return naming->sharded ? SCRIPT("SPUBLISH") : SCRIPT("PUBLISH");
}

bool entry_needs_script(const struct entry *entry)
{
    return entry->keep_last || entry->history.entries > 0;
}

/* ---- writing, by hand, since this is done for every event ------------------------------------ */

static size_t put(char *at, const void *bytes, size_t len)
{
    memcpy(at, bytes, len);
    return len;
}

static size_t put_text(char *at, const char *text)
{
    return put(at, text, strlen(text));
}

static size_t digits(uint64_t n, char buf[20])
{
    char reversed[20];
    size_t len = 0;

    do
        reversed[len++] = (char)('0' + n % 10);
    while (n /= 10);
    for (size_t i = 0; i < len; i++)
        buf[i] = reversed[len - 1 - i];
    return len;
}

/* "$<n>\r\n" */
static size_t put_length(char *at, size_t n)
{
    size_t len = 1 + digits(n, at + 1);

    at[0] = '$';
    return len + put(at + len, "\r\n", 2);
}

static size_t put_word(char *at, const char *bytes, size_t n)
{
    size_t len = put_length(at, n);

    len += put(at + len, bytes, n);
    return len + put(at + len, "\r\n", 2);
}

static size_t put_number(char *at, uint64_t n)
{
    char text[20];

    return put_word(at, text, digits(n, text));
}

static size_t put_name(char *at, const struct redis_naming *naming, enum redis_name_kind kind,
                       const struct entry *entry)
{
    char name[REDIS_NAME_MAX + 1];

    return put_word(at, name,
                    redis_name(naming, kind, entry_stream(entry), entry->stream_len, name));
}

/* The last argument: the head goes to the end of the start, the data follows. */
static void put_message(const struct entry *entry, uint64_t epoch, char *start, size_t at,
                        struct entry_command *command)
{
    struct message message = {.epoch = epoch,
                              .seq = entry->seq,
                              .time_us = entry->time_us,
                              .tag = entry->tag_len ? entry_tag(entry) : NULL,
                              .tag_len = entry->tag_len};
    char head[MESSAGE_HEAD_MAX];
    size_t head_len = message_write_head(head, &message);

    at += put_length(start + at, head_len + entry->data_len);
    at += put(start + at, head, head_len);
    assert(at <= ENTRY_START_MAX);
    command->start_len = at;
    command->rest = entry_data(entry);
    command->rest_len = (size_t)entry->data_len + 2;
}

static size_t put_script(const struct entry *entry, const struct entry_target *to, char *at)
{
    bool hist = entry->history.entries > 0, both = hist && entry->keep_last;
    size_t len = put_text(at, both ? "*11\r\n$7\r\nEVALSHA\r\n" : "*10\r\n$7\r\nEVALSHA\r\n");

    len += put_word(at + len, to->sha, ENTRY_SHA_LEN);
    len += put_number(at + len, both ? 2 : 1);
    if (hist)
        len += put_name(at + len, to->naming, REDIS_HISTORY, entry);
    if (entry->keep_last)
        len += put_name(at + len, to->naming, REDIS_LAST, entry);
    len += put_name(at + len, to->naming, REDIS_CHANNEL, entry);
    len += put_number(at + len, to->epoch);
    len += put_number(at + len, entry->seq);
    len += put_number(at + len, entry->history.entries);
    return len + put_number(at + len, entry->history.age_ms);
}

static size_t put_publish(const struct entry *entry, const struct entry_target *to, char *at)
{
    size_t len =
        put_text(at, to->naming->sharded ? "*3\r\n$8\r\nSPUBLISH\r\n" : "*3\r\n$7\r\nPUBLISH\r\n");

    return len + put_name(at + len, to->naming, REDIS_CHANNEL, entry);
}

void entry_command(const struct entry *entry, const struct entry_target *to,
                   char start[ENTRY_START_MAX], struct entry_command *command)
{
    assert(entry->seq > 0);
    size_t at =
        entry_needs_script(entry) ? put_script(entry, to, start) : put_publish(entry, to, start);
    put_message(entry, to->epoch, start, at, command);
}
