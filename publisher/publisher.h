/* publisher.h - takes events, judges them, and puts them into the backlog.
 *
 *   sources --publisher_event()--> [name and tag valid? how much history?] --> backlog --> outbox
 *
 * It knows neither sockets nor Redis: a test drives it with plain calls. What is not valid the
 * caller counts by publisher_bad() and logs, since it knows where it came from.
 *
 * A term is a run of numbers without a repeat. The process begins with term 1. Each gets its epoch
 * from Redis, and events their numbers, when they are sent: outbox.h.
 */
#ifndef PUBLISHER_PUBLISHER_H
#define PUBLISHER_PUBLISHER_H

#include <stdint.h>

#include "publisher/backlog.h"
#include "publisher/event.h"

struct publisher {
    struct backlog *backlog;           /* borrowed */
    const struct history_rules *rules; /* borrowed */
    uint64_t events, bad;              /* taken; refused as not valid */
    /* The queue for events of a stream; NULL: not known yet. Set once; NULL: none ever is. */
    struct backlog_queue *(*queue_of)(void *ctx, const char *stream, size_t len);
    void *ctx;
};

/* All is borrowed. */
void publisher_init(struct publisher *p, struct backlog *backlog,
                    const struct history_rules *rules);

/* 0: it is in the backlog, or counted there as dropped because it does not fit; -EBADMSG with
 * static text in *why: nothing has changed; -ENOMEM: counted as dropped. *why is touched for
 * -EBADMSG alone. now_us: when the event was had, Unix microseconds. */
int publisher_event(struct publisher *p, const struct event *event, uint64_t now_us,
                    const char **why);

/* Begin a new term, whose numbers begin anew: readers then know that what comes is not a repeat of
 * what went before, though its tags may be the same. */
void publisher_new_term(struct publisher *p);

/* Count an event, or a line that holds none, as bad. */
void publisher_bad(struct publisher *p);

#endif
