/* injective_message.h - one message of an Injective stream, taken apart once for all views.
 *
 * Many views listen to the same stream: the first that gets a message has it parsed, the others
 * find it done. Everything is borrowed from the message, so it is good during hub_publish() only.
 */
#ifndef GATEWAY_DIALECTS_INJECTIVE_MESSAGE_H
#define GATEWAY_DIALECTS_INJECTIVE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/injective_types.h"
#include "common/json_span.h"
#include "gateway/frame.h"

struct message;
struct stream;

struct injective_event {
    struct span span;
    struct json_value values[INJECTIVE_KEYS_MAX]; /* of the type's keys */
};

/* Zero-initialised is empty. */
struct injective_message {
    const struct stream *stream; /* whose message it is, and which: NULL for none */
    uint64_t number;
    bool good, counted; /* counted: as bad, by the first view */
    uint64_t height;
    struct json_value height_text, time, gas_price; /* as they stand in the message */
    bool missed;                                    /* its publisher knows of blocks it lost */
    struct span events; /* between the brackets; a block's end has none */
    struct json_value list;
    struct injective_event *index; /* made when the first view asks */
    size_t n_events, index_cap;
    bool indexed;
};

void injective_message_fini(struct injective_message *im);

/* To be called whenever a view closes: a stream may go with it, and another take its address. */
void injective_message_forget(struct injective_message *im);

/* type: of the stream's events, NULL for the end of a block. False: it is not what it should be. */
bool injective_message_read(struct injective_message *im, const struct stream *stream,
                            const struct message *m, const struct injective_type *type);

/* Fill index[]. 0; -ENOMEM. */
int injective_message_index(struct injective_message *im, const struct injective_type *type);

#endif
