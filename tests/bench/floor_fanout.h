/* floor_fanout.h - who listens to what, and the batches of one wake-up.
 *
 *   link --fanout_message()--> fanout --send()--> client      once per client and wake-up
 *
 * Clients with the same streams are members of one set and share its batch: every frame of the
 * wake-up, one after the other, ready for the wire. A message is framed once, into the batch of
 * the first set that wants it, and copied from there into those of the others.
 *
 * Streams and sets are never removed: a measurement has few.
 */
#ifndef FLOOR_FANOUT_H
#define FLOOR_FANOUT_H

#include <stddef.h>

struct fanout;

typedef void wanted_fn(void *ctx, const char *stream, size_t len); /* a stream's first listener */
typedef void send_fn(void *ctx, int client, const void *bytes, size_t len);

enum { FANOUT_NO_SET = -1 };

/* Which set a client is in, and where: it is the client's to store, the fan-out's to change. */
struct membership {
    int set; /* FANOUT_NO_SET: none */
    size_t place;
};

struct fanout *fanout_new(wanted_fn *wanted, send_fn *send, void *ctx);
void fanout_free(struct fanout **f);

/* A number for the stream, which is made when it is new. */
unsigned fanout_stream(struct fanout *f, const char *name, size_t len);

/* Move the client to the set of its present streams and these. members is the array of all
 * memberships, indexed by client. */
void fanout_join(struct fanout *f, struct membership *members, int client, const unsigned *streams,
                 size_t n);
void fanout_leave(struct fanout *f, struct membership *members, int client);

/* A message for a stream (unknown ones are ignored): into the batches. */
void fanout_message(struct fanout *f, const char *stream, size_t stream_len, const char *data,
                    size_t len);

/* The end of the wake-up: send every batch to every member. send() must not change the sets. */
void fanout_flush(struct fanout *f);

#endif
