/* ws_connection.h - one connection at the edge: what ws_edge.c and ws_http.c share, and nobody
 * else.
 *
 *   ws_edge.c       its life, the frames of an open WebSocket, the context
 *   ws_http.c       what comes before: plain HTTP answers and the handshake
 *   ws_admission.c  who may come in: limits, proxies, origins
 *   ws_tls.c        TLS
 *   ws_deflate.c    permessage-deflate: its part of the handshake, compressed messages that come in
 *
 * These are the files that know libwebsockets.
 */
#ifndef GATEWAY_WS_CONNECTION_H
#define GATEWAY_WS_CONNECTION_H

#include <libwebsockets.h>
#include <openssl/ssl.h>
#include <stdbool.h>

#include "common/list.h"
#include "gateway/client.h"
#include "gateway/credentials.h"
#include "gateway/http.h"
#include "gateway/identity.h"
#include "gateway/limits.h"
#include "gateway/outlet.h"
#include "gateway/published.h"
#include "gateway/route.h"

enum { WS_HEADERS_MAX = 32 * 1024 /* of one handshake; 1,024 stream names fit */ };

/* What a connection needs only until it is a WebSocket, if it ever becomes one. */
struct entrance {
    struct connection *conn;
    struct address peer;     /* the other end, or whom it spoke for in the PROXY protocol */
    struct upgrade *upgrade; /* between the decision to upgrade and its end */
    struct http_answer *answer;
    struct published_waiter waiter; /* for what /streams is to tell */
    bool streams_due;               /* and now it is there */
};

/* One connection from accept() to the end; the client is its part that the rest of the gateway
 * knows. */
struct connection {
    struct list in_open;       /* edge->open */
    struct party *key_party;   /* whom its key counts for; NULL: a key without a limit, or none */
    struct party *party;       /* whom it counts for; NULL: a proxy, before it has said */
    struct entrance *entrance; /* NULL once it is a WebSocket */
    struct inflater *inflater; /* NULL until a compressed message comes */
    /* every write touches what follows, and the client's first lines */
    struct ws_edge *edge;
    struct lws *wsi; /* NULL once libwebsockets has let go of it */
    const struct listen_address *listener;
    bool resets;    /* the client promised client_no_context_takeover */
    bool deflated;  /* the message that is coming in is compressed, */
    bool begun;     /* and some of it has been passed on */
    bool in_frame;  /* more of the frame is to come */
    bool ended;     /* nothing may be written any more */
    bool finishing; /* marked for closing, but what is queued goes out first */
    struct client client;
};

struct upgrade {
    struct route route;
    char *path, *query; /* in the same memory */
    struct identity identity;
    unsigned offers;      /* of permessage-deflate that libwebsockets has come to */
    bool deflate, resets; /* what was agreed: see struct connection */
};

struct ws_edge {
    struct client_host *host;
    const struct http_sources *http;
    struct lws_context *context;
    struct lws_vhost *vhost;
    struct outlet outlet;
    struct security_settings *security;
    struct limits *limits;
    SSL_CTX *tls_context; /* libwebsockets'; NULL where nothing speaks TLS */
    struct list open;     /* WebSockets, oldest first, that no drain has come to */
    size_t n;
    /* the second is the subprotocol of the handshake at hand, whatever it is called */
    struct lws_protocols protocols[3];
    char protocol[SUBPROTOCOL_MAX + 1];
    char *headers; /* WS_HEADERS_MAX + 1: for the handshake at hand */
};

/* Callbacks of libwebsockets; what they return is its own: -1 closes, 1 is "answered". */
int ws_http_request(struct connection *conn, const char *path);
int ws_http_writable(struct connection *conn);
int ws_http_upgrade(struct connection *conn, const char *to);
int ws_http_established(struct connection *conn);

/* The header's value, "" without one; valid until the next call for any connection. */
const char *ws_http_header(struct connection *conn, enum lws_token_indexes token);

/* The query, decoded; valid as long. */
const char *ws_http_query(struct connection *conn);

/* A connection was made: false when it must be cut at once, which is counted. */
bool ws_admission_accept(struct connection *conn);

/* It asks to be upgraded: REFUSAL_none, or why it may not. On success identity->grants are the
 * caller's. */
enum refusal ws_admission_handshake(struct connection *conn, struct identity *identity);
void ws_admission_forget(struct connection *conn);

/* The way out of outlet.h for a connection (ctx) over TLS. */
ssize_t ws_tls_send(void *ctx, const char *bytes, size_t len);

/* libwebsockets has made a context: fill it, as set now. ws_tls_use(): the settings have changed.
 * 0; -EIO. */
int ws_tls_context(struct ws_edge *edge, SSL_CTX *context);
int ws_tls_use(struct ws_edge *edge);

/* Make and free what a connection holds before it is a WebSocket. 0; -ENOMEM. */
int ws_http_begin(struct connection *conn, const struct address *peer);
void ws_http_forget(struct connection *conn);

/* LWS_CALLBACK_CONFIRM_EXTENSION_OKAY: name is a buffer of libwebsockets' (64 bytes), and
 * what is in it afterwards goes into the answer. 0: agreed; 1: declined. */
int ws_deflate_confirm(struct connection *conn, char *name);
void ws_deflate_established(struct connection *conn, const struct upgrade *up);

/* A piece of a data frame, on any connection: passes it to the client, unpacked if need be. */
void ws_deflate_receive(struct connection *conn, const char *bytes, size_t len);
void ws_deflate_forget(struct connection *conn);

extern const struct lws_extension ws_deflate_extensions[];

#endif
