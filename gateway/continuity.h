/* continuity.h - is this message of a stream the next one, a repeat, or does something lie between?
 *
 * Within a publisher's term (epoch) a stream's messages are numbered 1, 2, 3...; a later term has
 * a greater epoch. Nothing is judged before the first message seen: a listener that joins late
 * has missed nothing. Messages without a head have no id and are not judged.
 */
#ifndef GATEWAY_CONTINUITY_H
#define GATEWAY_CONTINUITY_H

#include <stdbool.h>
#include <stdint.h>

struct message;

struct continuity {
    uint64_t epoch, seq; /* of the newest message seen; seq 0: none yet */
};

enum continuity_verdict {
    CONTINUITY_NEXT,   /* pass it on */
    CONTINUITY_GAP,    /* pass it on; *missing messages never came (0: unknown, a new term) */
    CONTINUITY_REPEAT, /* not newer than what was passed on: drop it */
    CONTINUITY_STALE,  /* of an older term, so from a writer that has been replaced: drop it */
};

/* Judge the message and remember it. */
enum continuity_verdict continuity_judge(struct continuity *c, const struct message *m,
                                         uint64_t *missing);

#endif
