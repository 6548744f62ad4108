/* outbox.c - see outbox.h. */
#include "publisher/outbox.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/log.h"
#include "common/redis_form.h"
#include "publisher/lanes.h"
#include "publisher/leader.h"
#include "publisher/recovery.h"

enum outbox_state {
    OUTBOX_WAITING,    /* for an epoch */
    OUTBOX_RECOVERING, /* there is one; what was sent before it is being found out */
    OUTBOX_SENDING,
};

struct outbox {
    struct lane_host host;
    struct streams streams;
    struct lanes lanes;
    struct redis_asker *asker;
    struct leader *leader;
    struct recovery *recovery;
    uv_timer_t settle; /* counts to the recovery after a handover */
    const char *lead;
    enum outbox_state state;
    uint64_t epoch;       /* of the term; the host's is 0 while nothing may be sent */
    uint64_t followed_ms; /* when another was last known to lead; 0: none */
    bool leaving;
    char failure[OUTBOX_ERROR_MAX];
};

/* ---- the form of Pub/Sub --------------------------------------------------------------------- */

static void on_form(void *ctx, const struct redisReply *before)
{
    struct outbox *o = ctx;

    if (before && before->type == REDIS_REPLY_STRING &&
        redis_form_differs(o->host.naming, before->str, before->len))
        log_warn("another publisher uses the other form of Pub/Sub: no gateway hears both",
                 LOG_TEXT("ours", redis_form(o->host.naming)), LOG_TEXT("setting", "pubsub"));
}

static void tell_form(struct outbox *o)
{
    char key[REDIS_FORM_KEY_MAX];
    size_t len = redis_form_key(o->host.naming, key);

    if (redis_asker_ask(o->asker, redis_slot(key, len), 3,
                        (const char *[]){"GETSET", key, redis_form(o->host.naming)}, NULL, on_form,
                        o) < 0)
        log_debug("the form of Pub/Sub could not be told", LOG_TEXT("key", key));
}

/* ---- terms ----------------------------------------------------------------------------------- */

static void send_on(struct outbox *o)
{
    o->state = OUTBOX_SENDING;
    o->host.epoch = o->epoch;
}

/* The term of the oldest event that waits; of the next one, where none does. */
static uint32_t next_term(struct backlog *b)
{
    const struct entry *entry = backlog_oldest(b);

    return entry ? entry->term : b->term;
}

static void on_settled(uv_timer_t *timer)
{
    struct outbox *o = timer->data;

    recovery_start(o->recovery);
}

/* Upstream may have been a little faster with the leader before than with us: what it sent last is
 * to be here when it is looked for, or it would come twice. */
static void recover(struct outbox *o)
{
    o->state = OUTBOX_RECOVERING;
    uv_timer_start(&o->settle, on_settled, outbox_stands_by(o) ? OUTBOX_SETTLE_MS : 0, 0);
}

static void on_began(void *ctx, uint64_t epoch, bool anew)
{
    struct outbox *o = ctx;

    o->epoch = epoch;
    o->host.backlog->drop_why = PUBLISHER_DROP_FULL;
    o->host.full = false;
    o->host.term = next_term(o->host.backlog);
    streams_clear(&o->streams);
    backlog_unnumber(o->host.backlog);
    tell_form(o);
    if (o->lead && anew)
        recover(o);
    else
        send_on(o);
    o->followed_ms = 0;
}

static void on_recovered(void *ctx)
{
    struct outbox *o = ctx;

    log_info("took over", LOG_TEXT("lead", o->lead),
             LOG_NUMBER("repeats", recovery_repeats(o->recovery)),
             LOG_NUMBER("waiting", o->host.backlog->n));
    o->host.term = next_term(o->host.backlog);
    send_on(o);
}

/* What is in the connections goes too: it may not reach Redis any more. */
static void stop_sending(struct outbox *o)
{
    o->state = OUTBOX_WAITING;
    o->epoch = o->host.epoch = 0;
    uv_timer_stop(&o->settle);
    recovery_stop(o->recovery);
    lanes_reset(&o->lanes, true);
}

static void on_ended(void *ctx, const char *why)
{
    (void)why;
    stop_sending(ctx);
}

static uint64_t unix_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void on_follows(void *ctx)
{
    struct outbox *o = ctx;

    o->followed_ms = uv_now(o->host.loop);
    o->host.backlog->drop_why = PUBLISHER_DROP_STANDBY;
    backlog_drop_before(o->host.backlog, unix_us() - (uint64_t)OUTBOX_HELD_MS * 1000,
                        PUBLISHER_DROP_STANDBY);
}

static const struct leader_events leader_events = {
    .began = on_began, .ended = on_ended, .follows = on_follows};

/* ---- what lanes tell ------------------------------------------------------------------------- */

static bool may_send(void *ctx)
{
    struct outbox *o = ctx;

    return o->state == OUTBOX_SENDING && leader_holds(o->leader);
}

static void on_wrong(void *ctx)
{
    struct outbox *o = ctx;

    lanes_refresh(&o->lanes);
}

static void on_superseded(void *ctx, const struct entry *entry, const char *epoch)
{
    struct outbox *o = ctx;

    snprintf(o->failure, sizeof o->failure,
             "stream %.*s has another publisher, whose epoch %.24s is newer than ours, %" PRIu64
             ": only one may write a stream (see lead in --help)",
             entry->stream_len, entry_stream(entry), epoch, o->epoch);
    if (o->lead) {
        log_error("no longer leading", LOG_TEXT("why", o->failure));
        o->failure[0] = '\0';
    }
    leader_yield(o->leader);
    stop_sending(o);
}

/* ---- numbers --------------------------------------------------------------------------------- */

/* An event that was never sent uses its number up, so that readers see the hole. */
static void on_drop(void *ctx, const char *stream, size_t len, uint32_t term)
{
    struct outbox *o = ctx;
    uint64_t seq;

    if (o->host.epoch > 0 && term == o->host.term &&
        streams_next(&o->streams, stream, len, true, &seq) < 0)
        o->host.full = true;
}

/* ---- the turn -------------------------------------------------------------------------------- */

/* Nothing is under way, and what comes next can't go out as it is. */
static bool needs_term(const struct outbox *o)
{
    const struct entry *entry = backlog_oldest(o->host.backlog);

    if (o->state == OUTBOX_RECOVERING || !entry || lanes_awaited(&o->lanes) > 0)
        return false;
    return o->state == OUTBOX_WAITING || o->host.full || entry->term != o->host.term;
}

void outbox_turn(struct outbox *o)
{
    if (!outbox_stands_by(o))
        o->host.backlog->drop_why = PUBLISHER_DROP_FULL; /* nobody else may have sent it */
    if (needs_term(o) && lanes_open(&o->lanes) > 0)
        leader_want(o->leader);
    if (o->state != OUTBOX_WAITING)
        leader_holds(o->leader); /* or ended() comes now */
    if (o->state == OUTBOX_RECOVERING)
        recovery_turn(o->recovery);
    lanes_turn(&o->lanes);
    redis_asker_turn(o->asker, uv_now(o->host.loop));
}

/* ---- life ------------------------------------------------------------------------------------ */

static int make_parts(struct outbox *o, const struct redis_url *url)
{
    struct backlog *backlog = o->host.backlog;

    if (lanes_init(&o->lanes, &o->host, url) < 0 || streams_init(&o->streams) < 0)
        return -ENOMEM;
    o->asker = redis_asker_new(o->host.loop, url, o->lanes.topology);
    if (!o->asker)
        return -ENOMEM;
    o->leader =
        leader_new(o->host.loop, o->asker, o->host.naming->prefix, o->lead, &leader_events, o);
    o->recovery = recovery_new(backlog, o->asker, o->host.naming, on_recovered, o);
    return o->leader && o->recovery ? 0 : -ENOMEM;
}

struct outbox *outbox_new(uv_loop_t *loop, struct backlog *backlog, const struct redis_url *url,
                          const struct redis_naming *naming, const char *lead)
{
    struct outbox *o = calloc(1, sizeof *o);

    if (!o)
        return NULL;
    o->lead = lead;
    uv_timer_init(loop, &o->settle);
    o->settle.data = o;
    o->host = (struct lane_host){.loop = loop,
                                 .backlog = backlog,
                                 .naming = naming,
                                 .login = &url->login,
                                 .streams = &o->streams,
                                 .ctx = o,
                                 .may_send = may_send,
                                 .wrong = on_wrong,
                                 .superseded = on_superseded};
    backlog->on_drop = on_drop;
    backlog->ctx = o;
    if (make_parts(o, url) < 0)
        outbox_free(&o);
    return o;
}

static void on_timer_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void outbox_free(struct outbox **op)
{
    struct outbox *o = *op;

    *op = NULL;
    if (!o)
        return;
    o->host.backlog->on_drop = NULL;
    redis_asker_free(&o->asker);
    lanes_fini(&o->lanes);
    recovery_free(&o->recovery);
    leader_free(&o->leader);
    streams_fini(&o->streams);
    uv_close((uv_handle_t *)&o->settle, on_timer_closed);
}

void outbox_start(struct outbox *o)
{
    lanes_start(&o->lanes);
    leader_start(o->leader);
}

struct backlog_queue *outbox_queue(struct outbox *o, const char *stream, size_t len)
{
    return lanes_queue(&o->lanes, stream, len);
}

struct redis_asker *outbox_asker(const struct outbox *o)
{
    return o->asker;
}

bool outbox_is_open(const struct outbox *o)
{
    return lanes_open(&o->lanes) > 0 && (!o->lead || o->state == OUTBOX_SENDING);
}

bool outbox_stands_by(const struct outbox *o)
{
    return o->followed_ms > 0 && uv_now(o->host.loop) - o->followed_ms < LEASE_MS;
}

bool outbox_leave(struct outbox *o)
{
    if (!o->leaving)
        leader_leave(o->leader);
    o->leaving = true;
    return leader_gone(o->leader);
}

const char *outbox_failure(const struct outbox *o)
{
    return o->failure[0] ? o->failure : NULL;
}

void outbox_streams_most(struct outbox *o, size_t most)
{
    o->streams.most = most;
}

void outbox_count(const struct outbox *o, struct publisher_counters *into)
{
    struct leader_counts counts = leader_counts(o->leader);

    into->published = o->host.counts.published;
    into->refused = o->host.counts.refused;
    into->repeated = recovery_repeats(o->recovery);
    into->streams = o->streams.ended + o->streams.table.n;
    into->role = !o->lead                     ? PUBLISHER_ALONE
                 : o->state == OUTBOX_WAITING ? PUBLISHER_STANDBY
                                              : PUBLISHER_LEADER;
    into->epoch = o->epoch;
    into->terms = counts.terms;
    into->lease_losses = counts.losses;
    into->links = o->lanes.map.n;
    into->links_open = lanes_open(&o->lanes);
}
