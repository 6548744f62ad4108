/* redis_asker.h - questions to Redis: a command connection to every master, answers matched to who
 * asked.
 *
 * Beside what only hears or only publishes. It follows the topology, connects by itself, and again
 * after a loss with backoff. A question goes to the owner of its slot; one that Redis answers with
 * MOVED or ASK is asked once more where it points to, if that is a master we are connected to.
 * Otherwise nothing is asked twice: a question whose answer was lost is told so, and whoever asked
 * decides.
 */
#ifndef COMMON_REDIS_ASKER_H
#define COMMON_REDIS_ASKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "common/redis_url.h"

struct redis_asker;
struct redis_topology;
struct redisReply; /* hiredis */

enum { ASKER_QUESTIONS_MAX = 65536 }; /* unanswered; beyond it asking fails with -EAGAIN */

/* The answer, valid during the call (an error reply is an answer); NULL: it was lost. Called
 * exactly once per question, never from within redis_asker_ask(). */
typedef void redis_answer_fn(void *ctx, const struct redisReply *answer);

/* Both are borrowed, and so is the topology. NULL: out of memory. */
struct redis_asker *redis_asker_new(uv_loop_t *loop, const struct redis_url *url,
                                    struct redis_topology *topology);
void redis_asker_free(struct redis_asker **a); /* answers are lost first; NULL is fine */

/* Goes out at the end of the turn. slot: where the key lies (redis_slot() of it), which does not
 * matter with one Redis; REDIS_NO_SLOT: any master may answer. fn may be NULL: whatever the answer.
 * 0; -ENOTCONN; -EAGAIN; -ENOMEM: nothing was asked, and fn is not called. lens may be NULL when
 * all are strings. */
int redis_asker_ask(struct redis_asker *a, int slot, int argc, const char *const *argv,
                    const size_t *lens, redis_answer_fn *fn, void *ctx);

/* The same of one server, and of no other: MOVED is an answer like any. */
int redis_asker_ask_node(struct redis_asker *a, const struct redis_address *node, int argc,
                         const char *const *argv, redis_answer_fn *fn, void *ctx);

/* No question with this ctx is answered any more: it is going to be freed. Walks all questions. */
void redis_asker_forget(struct redis_asker *a, const void *ctx);

/* Part of the loop's turn: follow the masters, send what was asked, connect when it is time. */
void redis_asker_turn(struct redis_asker *a, uint64_t now_ms);

/* That server, or (NULL) any of them, is not to be trusted any more: connect anew. */
void redis_asker_drop(struct redis_asker *a, const struct redis_address *node);

/* Is that server connected to, or (NULL) any? */
bool redis_asker_is_up(const struct redis_asker *a, const struct redis_address *node);

#endif
