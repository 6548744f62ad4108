/* reader.c - see reader.h for the picture and the phases. */
#include "gateway/reader.h"

#include <stdlib.h>

#include "gateway/counters.h"
#include "gateway/history.h"
#include "gateway/hub.h"

enum phase {
    PHASE_STEP,
    PHASE_LOST,   /* its link is gone, or Redis has not subscribed us again yet */
    PHASE_BEHIND, /* its history is being read */
    PHASE_CAUGHT, /* nothing more to read; it waits for its chain's other streams */
    PHASE_NEW,    /* subscribed for the first time while its chain is not in step */
};

/* A question about the stream is under way. */
struct reading {
    struct reader *reader;
    struct stream *stream;
    struct catchup *catchup;          /* while BEHIND */
    bool lost;                        /* its link was, and so messages may be */
    bool unproven;                    /* the history does not reach back to what was passed on */
    struct history_question baseline; /* otherwise */
};

static struct class_counters *counts(const struct reader *r, const struct stream *stream)
{
    return &r->counters->of_class[stream->class_id];
}

static void set_apart(struct stream *stream)
{
    stream->apart =
        stream->phase != PHASE_STEP || stream->doubt || (stream->chain && stream->chain->holding);
}

/* ---- on to the listeners -------------------------------------------------------------------- */

static void publish(void *ctx, struct stream *stream, const struct message *m,
                    const struct gap *gap, bool late)
{
    struct reader *r = ctx;

    if (gap) {
        counts(r, stream)->gaps++;
        counts(r, stream)->gap_messages += gap->missed;
    }
    /* A new term's first has nothing before it: whoever leads now sends again what was at hand. */
    stream->holed = gap && m->seq > 1;
    stream->gap = gap;
    stream->doubtful = stream->doubt;
    r->pass(r->ctx, stream, m, late);
    stream->holed = stream->doubtful = false;
    stream->gap = NULL;
    if (stream->doubt) {
        stream->doubt = false;
        set_apart(stream);
    }
}

/* ---- chains --------------------------------------------------------------------------------- */

static struct stream *next_of(const struct reader *r, const struct chain_order *chain,
                              struct stream *pos)
{
    while ((pos = hub_next(r->hub, pos)))
        if (pos->chain == chain)
            return pos;
    return NULL;
}

static void hold_chain(struct reader *r, struct chain_order *chain)
{
    chain->behind++;
    if (chain->holding)
        return;
    chain->holding = true;
    for (struct stream *s = NULL; (s = next_of(r, chain, s));)
        s->apart = true;
}

static void confirm(struct reader *r, struct stream *stream)
{
    stream->phase = PHASE_STEP;
    hub_confirm(r->hub, stream);
    set_apart(stream);
}

static void publish_ordered(void *ctx, struct stream *stream, const struct message *m,
                            const struct gap *gap, bool late)
{
    if (stream->chain->doubtful && chain_order_is_end(stream->chain, stream))
        stream->doubt = true;
    publish(ctx, stream, m, gap, late);
}

/* Those that were behind are in step before the blocks go out. */
static void confirm_caught(struct reader *r, struct chain_order *chain)
{
    for (struct stream *s = NULL; (s = next_of(r, chain, s));)
        if (s->phase == PHASE_CAUGHT)
            confirm(r, s);
}

/* Those that are new are confirmed after that, since they have no part in them. If the blocks were
 * doubtful, so is the one whose parts have begun to come. */
static void confirm_new_ones(struct reader *r, struct chain_order *chain)
{
    for (struct stream *s = NULL; (s = next_of(r, chain, s));) {
        if (s->phase == PHASE_NEW)
            confirm(r, s);
        s->doubt = s->doubt || (chain->doubtful && chain_order_is_end(chain, s));
        set_apart(s);
    }
    chain->doubtful = false;
}

/* Everything of the chain is there. */
static void release(struct reader *r, struct chain_order *chain)
{
    if (!chain->holding || chain->behind > 0)
        return;
    chain->holding = false;
    confirm_caught(r, chain);
    chain_order_release(chain, publish_ordered, r);
    confirm_new_ones(r, chain);
}

/* It was too much: what was collected is lost. */
static void give_up(struct reader *r, struct chain_order *chain, struct stream *stream)
{
    counts(r, stream)->gaps++;
    counts(r, stream)->gap_messages += chain->n + 1;
    chain_order_clear(chain);
    chain->doubtful = true;
}

static void give(struct reader *r, struct stream *stream, const struct message *m,
                 const struct gap *gap, bool late)
{
    if (!stream->chain || !stream->chain->holding)
        publish(r, stream, m, gap, late);
    else if (chain_order_add(stream->chain, stream, m, gap, late) < 0)
        give_up(r, stream->chain, stream);
}

/* ---- behind --------------------------------------------------------------------------------- */

static void on_late(void *ctx, const struct message *m, const struct gap *gap, bool late)
{
    struct reading *reading = ctx;

    give(reading->reader, reading->stream, m, gap, late);
}

static void on_unproven(void *ctx)
{
    struct reading *reading = ctx;

    reading->unproven = true;
    reading->reader->counters->fill_failures++;
}

static void stop_reading(struct stream *stream)
{
    if (!stream->reading)
        return;
    catchup_free(&stream->reading->catchup);
    history_cancel(&stream->reading->baseline);
    free(stream->reading);
    stream->reading = NULL;
}

/* In step again, as far as the stream itself is concerned. */
static void caught_up(struct reader *r, struct stream *stream)
{
    if (!stream->chain) {
        confirm(r, stream);
        return;
    }
    stream->phase = PHASE_CAUGHT;
    stream->chain->behind--;
    release(r, stream->chain);
}

/* Nobody can say what was missed. Of most streams ids will tell, as soon as they speak. Of a block
 * it must be known at once whether a stream had no part in it. */
static void doubt(struct stream *stream)
{
    if (stream->chain)
        stream->chain->doubtful = true;
    else
        stream->doubt = stream->apart = true;
}

/* After a lost link: that a chain's ends of blocks are all there proves that Redis has lost nothing
 * of the chain, though a stream that is quiet may have no history any more. */
static bool is_doubtful(const struct reading *reading)
{
    const struct stream *stream = reading->stream;

    return reading->lost && reading->unproven &&
           (!stream->chain || chain_order_is_end(stream->chain, stream));
}

static void on_done(void *ctx)
{
    struct reading *reading = ctx;
    struct reader *r = reading->reader;
    struct stream *stream = reading->stream;

    if (is_doubtful(reading))
        doubt(stream);
    stop_reading(stream);
    if (stream->subscribed)
        caught_up(r, stream);
    else
        stream->phase = PHASE_LOST;
}

static const struct catchup_events catchup_events = {
    .pass = on_late, .unproven = on_unproven, .done = on_done};

static struct reading *reading_new(struct reader *r, struct stream *stream)
{
    struct reading *reading = calloc(1, sizeof *reading);

    if (!reading)
        return NULL;
    reading->reader = r;
    reading->stream = stream;
    return reading;
}

/* False: there is nothing to be read, or no memory to do it. */
static bool read_on(struct reader *r, struct stream *stream)
{
    if (!r->history || !stream->continuity.known)
        return false;
    stop_reading(stream);
    struct reading *reading = reading_new(r, stream);
    if (!reading)
        return false;
    reading->catchup = catchup_new(r->history, stream->name, stream->name_len, &stream->continuity,
                                   &r->budget, &catchup_events, reading);
    if (!reading->catchup) {
        free(reading);
        return false;
    }
    stream->reading = reading;
    r->counters->fills++;
    return true;
}

/* A message came that does not follow. */
static bool fall_behind(struct reader *r, struct stream *stream)
{
    if (!read_on(r, stream))
        return false;
    stream->phase = PHASE_BEHIND;
    stream->apart = true;
    hub_unconfirm(r->hub, stream);
    if (stream->chain)
        hold_chain(r, stream->chain);
    return true;
}

/* ---- messages ------------------------------------------------------------------------------- */

void reader_message(struct reader *r, struct stream *stream, const struct message *m)
{
    struct gap gap;

    if (stream->phase == PHASE_BEHIND) {
        catchup_hold(stream->reading->catchup, m);
        return;
    }
    enum continuity_verdict verdict = continuity_judge(&stream->continuity, m, &gap);
    if (verdict == CONTINUITY_REPEAT) {
        counts(r, stream)->dropped_repeated++;
    } else if (verdict == CONTINUITY_STALE) {
        counts(r, stream)->dropped_stale++;
    } else if (verdict == CONTINUITY_GAP && stream->phase == PHASE_STEP && fall_behind(r, stream)) {
        catchup_hold(stream->reading->catchup, m);
    } else {
        continuity_pass(&stream->continuity, m);
        give(r, stream, m, verdict == CONTINUITY_GAP ? &gap : NULL, false);
    }
}

/* ---- the link ------------------------------------------------------------------------------- */

static void on_baseline(void *ctx, const struct history_page *page)
{
    struct reading *reading = ctx;
    struct continuity *c = &reading->stream->continuity;

    if (page->n > 0)
        continuity_begin(c, page->entries[0].epoch, page->entries[0].seq);
    else if (!page->refused)
        continuity_begin(c, 0, 0);
    stop_reading(reading->stream);
}

static void ask_baseline(struct reader *r, struct stream *stream)
{
    if (!r->history || stream->reading || stream->continuity.known)
        return;
    struct reading *reading = reading_new(r, stream);
    if (!reading)
        return; /* the first message will be the beginning */
    reading->baseline.fn = on_baseline;
    reading->baseline.ctx = reading;
    stream->reading = reading;
    history_newest(r->history, &reading->baseline, stream->name, stream->name_len);
}

static void confirm_new(struct reader *r, struct stream *stream)
{
    ask_baseline(r, stream);
    if (stream->chain && stream->chain->holding) {
        stream->phase = PHASE_NEW;
        stream->apart = true;
    } else {
        hub_confirm(r->hub, stream);
    }
}

/* A stream whose messages have no ids has no history. */
static bool has_ids(const struct stream *stream)
{
    return stream->continuity.seq > 0 || stream->messages == 0;
}

static void confirm_again(struct reader *r, struct stream *stream)
{
    if (has_ids(stream) && read_on(r, stream)) {
        stream->phase = PHASE_BEHIND;
        stream->reading->lost = true;
        return;
    }
    ask_baseline(r, stream);
    doubt(stream);
    caught_up(r, stream);
}

void reader_confirmed(struct reader *r, const char *name, size_t len)
{
    struct stream *stream = hub_find(r->hub, name, len);

    if (!stream || stream->subscribed)
        return;
    stream->subscribed = true;
    stream->chain = chain_order_of(r->chains, READER_CHAINS, name, len);
    if (stream->phase == PHASE_BEHIND)
        catchup_again(stream->reading->catchup);
    else if (stream->phase == PHASE_LOST)
        confirm_again(r, stream);
    else
        confirm_new(r, stream);
}

static void lose(struct reader *r, struct stream *stream)
{
    bool behind = stream->phase == PHASE_BEHIND || stream->phase == PHASE_LOST;

    if (!stream->subscribed)
        return;
    stream->subscribed = false;
    hub_unconfirm(r->hub, stream);
    if (behind && stream->reading)
        stream->reading->lost = true;
    if (behind)
        return;
    if (stream->phase == PHASE_NEW) {
        stream->phase = PHASE_STEP;
        return;
    }
    stream->phase = PHASE_LOST;
    stream->apart = true;
    if (stream->chain)
        hold_chain(r, stream->chain);
}

void reader_lost(struct reader *r, const char *name, size_t len)
{
    struct stream *stream = hub_find(r->hub, name, len);

    if (stream)
        lose(r, stream);
}

/* ---- life ----------------------------------------------------------------------------------- */

static void on_end(void *ctx, struct stream *stream)
{
    (void)ctx;
    stop_reading(stream);
    if (!stream->chain)
        return;
    if (stream->phase == PHASE_BEHIND || stream->phase == PHASE_LOST)
        stream->chain->behind--; /* reader_turn() sees to the rest: views are changing now */
    chain_order_forget(stream->chain, stream);
}

void reader_init(struct reader *r, struct hub *hub, struct history *history,
                 struct counters *counters, reader_pass_fn *pass, void *ctx)
{
    *r = (struct reader){.hub = hub,
                         .history = history,
                         .counters = counters,
                         .pass = pass,
                         .ctx = ctx,
                         .budget = {.max = READER_HELD_BYTES_MAX},
                         .chains = {{.name = "injective", .end = "injective.block"},
                                    {.name = "zilliqa", .end = "zilliqa.NewBlock"}}};
    hub_on_end(hub, on_end, r);
}

void reader_fini(struct reader *r)
{
    for (int i = 0; i < READER_CHAINS; i++)
        chain_order_clear(&r->chains[i]);
}

void reader_turn(struct reader *r)
{
    for (int i = 0; i < READER_CHAINS; i++)
        release(r, &r->chains[i]);
}
