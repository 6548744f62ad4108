/* continuity.c - see continuity.h. */
#include "gateway/continuity.h"

static enum continuity_verdict hole(const struct continuity *c, uint64_t missed, struct gap *gap)
{
    *gap = (struct gap){.epoch = c->epoch, .seq = c->seq, .missed = missed};
    return CONTINUITY_GAP;
}

enum continuity_verdict continuity_judge(const struct continuity *c, const struct message *m,
                                         struct gap *gap)
{
    if (!m->has_head || c->seq == 0)
        return CONTINUITY_NEXT;
    if (m->epoch < c->epoch)
        return CONTINUITY_STALE;
    if (m->epoch > c->epoch) /* how the old term ended for this stream is not known */
        return hole(c, 0, gap);
    if (m->seq <= c->seq)
        return c->baseline ? CONTINUITY_NEXT : CONTINUITY_REPEAT;
    return m->seq == c->seq + 1 ? CONTINUITY_NEXT : hole(c, m->seq - c->seq - 1, gap);
}

enum continuity_verdict continuity_judge_next(const struct continuity *c, const struct message *m,
                                              struct gap *gap)
{
    if (!m->has_head || c->seq == 0 || m->epoch <= c->epoch)
        return continuity_judge(c, m, gap);
    return m->seq == 1 ? CONTINUITY_NEXT : hole(c, m->seq - 1, gap);
}

void continuity_pass(struct continuity *c, const struct message *m)
{
    if (m->has_head)
        *c = (struct continuity){.epoch = m->epoch, .seq = m->seq, .known = true};
}

void continuity_begin(struct continuity *c, uint64_t epoch, uint64_t seq)
{
    if (!c->known)
        *c = (struct continuity){.epoch = epoch, .seq = seq, .known = true, .baseline = seq != 0};
}
