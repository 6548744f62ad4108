/* stream_form.c - see stream_form.h. */
#include "gateway/dialects/stream_form.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/message.h"
#include "gateway/frame.h"

enum { ID_MAX = 48 }; /* two numbers, a dash, two quotes, NUL */

unsigned stream_options(const char *query)
{
    static const struct {
        const char *text;
        unsigned option;
    } known[] = {{"ids=1", FORM_IDS}, {"notices=1", FORM_NOTICES}, {"last=1", STREAM_LAST}};
    unsigned options = 0;

    for (const char *at = query; *at; at += strcspn(at, "&")) {
        at += *at == '&';
        size_t len = strcspn(at, "&");
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            if (len == strlen(known[i].text) && strncmp(at, known[i].text, len) == 0)
                options |= known[i].option;
    }
    return options;
}

static const char *read_number(const char *at, const char *end, uint64_t *number)
{
    const char *start = at;

    *number = 0;
    for (; at < end && *at >= '0' && *at <= '9'; at++)
        if (__builtin_mul_overflow(*number, 10u, number) ||
            __builtin_add_overflow(*number, (unsigned)(*at - '0'), number))
            return NULL;
    return at > start ? at : NULL;
}

int stream_id_read(const char *text, size_t len, struct stream_id *id)
{
    const char *end = text + len, *at = read_number(text, end, &id->epoch);

    if (!at || at == end || *at != '-')
        return -EINVAL;
    at = read_number(at + 1, end, &id->seq);
    return at == end ? 0 : -EINVAL;
}

static int read_id_value(struct json_value value, struct stream_id *id)
{
    const char *at;
    size_t len;

    return json_string_plain(value, &at, &len) ? stream_id_read(at, len, id) : -EINVAL;
}

int stream_since_check(struct json_value since)
{
    struct json_iter it = json_iter(since, JSON_STRICT);
    struct stream_id id;

    if (since.kind != JSON_OBJECT && since.kind != JSON_NONE)
        return -EINVAL;
    while (json_next(&it))
        if (read_id_value(it.value, &id) < 0)
            return -EINVAL;
    return 0;
}

const struct stream_id *stream_since(struct json_value since, const char *stream,
                                     struct stream_id *id)
{
    struct json_value value = json_member(since, stream, JSON_STRICT);

    return value.kind != JSON_NONE && read_id_value(value, id) == 0 ? id : NULL;
}

static struct span write_id(char buf[ID_MAX], const struct stream_id *id)
{
    int len = snprintf(buf, ID_MAX, "\"%" PRIu64 "-%" PRIu64 "\"", id->epoch, id->seq);

    return (struct span){buf, (size_t)len};
}

static struct span id_of(char buf[ID_MAX], const struct message *m)
{
    if (!m->has_head)
        return SPAN("null");
    return write_id(buf, &(struct stream_id){m->epoch, m->seq});
}

/* An engine's message is an object with members: intake.c has looked. */
static struct frame *wrapped_with_id(const struct message *m)
{
    char buf[ID_MAX];
    const char *open = memchr(m->data, '{', m->data_len);

    if (!open)
        return NULL;
    const struct span parts[] = {SPAN("{\"id\":"),
                                 id_of(buf, m),
                                 SPAN(","),
                                 {open + 1, m->data_len - (size_t)(open + 1 - m->data)}};
    return frame_new(WS_TEXT, parts, 4);
}

static struct span unwrap(const struct message *m)
{
    struct json_value root, data = {0};

    if (json_check(m->data, m->data_len, JSON_STRICT, &root, NULL) == 0)
        data = json_member(root, "data", JSON_STRICT);
    return (struct span){data.at, data.kind == JSON_NONE ? 0 : data.len};
}

/* A stream's name needs no escapes in JSON: see stream_name.h. */
static struct frame *combined(unsigned form, const char *stream, size_t len,
                              const struct message *m)
{
    char buf[ID_MAX];
    bool ids = form & FORM_IDS;
    const struct span none = {"", 0}, id = ids ? id_of(buf, m) : none;
    const struct span parts[] = {SPAN("{\"stream\":\""),
                                 {stream, len},
                                 ids ? SPAN("\",\"id\":") : SPAN("\""),
                                 id,
                                 SPAN(",\"data\":"),
                                 {m->data, m->data_len},
                                 SPAN("}")};

    return frame_new(WS_TEXT, parts, 7);
}

static struct frame *bare(unsigned form, struct span data, const struct message *m)
{
    char buf[ID_MAX];

    if (!(form & FORM_IDS))
        return frame_new(WS_TEXT, &data, 1);
    const struct span parts[] = {SPAN("{\"id\":"), id_of(buf, m), SPAN(",\"data\":"), data,
                                 SPAN("}")};
    return frame_new(WS_TEXT, parts, 5);
}

struct frame *stream_form_message(unsigned form, const char *stream, size_t len,
                                  const struct message *m)
{
    struct span data = {m->data, m->data_len};

    if (!(form & FORM_WRAPPED))
        return form & FORM_COMBINED ? combined(form, stream, len, m) : bare(form, data, m);
    if (form & FORM_COMBINED)
        return form & FORM_IDS ? wrapped_with_id(m) : frame_new(WS_TEXT, &data, 1);
    data = unwrap(m);
    return data.len > 0 ? bare(form, data, m) : NULL;
}

struct frame *stream_form_gap(const char *stream, size_t len, uint64_t missed,
                              const struct stream_id *after, const struct stream_id *next)
{
    char number[24], after_buf[ID_MAX], next_buf[ID_MAX];
    int number_len = snprintf(number, sizeof number, "%" PRIu64, missed);
    const struct span unknown = SPAN("null");
    const struct span parts[] = {SPAN("{\"stream\":\""),
                                 {stream, len},
                                 SPAN("\",\"notice\":{\"gap\":{\"missed\":"),
                                 missed ? (struct span){number, (size_t)number_len} : unknown,
                                 SPAN(",\"after\":"),
                                 after ? write_id(after_buf, after) : unknown,
                                 SPAN(",\"next\":"),
                                 next ? write_id(next_buf, next) : unknown,
                                 SPAN("}}}")};

    return frame_new(WS_TEXT, parts, 9);
}

struct frame *stream_form_dropped(const char *stream, size_t len, uint32_t n)
{
    char number[16];
    int number_len = snprintf(number, sizeof number, "%" PRIu32, n);
    const struct span parts[] = {SPAN("{\"stream\":\""),
                                 {stream, len},
                                 SPAN("\",\"notice\":{\"dropped\":"),
                                 {number, (size_t)number_len},
                                 SPAN("}}")};

    return frame_new(WS_TEXT, parts, 5);
}
