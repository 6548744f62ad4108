/* hub.h - who listens to which stream, and the fan-out of one message to them.
 *
 *   intake --hub_publish()--> hub --deliver()--> view     (data, down)
 *   view --hub_listen()--> hub --interest()--> link       (wishes, up)
 *
 * The hub knows neither sockets, Redis nor JSON: a test drives it with plain calls.
 *
 * Ownership
 *   hub       owns every stream and every place of a listener on one.
 *   listener  is a member of its view, which owns the memory: hub_leave() before that goes.
 *
 * Invariants
 *   I1  a stream is in the hub exactly while it has a listener;
 *   I2  so for any name interest(true) and interest(false) alternate, true first;
 *   I3  the hub does not change during hub_publish().
 */
#ifndef GATEWAY_HUB_H
#define GATEWAY_HUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/list.h"
#include "common/table.h"
#include "gateway/continuity.h"

struct chain_order;
struct hub;
struct listener;
struct message;
struct reading;

struct stream {
    struct table_node node;
    struct list places;   /* its listeners; private to hub.c, never empty (I1) */
    uint64_t serial;      /* no other stream of this hub ever has it; not 0 */
    uint64_t messages;    /* handed to listeners since it came into the hub */
    uint32_t n_listeners; /* views, not clients */
    uint16_t class_id;    /* see stream_class.h */
    bool confirmed;       /* Redis has subscribed us, and what was missed before was read: what is
                           * published goes straight to listeners */
    /* During hub_publish() only, of the message at hand: */
    bool holed;            /* messages before it are known to be missing */
    bool doubtful;         /* the link was lost, and nobody can say whether any are */
    const struct gap *gap; /* the hole before it; NULL: none is known */
    /* Kept by reader.c: */
    struct continuity continuity;
    bool apart; /* something is out of the ordinary: reader.h looks at each message */
    bool subscribed, doubt;
    uint8_t phase;
    struct reading *reading;
    struct chain_order *chain;
    uint16_t name_len;
    char name[]; /* ends with NUL */
};

/* A stream gained its first listener, or lost its last. It cannot fail: while Redis is away the
 * link notes the wish and acts on it later. The name is borrowed. */
typedef void interest_fn(void *ctx, const char *name, size_t len, bool wanted);

/* Which class a new stream belongs to. */
typedef unsigned classify_fn(void *ctx, const char *name, size_t len);

/* Take one message. Must not call back into the hub (I3). */
typedef void deliver_fn(struct listener *l, struct stream *stream, const struct message *m);

/* The stream is confirmed, for the first time, or again after a hole was closed. Must not call back
 * into the hub. It may come from within hub_listen(). */
typedef void confirmed_fn(struct listener *l, struct stream *stream);

/* The stream is about to go: whoever keeps something of it lets go. */
typedef void ended_fn(void *ctx, struct stream *stream);

struct listener {
    deliver_fn *deliver;     /* set once, by listener_init() */
    confirmed_fn *confirmed; /* NULL, unless it is set after listener_init() */
    struct list places;      /* private to hub.c */
    uint32_t n_streams;      /* read freely */
    uint32_t n_clients;      /* the listener's own to keep: how many clients it stands for */
};

struct hub *hub_new(interest_fn *interest, classify_fn *classify, void *ctx); /* NULL: no memory */
void hub_free(struct hub **hub); /* every listener has left; *hub may be NULL */
void hub_on_end(struct hub *hub, ended_fn *ended, void *ctx);

void listener_init(struct listener *l, deliver_fn *deliver);

/* 0; -EEXIST when it already listens; -ENOMEM. On error nothing has changed. The check for
 * -EEXIST walks the listener's streams or the stream's listeners, whichever are fewer. */
int hub_listen(struct hub *hub, struct listener *l, const char *name, size_t len);

/* Leave one stream, if it listens to it. Looks for it as hub_listen() does. */
void hub_unlisten(struct hub *hub, struct listener *l, const char *name, size_t len);

/* Leave every stream. May be called twice. */
void hub_leave(struct hub *hub, struct listener *l);

/* The stream, while somebody listens; otherwise NULL. */
struct stream *hub_find(struct hub *hub, const char *name, size_t len);

/* What is published goes straight to listeners from here on; or it does not any more. */
void hub_confirm(struct hub *hub, struct stream *stream);
void hub_unconfirm(struct hub *hub, struct stream *stream);

/* Of the streams that it listens to the one it has had longest; NULL: there is none. */
const struct stream *hub_first(const struct listener *l);

/* Do all streams of the listener pass the test? */
typedef bool stream_test_fn(const void *ctx, const struct stream *stream);
bool hub_every(const struct listener *l, stream_test_fn *test, const void *ctx);

/* Is every stream of the listener confirmed? Walks them. */
bool hub_confirmed(const struct listener *l);

/* Hand the message to every listener of the stream. */
void hub_publish(struct hub *hub, struct stream *stream, const struct message *m);

size_t hub_streams(const struct hub *hub);

/* How many clients listen to the stream, through any listener: the sum of their n_clients. */
uint64_t hub_stream_clients(const struct stream *stream);

/* Every stream, in no order; pos NULL begins, NULL ends. Nothing may change meanwhile. */
struct stream *hub_next(const struct hub *hub, const struct stream *pos);

#endif
