/* fuzz_event_line.c - lines of events, cut out of any bytes in two odd pieces, read and normalised:
 * what comes out is checked JSON under a name, and becomes a command of the length it announces. */
#include <stdlib.h>
#include <string.h>

#include "publisher/entry_command.h"
#include "publisher/event_line.h"
#include "publisher/line_reader.h"
#include "publisher/publisher.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LINE_MAX_BYTES = 4096 };

static void must(bool condition)
{
    if (!condition)
        abort();
}

/* "$<n>\r\n": the number; *at moves behind it. */
static size_t length(char **at)
{
    must(**at == '$');
    size_t n = strtoul(*at + 1, at, 10);
    must(memcmp(*at, "\r\n", 2) == 0);
    *at += 2;
    return n;
}

/* What the lengths announce is there, and nothing else. */
static void must_hold(const char *start, const struct entry_command *command)
{
    char text[ENTRY_START_MAX + 1], *at = text + 1;

    memcpy(text, start, command->start_len);
    text[command->start_len] = '\0';
    must(*text == '*');
    unsigned long words = strtoul(at, &at, 10);
    at += 2;
    while (words-- > 1) {
        at += length(&at);
        must(memcmp(at, "\r\n", 2) == 0);
        at += 2;
    }
    size_t payload = length(&at);
    must(payload == (size_t)(text + command->start_len - at) + command->rest_len - 2);
    must(memcmp(command->rest + command->rest_len - 2, "\r\n", 2) == 0);
}

static const struct redis_naming naming = {.prefix = "p:"};
static const struct entry_target to = {&naming, UINT64_MAX,
                                       "0123456789012345678901234567890123456789"};
static const struct history_rules rules = {.streams = {1000, 600000}, .entities = {50, 600000}};

static void on_event(void *ctx, const struct event *event)
{
    struct publisher *publisher = ctx;
    struct json_value root;
    struct entry_command command;
    char start[ENTRY_START_MAX];
    const char *why = NULL;
    bool again;

    must(json_check(event->data, event->data_len, JSON_STRICT, &root, NULL) == 0);
    if (publisher_event(publisher, event, 1, &why) != 0)
        return;
    struct backlog_queue *queue = &publisher->backlog->loose;
    struct entry *entry = backlog_next(queue);
    entry->seq = UINT64_MAX;
    entry_command(entry, &to, start, &command);
    must_hold(start, &command);
    backlog_sent(queue);
    must(backlog_ack(queue, 0, &again));
}

static void feed(struct line_reader *reader, struct publisher *publisher, const uint8_t *bytes,
                 size_t size)
{
    char why[EVENT_LINE_WHY_MAX];
    struct event_line event_line;
    enum line_result result;
    const char *line;
    size_t cap, len;

    for (char *room; size > 0; bytes += len, size -= len) {
        must((room = line_reader_room(reader, &cap)) != NULL);
        len = size < cap ? size : cap;
        memcpy(room, bytes, len);
        line_reader_filled(reader, len);
        while ((result = line_reader_next(reader, &line, &cap)) != LINE_NONE)
            if (result == LINE && event_line_read(line, cap, &event_line, why) == 0)
                event_line_emit(&event_line, on_event, publisher, why);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct line_reader reader;
    struct backlog backlog;
    struct publisher publisher;

    line_reader_init(&reader, LINE_MAX_BYTES);
    backlog_init(&backlog, 4 * LINE_MAX_BYTES);
    publisher_init(&publisher, &backlog, &rules);
    size_t first = size > 0 ? data[0] % size : 0;
    feed(&reader, &publisher, data, first);
    feed(&reader, &publisher, data + first, size - first);
    feed(&reader, &publisher, (const uint8_t *)"\n", 1);
    line_reader_fini(&reader);
    backlog_fini(&backlog);
    return 0;
}
