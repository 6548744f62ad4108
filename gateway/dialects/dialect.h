/* dialect.h - what a WebSocket dialect is: how one kind of server speaks with its clients.
 *
 * A dialect compiles a client's requests into views (client_join()) and answers it
 * (client_reply()); it does no I/O and never touches another client. One file per dialect.
 */
#ifndef GATEWAY_DIALECTS_DIALECT_H
#define GATEWAY_DIALECTS_DIALECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct client;
struct client_host;
struct frame;
struct gateway_settings;
struct left_out;

#define DIALECT_NEVER ((uint64_t)1 << 62) /* may be added to a time without overflow */

/* Dialects that share something between their clients: a place each in client_host.shared. */
enum dialect_share {
    SHARED_NONE,
    SHARED_NANO,
    SHARED_ZILLIQA,
    SHARED_INJECTIVE,
    SHARED_DRIFT,
    SHARED_STREAMS,
    SHARED_COUNT,
};

struct dialect {
    const char *name;
    /* Make and free what all clients of the dialect share in this process, in
     * host->shared[share]. 0 or -errno (logged by start() itself). NULL: nothing. */
    enum dialect_share share;
    int (*start)(struct client_host *host);
    void (*stop)(struct client_host *host);
    /* Called about ten times a second, for what is refreshed now and then. May be NULL. */
    void (*tick)(struct client_host *host);
    /* May a handshake for this path and query go on? 0, or an HTTP status with one line in why.
     * NULL: any may. */
    int (*admit)(const struct gateway_settings *s, const char *path, const char *query, char *why,
                 size_t cap);
    /* The handshake is done. NULL: nothing to do. 0; -ENOMEM closes the client. */
    int (*open)(struct client *c, const char *path, const char *query);
    /* One whole message; text is valid UTF-8. */
    void (*message)(struct client *c, const char *text, size_t len, bool binary);
    /* A piece of a message has come, and is not its end. May be NULL. */
    void (*part)(struct client *c);
    /* The socket did not take all that was queued, for the first time (begins) or still. May be
     * NULL. */
    void (*waits)(struct client *c, bool begins);
    /* A pong came, asked for or not. May be NULL. */
    void (*pong)(struct client *c);
    /* The gateway is about to close the client in a drain: say so where there are words for it.
     * May be NULL. */
    void (*drain)(struct client *c);
    /* Free dialect_state. May be NULL. */
    void (*closed)(struct client *c);
    /* Does the client take one more frame of a view now? false: it is left out, and counted. NULL:
     * always; the limits of the queue decide. */
    bool (*takes)(struct client *c);
    /* By their policies messages are left out for a client that reads slowly: tell it, in the
     * protocol's words (trim.h). NULL: there are none. */
    void (*dropped)(struct client *c, struct left_out *left);
    /* Called every beat_interval_ms while it is open, first one interval after the handshake: the
     * protocol's own heartbeat. NULL: none. */
    void (*beat)(struct client *c);
    uint32_t beat_interval_ms;
    /* WebSocket pings to a client silent for ping_ms, and how long it may be silent at all. 0: as
     * set; DIALECT_NEVER: no pings, no end (TCP keep-alive still finds the dead). */
    uint64_t ping_ms, pong_ms;
    bool cuts_dead;     /* who is silent for too long is cut without a close frame */
    bool deflate;       /* permessage-deflate is negotiated, as its servers do */
    size_t max_message; /* bytes; 0: as set */
    /* The same where a setting of the dialect's own decides; NULL: max_message. */
    size_t (*message_max)(const struct gateway_settings *s);
    /* Bytes that the headers of a handshake may have; NULL: what the gateway takes at all. */
    size_t (*header_max)(const struct gateway_settings *s);
    /* On a listener of its own and in the node profile the only path served, as by the server;
     * NULL: any. */
    const char *node_path;
    const char *node_alias; /* a second such path; may be NULL */
    int node_status;        /* the answer to other paths; 0: 404 */
    /* What may wait for one client, instead of the settings queue-bytes and queue-messages, where
     * takes() keeps the queue short in the protocol's own way. 0: as set. */
    uint64_t queue_bytes, queue_messages;
    /* Age in ms at which connections are closed; NULL: never. */
    uint64_t (*max_age)(const struct gateway_settings *s);
};

extern const struct dialect dialect_exchange;
extern const struct dialect dialect_binance;
extern const struct dialect dialect_injective;
extern const struct dialect dialect_drift;
extern const struct dialect dialect_nano;
extern const struct dialect dialect_zilliqa;
/* Not known yet: the first message tells, and hands over to the dialect it belongs to. */
extern const struct dialect dialect_auto;
extern const struct dialect dialect_auto_ws; /* the same on /ws, a path that two dialects share */

/* Every dialect there is, NULL-terminated. */
extern const struct dialect *const dialects[];

/* start() of all dialects, 0 or -errno; stop() of all, also of those that did not start. */
int dialects_start(struct client_host *host);
void dialects_stop(struct client_host *host);
void dialects_tick(struct client_host *host);

/* By the name used in --listen; NULL when there is none. "auto" has none: it is the absence. */
const struct dialect *dialect_by_name(const char *name);

#endif
