/* publish.h - the publisher of the measurements: its Redis connection, and what it publishes.
 *
 *   tick() --publish_message()*--> one write to Redis
 */
#ifndef PUBLISH_H
#define PUBLISH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/bench/bench_accounts.h"

struct publisher;

/* Messages of one dialect. tick(p, 0) is a warm-up: whatever makes each client get something;
 * tick(p, n) the n-th of the measurement. */
struct publish_kind {
    const char *name;
    void (*tick)(struct publisher *p, uint64_t n);
    bool http; /* it speaks HTTP, and to another port than Redis' */
};

extern const struct publish_kind publish_exchange;  /* every stream, or one in turn */
extern const struct publish_kind publish_nano;      /* one confirmation */
extern const struct publish_kind publish_injective; /* one block */

/* The same as publish_exchange's for servers that are not ours: a POST to nchan, and what
 * @socket.io/redis-adapter expects. */
extern const struct publish_kind publish_nchan, publish_socketio;

struct publisher {
    uint64_t redis, streams, rate, count, size, warmup_ms;
    const char *prefix, *kind_name, *accounts_path;
    bool flood, warmup, no_head, wait, turns, strangers;

    const struct publish_kind *kind;
    struct bench_accounts accounts; /* of nano */
    uint64_t height;                /* of injective: the last block's */
    int fd;
    uint64_t epoch;
    uint64_t *seqs; /* per stream, for the head: the kind's own numbering */
    char *out;      /* commands of one write */
    size_t len, cap;
    uint64_t sent, answered,
        receivers;   /* PUBLISH commands or requests, replies, and the sum of these */
    uint64_t number; /* the reply that is being read */
    size_t matched;  /* of an HTTP answer's beginning */
};

enum {
    PUBLISH_SIZE_MAX = 1 << 20, /* of one message */
    PUBLISH_STREAMS_MAX = 20000,
    PUBLISH_EXTRA_STREAMS = 8, /* more places in seqs[] */
};

/* Add one message to the next write. seq: its place in seqs[]; tag: NULL for none. */
void publish_message(struct publisher *p, const char *stream, uint64_t seq, const char *tag,
                     const char *data, size_t len);

/* Make room for len more bytes in the next write, to be filled in and counted (p->len) at once. */
char *publish_room(struct publisher *p, size_t len);

/* One command or request is complete. */
void publish_sent(struct publisher *p);

/* A JSON object of exactly p->size bytes, unless its numbers alone take more:
 * {"n":..,"t":..,"p":..} in out, which has PUBLISH_SIZE_MAX + 100 bytes. Returns its length. */
size_t publish_payload(const struct publisher *p, char *out, uint64_t n);

/* The event'th of a measurement, from 1 on, falls on one of `of`: which? All get their turn before
 * one gets the next; neighbours in memory do not follow each other. *round: 1, 2, 3... */
uint64_t publish_turn(uint64_t event, uint64_t of, uint64_t *round);

#endif
