/* redis_query.h - one question at a time to one server, which is connected to when it is needed.
 *
 * For what is asked now and then: where the masters are. Whoever has many questions has a queue of
 * his own on redis_conn.h.
 */
#ifndef COMMON_REDIS_QUERY_H
#define COMMON_REDIS_QUERY_H

#include <stdbool.h>
#include <uv.h>

#include "common/redis_url.h"

struct redis_query; /* opaque */
struct redisReply;  /* hiredis */

enum {
    REDIS_QUERY_MS = 2000, /* for the connection and the answer together */
    REDIS_QUERY_WORDS_MAX = 4,
};

/* reply is valid during the call, and may be an error reply; NULL: there is none, and why says so.
 * It may not free the query. */
typedef void redis_query_fn(void *ctx, const struct redisReply *reply, const char *why);

/* The address is copied, the login borrowed. NULL: out of memory. */
struct redis_query *redis_query_new(uv_loop_t *loop, const struct redis_address *address,
                                    const struct redis_login *login, redis_query_fn *fn, void *ctx);
void redis_query_free(struct redis_query **query); /* the loop must run once more; NULL is fine */

/* Ask, unless a question is under way. fn is called once for it, never from within this call. The
 * words are borrowed until then; at most REDIS_QUERY_WORDS_MAX. */
void redis_query_ask(struct redis_query *query, int n, const char *const *words);
bool redis_query_asking(const struct redis_query *query);

/* Close the connection, e.g. after the answer when the next question is far away. A question under
 * way is forgotten: fn is not called for it. */
void redis_query_close(struct redis_query *query);

const struct redis_address *redis_query_address(const struct redis_query *query);

#endif
