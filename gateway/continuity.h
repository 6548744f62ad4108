/* continuity.h - is a stream's message the next one, a repeat, or does something lie between?
 *
 * Within a publisher's term (epoch) a stream's messages are numbered 1, 2, 3...; a later term has
 * a greater epoch. Nothing is judged before something is known of the stream: a listener that
 * joins late has missed nothing. Messages without a head have no id and are not judged.
 *
 * What is known may be a baseline: the newest id in the stream's history when we began to listen.
 * What comes then may be that very message, still on its way, or one a little older: the first
 * message heard goes on, and all that counts is whether it leaves a hole.
 */
#ifndef GATEWAY_CONTINUITY_H
#define GATEWAY_CONTINUITY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/message.h"

struct continuity {
    uint64_t epoch, seq; /* of the newest message seen; seq 0: none yet */
    bool known;          /* a message was seen or a baseline read; seq may be 0: there was none */
    bool baseline;       /* the id is only a baseline */
};

/* A hole in a stream: what is missing lies after that id. */
struct gap {
    uint64_t epoch, seq;
    uint64_t missed; /* messages; 0: how many is not known */
};

enum continuity_verdict {
    CONTINUITY_NEXT,   /* pass it on */
    CONTINUITY_GAP,    /* messages before it never came */
    CONTINUITY_REPEAT, /* not newer than what was passed on: drop it */
    CONTINUITY_STALE,  /* of an older term, so from a writer that has been replaced: drop it */
};

/* Judge the message; *gap is set for CONTINUITY_GAP only. */
enum continuity_verdict continuity_judge(const struct continuity *c, const struct message *m,
                                         struct gap *gap);

/* Judge a message that follows in the stream's history, which is known to hold all since c: so a
 * new term's first message leaves no hole. */
enum continuity_verdict continuity_judge_next(const struct continuity *c, const struct message *m,
                                              struct gap *gap);

/* The message goes on. */
void continuity_pass(struct continuity *c, const struct message *m);

/* Nothing was heard yet: this is the newest id there is, seq 0: there is none. */
void continuity_begin(struct continuity *c, uint64_t epoch, uint64_t seq);

/* The usual case, and nothing else: it is the next one, and goes on. */
static inline bool continuity_step(struct continuity *c, const struct message *m)
{
    if (!m->has_head)
        return true;
    if (m->epoch != c->epoch || m->seq != c->seq + 1 || c->seq == 0)
        return false;
    c->seq++;
    c->baseline = false;
    return true;
}

/* Is the message's id greater than that one? Not without a head. */
static inline bool continuity_is_newer(const struct message *m, uint64_t epoch, uint64_t seq)
{
    return m->has_head && (m->epoch > epoch || (m->epoch == epoch && m->seq > seq));
}

#endif
