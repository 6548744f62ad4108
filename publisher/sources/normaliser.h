/* normaliser.h - what an upstream server sent, word for word, becomes events.
 *
 * One file per kind of server, one entry in normalisers[] (event_line.c). A normaliser is given
 * the server's whole message and hands over none, one or several events; the same code serves a
 * recorded message and one that has just come from a live connection.
 */
#ifndef PUBLISHER_SOURCES_NORMALISER_H
#define PUBLISHER_SOURCES_NORMALISER_H

#include "common/json_span.h"
#include "publisher/event.h"

struct normaliser {
    const char *name; /* the value of "source" */
    /* 0, having called emit() for each event (for none where the message is not for readers);
     * -EBADMSG with static text in *why, having called it for none. */
    int (*normalise)(struct json_value message, event_fn *emit, void *ctx, const char **why);
};

/* The event's tag is that id as text, whether it is written as a number or as a string; what cannot
 * be a tag is none. */
void normaliser_take_tag(struct event *event, struct json_value id);

/* The event's own time from a whole number of units since 1970, of which a second has so many (1,
 * or 1,000 and its powers), whether it is written as a number or as a string; what is none leaves
 * it without a time. */
void normaliser_take_time(struct event *event, struct json_value time, int64_t per_second);

extern const struct normaliser drift_normaliser;

extern const struct normaliser exchange_normaliser;
extern const struct normaliser injective_normaliser;
extern const struct normaliser nano_normaliser;
extern const struct normaliser zilliqa_normaliser;

#endif
