/* publisher.h - takes events, judges and numbers them, and puts them into the backlog.
 *
 *   sources --publisher_event()--> [name and tag valid? next number] --> backlog --> outbox
 *
 * It knows neither sockets nor Redis: a test drives it with plain calls. What is not valid the
 * caller counts by publisher_bad() and logs, since it knows where it came from.
 *
 * A term is a run of numbers without a repeat. The process begins with term 1; when the table of
 * streams is full, the next one begins. Each gets its epoch from Redis, by way of the outbox.
 */
#ifndef PUBLISHER_PUBLISHER_H
#define PUBLISHER_PUBLISHER_H

#include <stdint.h>

#include "publisher/backlog.h"
#include "publisher/event.h"
#include "publisher/streams.h"

struct publisher {
    struct streams streams;
    struct backlog *backlog; /* borrowed */
    uint32_t term;
    uint64_t events, bad; /* taken; refused as not valid */
};

int publisher_init(struct publisher *p, struct backlog *backlog); /* 0; -ENOMEM */
void publisher_fini(struct publisher *p);

/* 0: it is in the backlog, or counted there as dropped because it can never fit; -EBADMSG with
 * static text in *why: nothing has changed; -ENOMEM: counted as dropped. *why is touched for
 * -EBADMSG alone. now_us: when the event was had, Unix microseconds. */
int publisher_event(struct publisher *p, const struct event *event, uint64_t now_us,
                    const char **why);

/* Begin a new term, whose numbers begin anew: readers then know that what comes is not a repeat of
 * what went before, though its tags may be the same. */
void publisher_new_term(struct publisher *p);

/* Count an event, or a line that holds none, as bad. */
void publisher_bad(struct publisher *p);

/* Streams that had a message; one that was there in two terms counts twice. */
uint64_t publisher_streams(const struct publisher *p);

#endif
