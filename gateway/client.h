/* client.h - one connection: its dialect, its memberships, its queue, why it ends.
 *
 *   view --client_deliver()--> queue --(ws_edge)--> socket
 *   socket --(ws_edge) client_receive()--> dialect --client_join(), client_reply()--> view, queue
 *
 * It does no I/O: ws_edge.c writes what the queue holds, at the end of the loop's turn. Closing is
 * a state: anyone may client_close(); only ws_edge.c frees, in one place.
 *
 * Invariants
 *   C1  a client with frames queued is on host->dirty, or held back, or waits (enum client_place);
 *   C2  a client that is closing gains no frames and has no memberships;
 *   C3  between turns a queue is within its limits: see slow_reader.h.
 */
#ifndef GATEWAY_CLIENT_H
#define GATEWAY_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/list.h"
#include "gateway/close_reason.h"
#include "gateway/dialects/dialect.h"
#include "gateway/frame.h"
#include "gateway/listen_address.h"
#include "gateway/queue.h"
#include "gateway/rate.h"
#include "gateway/slow_reader.h"
#include "gateway/wheel.h"
#include "gateway/write_delay.h"

struct client;
struct counters;
struct gateway_settings;
struct grants;
struct history;
struct redis_asker;
struct view_type;
struct views;

enum client_state {
    CLIENT_HANDSHAKE, /* a connection that may become a WebSocket, or just an HTTP request */
    CLIENT_OPEN,
    CLIENT_CLOSING, /* marked; the edge ends it at the end of the turn */
};

/* Where a client is, of the lists that can have it. */
enum client_place {
    CLIENT_NOWHERE,
    CLIENT_HELD,  /* write_delay.h: what it is due may wait for more */
    CLIENT_WAITS, /* slow_reader.h: its socket did not take everything */
};

/* What every client of a process shares. One struct, made by gateway.c: client_host_init(). */
struct client_host {
    const struct gateway_settings *settings;
    struct counters *counters;
    struct views *views;
    struct redis_asker *asker; /* for questions to Redis; its answers come in later turns */
    struct history *history;   /* NULL: there are no histories of streams */
    struct wheel *wheel;
    void *shared[SHARED_COUNT];     /* by enum dialect_share: each dialect's own */
    const struct counters *workers; /* of all processes, for limits on all of them together */
    unsigned n_workers;
    uint64_t now_ms;       /* monotonic; moved on once per turn */
    struct client **dirty; /* gained frames or are closing, in the order in which they did */
    size_t n_dirty, dirty_cap;
    bool draining;
    struct slow_readers slow;
    struct write_delays delays;
    uint64_t (*acknowledged)(int fd); /* bytes that the peer has got, in all; NULL: unknown */
};

struct client {
    /* the fan-out touches the first lines only */
    struct client_host *host;
    int fd;
    uint8_t state; /* enum client_state */
    uint8_t place; /* enum client_place */
    bool dirty;
    bool blocked; /* the socket took less than it was given; the edge will say when it can go on */
    struct queue queue;
    const struct dialect *dialect;

    void *dialect_state; /* the dialect's own, from its open() to its closed(); may be NULL */
    struct list memberships;
    struct list in_place;    /* see place */
    uint64_t place_until_ms; /* it is held back until then; or must have taken something by then */
    uint32_t acknowledged;   /* bytes, modulo 2^32, when it was last looked at */
    uint32_t copied;         /* see slow_reader_copied() */
    struct wheel_entry timer;
    char *input; /* a message that came in several pieces; NULL between messages */
    uint32_t input_len;
    uint32_t n_memberships;
    uint32_t window_messages; /* in the second that began at window_ms: see client_rate() */
    uint32_t window_ms;       /* modulo 2^32 */
    uint64_t opened_ms;
    struct grants *grants;           /* what it may subscribe to; NULL: everything */
    uint64_t expires_ms, retires_ms; /* its credentials', its connection's end; 0: none */
    struct rate frames_rate, bytes_rate;
    uint64_t beat_ms;           /* the dialect's next beat() */
    uint64_t heard_ms, ping_ms; /* last sign of life; when to ping if there is none */
    const char *close_text;     /* with close_code */
    uint16_t close_code;        /* instead of the reason's own; 0: the reason's */
    uint8_t close_reason;
    uint8_t profile;
    uint8_t stream_options;  /* of the connection's address: see stream_form.h */
    uint8_t slow_list;       /* slow_reader.c's */
    bool binary : 1;         /* the message in input */
    bool deflate : 1;        /* permessage-deflate was negotiated: it gets the frames' twins */
    bool has_subscribed : 1; /* ever */
    bool overdue : 1;        /* the time to end politely is over */
    bool after_queue : 1;    /* what is queued goes out before the close frame */
};

/* ---- for ws_edge.c -------------------------------------------------------------------------- */

/* What cannot be zero; the other fields have been filled. */
void client_host_init(struct client_host *host);

/* Make room for so many clients on the dirty list; called before client_init(). 0; -ENOMEM. */
int client_host_reserve(struct client_host *host, size_t clients);

/* The memory is the edge's, which keeps it with the connection's own. */
void client_init(struct client *c, struct client_host *host);
void client_fini(struct client *c);

/* The handshake is done: query is the request's ("a=b&c=d"), path without it. */
void client_open(struct client *c, const struct dialect *dialect, enum profile profile,
                 const char *path, const char *query);

/* A piece of a message; first and last say whether it begins and ends one. */
void client_receive(struct client *c, const char *bytes, size_t len, bool first, bool last,
                    bool binary);

/* Any sign of life: a pong, a piece of a message. */
void client_heard(struct client *c);

/* Its times have changed: it may be due earlier than was planned. Nothing while it is not open. */
void client_plan(struct client *c);

/* Everything in its queue goes, counted by the streams' classes. */
void client_drop_queue(struct client *c);

/* The end of the turn is to look at it. */
void client_look_at(struct client *c);

/* The connection is over, whoever ended it: leaves everything. Idempotent. */
void client_gone(struct client *c);

/* ---- for views, dialects and whoever else --------------------------------------------------- */

/* Queue a frame of a view (a reference is taken). Does nothing when the client is closing, or when
 * its dialect's takes() will not have it; that is counted. */
void client_deliver(struct client *c, struct frame *frame);

/* Queue a text message of the client's own, whatever waits. */
void client_reply(struct client *c, const struct span *parts, size_t n_parts);

/* Mark it for closing; the first reason given stays. */
void client_close(struct client *c, enum close_reason reason);

/* The same, and what it was promised before its end (client_close_after_queue()) is void. */
void client_cut(struct client *c, enum close_reason reason);

/* The same with a code and a text of the dialect's own (static, at most 123 bytes). */
void client_close_saying(struct client *c, enum close_reason reason, uint16_t code,
                         const char *text);

/* The same, but a client that reads slowly still gets what is queued, and then the close frame: it
 * has 30 s for that. */
void client_close_after_queue(struct client *c, enum close_reason reason, uint16_t code,
                              const char *text);

/* Leave every view. */
void client_leave_all(struct client *c);

/* Become a member of a view: see views_join(). -ENOSPC over the limit on subscriptions; -EACCES
 * when its credentials do not allow it. */
int client_join(struct client *c, const struct view_type *type, const char *key, size_t key_len,
                const void *request);

/* A membership moves to another view: it joins the one before it leaves the other, so that a stream
 * of both keeps a listener, and no limit is asked. 0; -ENOMEM or what the view's open() said, and
 * then the client is a member of neither. */
int client_change(struct client *c, const struct view_type *from, const char *from_key,
                  size_t from_len, const struct view_type *to, const char *to_key, size_t to_len);

/* 0; -ENOENT when it is no member. */
int client_leave(struct client *c, const struct view_type *type, const char *key, size_t key_len);

/* One more message from the client: marks it for closing when this second already had `limit`
 * (0: no limit), and returns false. */
bool client_rate(struct client *c, uint64_t limit);

/* A message that is no request of this dialect: counted. */
void client_bad_request(struct client *c);

/* When the client must be looked at next; the wheel calls client_tick() then. */
void client_tick(struct client *c);

#endif
