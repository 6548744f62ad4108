/* publisher.c - see publisher.h. */
#include "publisher/publisher.h"

#include <errno.h>

#include "common/message.h"
#include "common/stream_name.h"

void publisher_init(struct publisher *p, struct backlog *backlog, const struct history_rules *rules)
{
    *p = (struct publisher){.backlog = backlog, .rules = rules};
    backlog->term = 1;
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
    p->backlog->term++;
}

int publisher_event(struct publisher *p, const struct event *event, uint64_t now_us,
                    const char **why)
{
    struct backlog *backlog = p->backlog;

    if (!stream_name_valid(event->stream, event->stream_len))
        return refuse("stream: no stream may have that name", why);
    if (event->tag && !message_tag_valid(event->tag, event->tag_len))
        return refuse("tag: not 1 to 64 bytes of printable ASCII without space", why);
    p->events++;
    if (!backlog_fits(backlog, event))
        return 0; /* a hole in the numbers, which readers see */
    struct entry *entry =
        entry_new(event, history_rules_of(p->rules, event), backlog->term, now_us);
    if (!entry) {
        backlog_lose(backlog, event, PUBLISHER_DROP_MEMORY);
        return -ENOMEM;
    }
    backlog_add(backlog, p->queue_of ? p->queue_of(p->ctx, event->stream, event->stream_len) : NULL,
                entry);
    return 0;
}
