/* catchup.c - see catchup.h. */
#include "gateway/catchup.h"

#include <stdlib.h>

#include "gateway/held.h"
#include "gateway/history.h"

struct catchup {
    struct history *history;
    struct history_question question;
    const char *stream;
    size_t len;
    struct continuity *at;
    struct catchup_budget *budget;
    const struct catchup_events *events;
    void *ctx;
    struct held_queue held;
    unsigned count; /* entries of a page */
    bool begun;     /* the first page is there */
    bool whole;     /* the history holds everything since we began */
    bool again;     /* live messages were dropped or missed since the question was asked */
};

/* ---- what waits ----------------------------------------------------------------------------- */

static void account(struct catchup *c, size_t before)
{
    if (c->budget)
        c->budget->held += c->held.bytes - before;
}

static bool is_full(const struct catchup *c)
{
    return c->held.n > CATCHUP_HELD_MAX || c->held.bytes > CATCHUP_HELD_BYTES_MAX ||
           (c->budget && c->budget->held > c->budget->max);
}

void catchup_hold(struct catchup *c, const struct message *m)
{
    size_t before = c->held.bytes;
    bool kept = held_push(&c->held, m) != NULL;

    account(c, before);
    if (kept && !is_full(c))
        return;
    before = c->held.bytes;
    held_clear(&c->held);
    account(c, before);
    c->again = true;
}

void catchup_again(struct catchup *c)
{
    c->again = true;
}

/* ---- in order ------------------------------------------------------------------------------- */

static void pass(struct catchup *c, const struct message *m, bool late)
{
    struct gap gap;
    enum continuity_verdict verdict =
        late && c->whole ? continuity_judge_next(c->at, m, &gap) : continuity_judge(c->at, m, &gap);

    if (verdict != CONTINUITY_NEXT && verdict != CONTINUITY_GAP)
        return; /* both ways brought it */
    continuity_pass(c->at, m);
    c->events->pass(c->ctx, m, verdict == CONTINUITY_GAP ? &gap : NULL, late);
}

/* Pass on what waits and is older than that entry of the history; NULL: all. */
static void pass_held(struct catchup *c, const struct history_entry *before)
{
    struct held *held;

    while ((held = held_first(&c->held))) {
        if (before && held->m.has_head &&
            (held->m.epoch > before->epoch ||
             (held->m.epoch == before->epoch && held->m.seq >= before->seq)))
            return;
        size_t bytes = c->held.bytes;
        pass(c, &held->m, false);
        held_pop(&c->held);
        account(c, bytes);
    }
}

/* ---- pages ---------------------------------------------------------------------------------- */

static void ask(struct catchup *c)
{
    c->again = false;
    history_read(c->history, &c->question, c->stream, c->len, c->at->epoch, c->at->seq, c->count);
}

/* Does the page show that the history reaches back to where the reader stands? */
static bool reaches_back(const struct continuity *at, const struct history_page *page)
{
    const struct history_entry *first = page->entries;

    if (at->seq == 0)
        return true;
    return page->n > 0 && first->epoch == at->epoch &&
           (first->seq == at->seq || first->seq == at->seq + 1);
}

static void begin(struct catchup *c, const struct history_page *page)
{
    c->begun = true;
    c->whole = !page->refused && reaches_back(c->at, page);
    if (!c->whole && c->events->unproven)
        c->events->unproven(c->ctx);
}

static void size_next_page(struct catchup *c, size_t bytes, size_t n)
{
    size_t fits = bytes ? CATCHUP_PAGE_BYTES / (bytes / n + 1) : 2;

    c->count = fits < 2 ? 2 : fits > HISTORY_PAGE_MAX ? HISTORY_PAGE_MAX : (unsigned)fits;
}

/* The entry where the reader stands was passed on before; a baseline was none of the reader's. */
static bool is_old(const struct continuity *at, const struct history_entry *e)
{
    return e->epoch < at->epoch || (e->epoch == at->epoch && e->seq <= at->seq);
}

static void pass_page(struct catchup *c, const struct history_page *page)
{
    size_t bytes = 0;

    for (size_t i = 0; i < page->n; i++) {
        const struct history_entry *e = &page->entries[i];
        struct message m;
        bytes += e->len;
        if (is_old(c->at, e) || message_read(e->bytes, e->len, &m) < 0)
            continue; /* what cannot be read shows as a hole */
        pass_held(c, e);
        pass(c, &m, true);
    }
    if (page->n > 0)
        size_next_page(c, bytes, page->n);
}

static void on_page(void *ctx, const struct history_page *page)
{
    struct catchup *c = ctx;
    uint64_t epoch = c->at->epoch, seq = c->at->seq;

    if (!c->begun)
        begin(c, page);
    pass_page(c, page);
    bool moved = epoch != c->at->epoch || seq != c->at->seq;
    if ((page->more && moved) || (c->again && !page->refused)) {
        ask(c);
        return;
    }
    pass_held(c, NULL);
    c->events->done(c->ctx);
}

static bool is_ready(void *ctx)
{
    const struct catchup *c = ctx;

    return c->events->ready(c->ctx);
}

/* ---- life ----------------------------------------------------------------------------------- */

struct catchup *catchup_new(struct history *history, const char *stream, size_t len,
                            struct continuity *at, struct catchup_budget *budget,
                            const struct catchup_events *events, void *ctx)
{
    struct catchup *c = malloc(sizeof *c);

    if (!c)
        return NULL;
    *c = (struct catchup){.history = history,
                          .stream = stream,
                          .len = len,
                          .at = at,
                          .budget = budget,
                          .events = events,
                          .ctx = ctx,
                          .count = CATCHUP_PAGE_FIRST};
    c->question.fn = on_page;
    c->question.ctx = c;
    c->question.ready = events->ready ? is_ready : NULL;
    held_init(&c->held);
    ask(c);
    return c;
}

void catchup_free(struct catchup **cp)
{
    struct catchup *c = *cp;

    *cp = NULL;
    if (!c)
        return;
    history_cancel(&c->question);
    size_t before = c->held.bytes;
    held_clear(&c->held);
    account(c, before);
    free(c);
}
