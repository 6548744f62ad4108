/* reader.h - keeps every stream in step: what was missed is read from its history.
 *
 *   intake --what is not simply the next--> reader --pass()--> hub
 *   link --confirmed, lost----------------> reader --questions--> history.h
 *
 * A stream's phases:
 *
 *   STEP --a jump in its ids----------------------> BEHIND --nothing more to read--> STEP
 *   STEP --link lost--> LOST --subscribed again---> BEHIND
 *
 * While a stream is BEHIND its history is read after the last message passed on, and live messages
 * wait (catchup.h). What no history has is a gap, and counted. The streams of a chain whose views
 * put blocks together wait for each other (chain_order.h), so that such a view hears its blocks in
 * order whatever came how.
 *
 * When Redis has subscribed us to a stream for the first time, the newest id of its history is
 * read: the baseline, against which the first message heard is judged. Live messages need not wait
 * for it: what is published after the subscription goes on.
 *
 * Without a history (setting read-history=off, a foreign publisher's messages without ids, a Redis
 * user who may not read it) a jump is a gap at once, and after a lost link the next message of each
 * stream is marked as doubtful.
 */
#ifndef GATEWAY_READER_H
#define GATEWAY_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/catchup.h"
#include "gateway/chain_order.h"

struct counters;
struct history;
struct hub;
struct stream;

enum {
    READER_CHAINS = 2,
    READER_HELD_BYTES_MAX = 64 << 20, /* of all streams' live messages that wait */
};

/* The message goes on to the stream's listeners. late: it was read from the history. */
typedef void reader_pass_fn(void *ctx, struct stream *stream, const struct message *m, bool late);

struct reader {
    struct hub *hub;
    struct history *history; /* NULL: there are none */
    struct counters *counters;
    reader_pass_fn *pass;
    void *ctx;
    struct catchup_budget budget;
    struct chain_order chains[READER_CHAINS];
};

/* All borrowed. Takes hub_on_end(). */
void reader_init(struct reader *r, struct hub *hub, struct history *history,
                 struct counters *counters, reader_pass_fn *pass, void *ctx);
void reader_fini(struct reader *r); /* before the hub goes, or after its streams have gone */

/* A live message of a stream that is apart, or that is not simply the next. */
void reader_message(struct reader *r, struct stream *stream, const struct message *m);

/* Redis has subscribed us to the stream, for the first time or again. */
void reader_confirmed(struct reader *r, const char *name, size_t len);

/* The link that brings the stream is gone. */
void reader_lost(struct reader *r, const char *name, size_t len);

/* Part of the loop's turn. */
void reader_turn(struct reader *r);

#endif
