/* loadgen_client.h - one WebSocket connection of the load generator.
 *
 *   client_start() --> [connect, handshake, SUBSCRIBE] --> opened() --> text()* --> closed()
 *
 * A client that never reads goes silent after opened(): its socket stays open and fills up. The
 * clients share one pool, which has the buffer that all of them read into.
 */
#ifndef LOADGEN_CLIENT_H
#define LOADGEN_CLIENT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/bench/loadgen_wire.h"

enum client_state {
    CLIENT_IDLE,       /* not started */
    CLIENT_CONNECTING, /* waits for the connection */
    CLIENT_TLS,        /* shakes hands */
    CLIENT_HANDSHAKE,  /* has sent its request */
    CLIENT_OPEN,       /* has subscribed */
    CLIENT_DEAF,       /* has subscribed, and never reads */
    CLIENT_CLOSED,
};

enum {
    CLOSE_ABNORMAL = 1006, /* no close frame came */
    CLOSE_MALFORMED = 1,   /* not a close code: we gave up on what the server sent */
    CLOSE_REFUSED = 2,     /* not a close code: no connection, or no upgrade */
};

struct client {
    int fd;
    struct wire wire;
    uint32_t index;
    enum client_state state;
    bool never_reads;
    uint8_t *in; /* the beginning of a frame; NULL as a rule */
    size_t in_len;
};

/* What the clients ask of their owner and tell it. path() and request() write what to ask for, and
 * the SUBSCRIBE (its length 0: none is sent). answer() writes what to say to a text (0: nothing).
 * text() gets whole text messages and the time of the read that brought them; it returns
 * false when it cannot make sense of one. */
struct client_events {
    size_t (*path)(void *ctx, struct client *c, char *out, size_t cap);
    size_t (*request)(void *ctx, struct client *c, char *out, size_t cap);
    size_t (*answer)(void *ctx, struct client *c, const char *text, size_t len, char *out,
                     size_t cap);
    void (*opened)(void *ctx, struct client *c);
    bool (*text)(void *ctx, struct client *c, const char *text, size_t len, uint64_t now_us);
    void (*closed)(void *ctx, struct client *c, unsigned code);
};

struct client_pool {
    int epoll;
    struct sockaddr_in to;
    SSL_CTX *tls;            /* NULL: plain */
    bool deflate;            /* ask for permessage-deflate, and insist on it */
    const char *host, *path; /* for the request */
    const struct client_events *events;
    void *ctx;
    uint64_t pings, bytes; /* counted over all clients */
    uint64_t deflated;     /* messages that came compressed */
    uint8_t *in;           /* read into; CLIENT_READ_MAX bytes */
};

enum {
    CLIENT_READ_MAX = 256 * 1024,
    CLIENT_FRAME_MAX = CLIENT_READ_MAX, /* a longer one is given up on */
    DEAF_RECEIVE_BUFFER = 4096,         /* SO_RCVBUF of one that never reads */
};

/* Begin to connect. */
void client_start(struct client_pool *pool, struct client *c);

/* epoll has reported these events for it. */
void client_take_event(struct client_pool *pool, struct client *c, uint32_t events);

/* Close the socket without telling the owner; may be called in any state. */
void client_end(struct client *c);

#endif
