/* leader.c - see leader.h.
 *
 * One question at a time. The timer ticks: it asks when a question is due, and gives the connection
 * up when an answer is overdue.
 */
#include "publisher/leader.h"

#include <assert.h>
#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/backoff.h"
#include "common/log.h"

enum { RETRY_FIRST_MS = 50, RETRY_MOST_MS = 2000 };

enum leader_state {
    LEADER_IDLE,    /* nothing is wanted */
    LEADER_SEEKING, /* a term is */
    LEADER_LEADING,
    LEADER_LEAVING, /* the lease is being given back for good */
    LEADER_GONE,
};

struct leader {
    uv_timer_t timer;
    struct redis_asker *asker;
    struct lease lease;
    const struct leader_events *events;
    void *ctx;
    enum leader_state state;
    bool wanted;              /* a new term, while LEADING */
    bool asking, overdue;     /* an answer is awaited; for too long */
    bool following;           /* another leads, and the log has said so */
    uint64_t forgotten_ms;    /* since when Redis knows nothing of the lease; 0: it does */
    enum lease_wish wish;     /* what was asked */
    uint64_t asked_ms;        /* by the clock below */
    uint64_t until_ms, epoch; /* until when the lease is ours; under which epoch */
    struct backoff backoff;
    struct leader_counts counts;
    struct log_limit failures;
};

static void tick(uv_timer_t *timer);

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void wait(struct leader *l, uint64_t ms)
{
    uv_timer_start(&l->timer, tick, ms, 0);
}

/* ---- the answers ----------------------------------------------------------------------------- */

static void begin(struct leader *l, uint64_t epoch)
{
    bool anew = l->state != LEADER_LEADING;

    l->state = LEADER_LEADING;
    l->epoch = epoch;
    l->wanted = l->following = false;
    l->forgotten_ms = 0;
    l->counts.terms++;
    log_info("publishing", LOG_TEXT("lead", l->lease.name ? l->lease.name : ""),
             LOG_NUMBER("epoch", epoch));
    l->events->began(l->ctx, epoch, anew);
}

static void end(struct leader *l, const char *why)
{
    l->state = LEADER_SEEKING;
    l->counts.losses++;
    log_warn("no longer leading; standing by", LOG_TEXT("lead", l->lease.name),
             LOG_TEXT("why", why), LOG_NUMBER("epoch", l->epoch));
    l->events->ended(l->ctx, why);
}

static void on_ours(struct leader *l, uint64_t epoch)
{
    backoff_reset(&l->backoff);
    l->until_ms = l->asked_ms + LEASE_MS - LEADER_SPARE_MS;
    if (l->wish != LEASE_KEEP)
        begin(l, epoch);
    wait(l, l->wanted ? 0 : LEADER_RENEW_MS);
}

static void on_others(struct leader *l, const char *owner)
{
    if (l->state == LEADER_LEADING)
        end(l, "another publisher has the lease");
    if (!l->following)
        log_info("another publisher leads; standing by", LOG_TEXT("lead", l->lease.name),
                 LOG_TEXT("leader", owner));
    l->following = true;
    if (*owner)
        l->forgotten_ms = 0;
    else if (l->forgotten_ms == 0)
        l->forgotten_ms = now_ms();
    l->events->follows(l->ctx);
    wait(l, LEADER_POLL_MS);
}

static void on_nothing(struct leader *l, const struct redisReply *answer)
{
    uint64_t held;
    const char *why = !answer                             ? "no connection"
                      : answer->type == REDIS_REPLY_ERROR ? answer->str
                                                          : "no epoch";

    if (answer && log_allowed(&l->failures, &held))
        log_warn("redis gives no epoch; trying again", LOG_TEXT("why", why));
    wait(l, backoff_next(&l->backoff, backoff_random()));
}

static void on_answer(void *ctx, const struct redisReply *answer)
{
    struct leader *l = ctx;
    const char *owner;
    uint64_t epoch;

    l->asking = l->overdue = false;
    if (l->state == LEADER_LEAVING)
        l->state = LEADER_GONE;
    if (l->state == LEADER_GONE || l->wish == LEASE_FREE)
        return;
    if (!answer || lease_read(answer, &epoch, &owner) < 0)
        on_nothing(l, answer);
    else if (epoch > 0)
        on_ours(l, epoch);
    else
        on_others(l, owner);
}

/* ---- the questions --------------------------------------------------------------------------- */

static int ask(struct leader *l, enum lease_wish wish)
{
    int err = lease_ask(&l->lease, l->asker, wish, l->epoch, on_answer, l);

    if (err)
        return err;
    l->wish = wish;
    l->asked_ms = now_ms();
    l->asking = true;
    wait(l, LEADER_PATIENCE_MS);
    return 0;
}

static enum lease_wish wish_of(const struct leader *l)
{
    if (l->state == LEADER_LEADING && !l->wanted)
        return LEASE_KEEP;
    if (!l->following || (l->forgotten_ms && now_ms() - l->forgotten_ms >= LEASE_MS))
        return LEASE_TAKE;
    return LEASE_INHERIT;
}

static void tick(uv_timer_t *timer)
{
    struct leader *l = timer->data;
    bool leading = l->state == LEADER_LEADING;

    if (l->state == LEADER_LEAVING)
        l->state = LEADER_GONE; /* whoever follows has to wait for the lease's end */
    if (l->state == LEADER_IDLE || l->state == LEADER_GONE)
        return;
    if (leading && !leader_holds(l))
        leading = false;
    if (l->asking) { /* the connection is silent: without it the answer is lost, and said to be */
        redis_asker_drop(l->asker, NULL);
        return;
    }
    if (leading && !l->lease.name && !l->wanted)
        return;
    if (ask(l, wish_of(l)) < 0)
        wait(l, LEADER_POLL_MS);
}

void leader_want(struct leader *l)
{
    if (l->state >= LEADER_LEAVING || l->wanted || l->state == LEADER_SEEKING)
        return;
    if (l->state == LEADER_IDLE)
        l->state = LEADER_SEEKING;
    else
        l->wanted = true;
    if (!l->asking)
        wait(l, 0);
}

bool leader_holds(struct leader *l)
{
    if (l->state != LEADER_LEADING)
        return false;
    if (!l->lease.name || now_ms() < l->until_ms)
        return true;
    end(l, "the lease was not renewed in time");
    return false;
}

void leader_yield(struct leader *l)
{
    if (l->state != LEADER_LEADING)
        return;
    l->state = LEADER_SEEKING;
    l->counts.losses++;
    if (!l->asking && lease_ask(&l->lease, l->asker, LEASE_FREE, l->epoch, NULL, NULL) == 0)
        l->wish = LEASE_FREE;
    wait(l, LEADER_REST_MS);
}

void leader_leave(struct leader *l)
{
    bool told = l->state == LEADER_LEADING && l->lease.name &&
                lease_ask(&l->lease, l->asker, LEASE_FREE, l->epoch, on_answer, l) == 0;

    if (l->state < LEADER_LEAVING)
        l->state = told ? LEADER_LEAVING : LEADER_GONE;
    if (told)
        wait(l, LEADER_GOODBYE_MS);
}

bool leader_gone(const struct leader *l)
{
    return l->state == LEADER_GONE;
}

/* ---- life ------------------------------------------------------------------------------------ */

struct leader *leader_new(uv_loop_t *loop, struct redis_asker *asker, const char *prefix,
                          const char *name, const struct leader_events *events, void *ctx)
{
    struct leader *l = calloc(1, sizeof *l);

    if (!l)
        return NULL;
    l->asker = asker;
    l->events = events;
    l->ctx = ctx;
    l->backoff = (struct backoff){RETRY_FIRST_MS, RETRY_MOST_MS, 0};
    lease_init(&l->lease, prefix, name);
    uv_timer_init(loop, &l->timer);
    l->timer.data = l;
    return l;
}

static void on_timer_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void leader_free(struct leader **lp)
{
    struct leader *l = *lp;

    *lp = NULL;
    if (l)
        uv_close((uv_handle_t *)&l->timer, on_timer_closed);
}

void leader_start(struct leader *l)
{
    if (!l->lease.name)
        return;
    l->state = LEADER_SEEKING;
    wait(l, 0);
}

struct leader_counts leader_counts(const struct leader *l)
{
    return l->counts;
}
