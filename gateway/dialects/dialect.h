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
struct gateway_settings;

struct dialect {
    const char *name;
    /* May a handshake for this path and query go on? 0, or an HTTP status with one line in why.
     * NULL: any may. */
    int (*admit)(const struct gateway_settings *s, const char *path, const char *query, char *why,
                 size_t cap);
    /* The handshake is done. NULL: nothing to do. 0; -ENOMEM closes the client. */
    int (*open)(struct client *c, const char *path, const char *query);
    /* One whole message; text is valid UTF-8. */
    void (*message)(struct client *c, const char *text, size_t len, bool binary);
    /* A pong came, asked for or not. May be NULL. */
    void (*pong)(struct client *c);
    /* The gateway is about to close the client in a drain: say so where there are words for it.
     * May be NULL. */
    void (*drain)(struct client *c);
    /* Free dialect_state. May be NULL. */
    void (*closed)(struct client *c);
    /* Age in ms at which connections are closed; NULL: never. */
    uint64_t (*max_age)(const struct gateway_settings *s);
};

extern const struct dialect dialect_exchange;
extern const struct dialect dialect_binance;
/* Not known yet: the first message tells, and hands over to the dialect it belongs to. */
extern const struct dialect dialect_auto;
extern const struct dialect dialect_auto_ws; /* the same on /ws, a path that two dialects share */

/* By the name used in --listen; NULL when there is none. "auto" has none: it is the absence. */
const struct dialect *dialect_by_name(const char *name);

#endif
