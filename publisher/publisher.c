/* publisher.c - see publisher.h. */
#include "publisher/publisher.h"

#include <errno.h>

#include "common/message.h"
#include "common/stream_name.h"
#include "publisher/entry.h"

int publisher_init(struct publisher *p, struct backlog *backlog)
{
    *p = (struct publisher){.backlog = backlog, .term = 1};
    return streams_init(&p->streams);
}

void publisher_fini(struct publisher *p)
{
    streams_fini(&p->streams);
}

void publisher_bad(struct publisher *p)
{
    p->bad++;
}

static int refuse(const char *reason, const char **why)
{
    *why = reason;
    return -EBADMSG;
}

void publisher_new_term(struct publisher *p)
{
    streams_clear(&p->streams);
    p->term++;
}

/* A full table begins a new term with an empty one, in which there is room for certain. */
static int number(struct publisher *p, const struct event *event, uint64_t *seq)
{
    int err = streams_next(&p->streams, event->stream, event->stream_len, seq);

    if (err != -ENOSPC)
        return err;
    publisher_new_term(p);
    return streams_next(&p->streams, event->stream, event->stream_len, seq);
}

int publisher_event(struct publisher *p, const struct event *event, uint64_t now_us,
                    const char **why)
{
    struct entry_id id = {.time_us = now_us};

    if (!stream_name_valid(event->stream, event->stream_len))
        return refuse("stream: no stream may have that name", why);
    if (event->tag && !message_tag_valid(event->tag, event->tag_len))
        return refuse("tag: not 1 to 64 bytes of printable ASCII without space", why);
    p->events++;
    int err = number(p, event, &id.seq);
    if (err) {
        backlog_lose(p->backlog);
        return err;
    }
    id.term = p->term;
    void *room = backlog_add(p->backlog, entry_size(event));
    if (room) /* otherwise it is a hole in the numbers, which readers see */
        entry_write(room, event, &id);
    return 0;
}

uint64_t publisher_streams(const struct publisher *p)
{
    return p->streams.ended + p->streams.table.n;
}
