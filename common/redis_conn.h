/* redis_conn.h - one connection to one Redis server, on libuv, with hiredis' reader and formatter.
 *
 *   redis_conn_open() --> [connect, TLS, AUTH, SELECT] --> up() --> reply()* --> down()
 *                                                          \-> down()
 *
 * It connects once: whoever owns it decides when to open it again (backoff.h) after down().
 * Replies arrive in the order of the commands; matching them is the owner's business, since every
 * owner has its own queue of what it asked. Two modes:
 *
 *   REDIS_REPLIES  reply() gets a hiredis reply object, which is freed after the call;
 *   REDIS_PUBSUB   messages and notices as redis_pubsub.h gives them: nothing is allocated.
 *
 * Not redisAsyncContext: it cannot carry SSUBSCRIBE and allocates eight times per message.
 */
#ifndef COMMON_REDIS_CONN_H
#define COMMON_REDIS_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "common/redis_pubsub.h"
#include "common/redis_url.h"

struct redisReply; /* hiredis */
struct redis_conn;

enum redis_mode { REDIS_REPLIES, REDIS_PUBSUB };

/* Every callback may call redis_conn_close() on its connection, and none may free it. */
struct redis_conn_events {
    void (*up)(void *ctx);                    /* ready for commands */
    void (*down)(void *ctx, const char *why); /* lost, or could not be made; once per open */
    void (*reply)(void *ctx, struct redisReply *reply); /* REDIS_REPLIES; also error replies */
    struct redis_pubsub_events pubsub;                  /* REDIS_PUBSUB: message() and notice() */
    /* The socket takes bytes again: redis_conn_flush() or not. NULL: it is flushed. */
    void (*writable)(void *ctx);
};

enum {
    REDIS_READ_SLICE = 64 * 1024,       /* read per turn of the loop, so that clients are served */
    REDIS_REPLY_MAX = 64 * 1024 * 1024, /* an unfinished reply longer than this: down() */
};

/* All borrowed until redis_conn_free(). NULL: out of memory. */
struct redis_conn *redis_conn_new(uv_loop_t *loop, const struct redis_address *address,
                                  const struct redis_login *login, enum redis_mode mode,
                                  const struct redis_conn_events *events, void *ctx);

/* Begin to connect; up() or down() follows, never from within this call. Only while closed.
 * A connect that takes longer than 5 s is down(). */
void redis_conn_open(struct redis_conn *conn);

/* Drop the connection at once; down() is not called for it. May be called when closed. */
void redis_conn_close(struct redis_conn *conn);

/* Closes, and frees when libuv has let go of it (the loop must run once more). NULL is fine. */
void redis_conn_free(struct redis_conn **conn);

bool redis_conn_is_up(const struct redis_conn *conn);

/* Queue one command; it goes out with the next redis_conn_flush(). 0; -ENOTCONN; -ENOMEM. */
int redis_conn_command(struct redis_conn *conn, int argc, const char *const *argv,
                       const size_t *lens);

/* Queue bytes that are whole commands already (redisFormatCommandArgv). 0; -ENOTCONN; -ENOMEM. */
int redis_conn_write(struct redis_conn *conn, const void *bytes, size_t len);

/* Write what is queued, now as far as the socket takes it and the rest when it can. */
void redis_conn_flush(struct redis_conn *conn);

/* Bytes queued that the socket has not taken yet. */
size_t redis_conn_unsent(const struct redis_conn *conn);

#endif
