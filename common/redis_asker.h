/* redis_asker.h - questions to Redis: one command connection, answers matched to who asked.
 *
 * Beside the link, which only hears. It connects by itself and again after a loss, with backoff.
 * Nothing is asked twice: a question whose answer was lost is told so, and whoever asked decides.
 */
#ifndef COMMON_REDIS_ASKER_H
#define COMMON_REDIS_ASKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "common/redis_url.h"

struct redis_asker;
struct redisReply; /* hiredis */

enum { ASKER_QUESTIONS_MAX = 65536 }; /* unanswered; beyond it asking fails with -EAGAIN */

/* The answer, valid during the call (an error reply is an answer); NULL: it was lost. Called
 * exactly once per question, never from within redis_asker_ask(). */
typedef void redis_answer_fn(void *ctx, const struct redisReply *answer);

/* The url is borrowed. NULL: out of memory. */
struct redis_asker *redis_asker_new(uv_loop_t *loop, const struct redis_url *url);
void redis_asker_start(struct redis_asker *a);
void redis_asker_free(struct redis_asker **a); /* answers are lost first; NULL is fine */

/* Goes out at the end of the turn. slot: where the key lies (redis_name.h); REDIS_NO_SLOT: any node
 * may answer. fn may be NULL: whatever the answer. 0; -ENOTCONN; -EAGAIN; -ENOMEM: nothing was
 * asked, and fn is not called. lens may be NULL when all are strings. */
int redis_asker_ask(struct redis_asker *a, int slot, int argc, const char *const *argv,
                    const size_t *lens, redis_answer_fn *fn, void *ctx);

/* Part of the loop's turn: send what was asked; connect again when it is time. */
void redis_asker_turn(struct redis_asker *a, uint64_t now_ms);

/* It is not to be trusted any more: connect anew. */
void redis_asker_drop(struct redis_asker *a);

bool redis_asker_is_up(const struct redis_asker *a);

#endif
