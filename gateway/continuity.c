/* continuity.c - see continuity.h. */
#include "gateway/continuity.h"

#include "common/message.h"

enum continuity_verdict continuity_judge(struct continuity *c, const struct message *m,
                                         uint64_t *missing)
{
    enum continuity_verdict verdict = CONTINUITY_NEXT;

    *missing = 0;
    if (!m->has_head)
        return CONTINUITY_NEXT;
    if (m->epoch < c->epoch)
        return CONTINUITY_STALE;
    if (m->epoch == c->epoch) {
        if (m->seq <= c->seq)
            return CONTINUITY_REPEAT;
        if (m->seq > c->seq + 1) {
            *missing = m->seq - c->seq - 1;
            verdict = CONTINUITY_GAP;
        }
    } else if (c->seq != 0) {
        verdict = CONTINUITY_GAP; /* how the old term ended for this stream is not known */
    }
    c->epoch = m->epoch;
    c->seq = m->seq;
    return verdict;
}
