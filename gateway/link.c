/* link.c - see link.h for the picture and the states. */
#include "gateway/link.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/backoff.h"
#include "common/log.h"
#include "common/redis_asker.h"
#include "common/redis_conn.h"
#include "common/redis_name.h"
#include "common/stream_name.h"
#include "gateway/wishes.h"

enum {
    BEAT_MS = 5000,       /* between probes */
    DEAF_AFTER_MS = 5000, /* a probe not heard for so long: the link is deaf */
    TICK_MS = 250,
    PROBE_MAX = STREAM_PREFIX_MAX + 64,
};

enum state {
    STATE_DOWN, /* waiting to open again */
    STATE_OPENING,
    STATE_DEAF, /* open; its first probe has not come back yet */
    STATE_HEARS,
};

struct link {
    const struct link_config *config;
    const struct link_events *events;
    void *ctx;
    enum state state;
    struct wishes wishes;
    struct redis_conn *hearing;
    struct redis_asker *asker; /* borrowed */
    struct backoff backoff;
    uint64_t reopen_ms;        /* 0: not waiting to open */
    uint64_t now_ms, beat_ms;  /* the next probe */
    uint64_t unheard_since_ms; /* when the oldest unheard probe went out; 0: none is under way */
    uint64_t losses;
    uv_timer_t timer;
    bool started;
    bool probe_subscribed; /* Redis has confirmed its channel: a probe now must come back */
    bool probed;           /* the last beat's probe went out */
    char probe[PROBE_MAX]; /* the channel */
    size_t probe_len;
    struct log_limit refusals;
};

static void set_state(struct link *link, enum state state)
{
    link->state = state;
    if (state == STATE_HEARS || state == STATE_DOWN)
        link->events->ready(link->ctx, state == STATE_HEARS);
}

/* ---- the hearing side ----------------------------------------------------------------------- */

static void lose_hearing(struct link *link, const char *why)
{
    char address[300];

    if (link->state >= STATE_DEAF)
        link->losses++;
    redis_conn_close(link->hearing);
    wishes_reset(&link->wishes);
    link->unheard_since_ms = 0;
    link->probe_subscribed = link->probed = false;
    uint32_t wait = backoff_next(&link->backoff, backoff_random());
    link->reopen_ms = link->now_ms + wait;
    log_warn("redis link is down", LOG_TEXT("why", why),
             LOG_TEXT("address", redis_url_address(link->config->url, address, sizeof address)),
             LOG_NUMBER("retry_ms", wait));
    set_state(link, STATE_DOWN);
}

static void command(struct link *link, const char *name, size_t n, const char *const *channels,
                    const size_t *lens)
{
    const char *argv[1 + WISHES_BATCH] = {name};
    size_t argl[1 + WISHES_BATCH] = {strlen(name)};

    memcpy(argv + 1, channels, n * sizeof *argv);
    memcpy(argl + 1, lens, n * sizeof *argl);
    if (redis_conn_command(link->hearing, (int)n + 1, argv, argl) < 0)
        lose_hearing(link, "out of memory");
}

static void send_wishes(struct link *link)
{
    const char *channels[WISHES_BATCH];
    size_t lens[WISHES_BATCH], n;

    while (link->state >= STATE_DEAF && (n = wishes_subscribe(&link->wishes, channels, lens)) > 0)
        command(link, "SUBSCRIBE", n, channels, lens);
    while (link->state >= STATE_DEAF &&
           (n = wishes_unsubscribe(&link->wishes, link->now_ms, channels, lens)) > 0) {
        command(link, "UNSUBSCRIBE", n, channels, lens);
        wishes_unsubscribed(&link->wishes, n);
    }
}

static void hearing_up(void *ctx)
{
    struct link *link = ctx;
    const char *probe = link->probe;

    set_state(link, STATE_DEAF);
    send_wishes(link);
    if (link->state == STATE_DEAF)
        command(link, "SUBSCRIBE", 1, &probe, &link->probe_len); /* last: see link.h */
    if (link->state == STATE_DEAF)
        redis_conn_flush(link->hearing);
    link->unheard_since_ms = link->now_ms; /* from here on there is proof to be had */
}

static void hearing_down(void *ctx, const char *why)
{
    lose_hearing(ctx, why);
}

static void probe_heard(struct link *link)
{
    link->unheard_since_ms = 0;
    if (link->state != STATE_DEAF)
        return;
    backoff_reset(&link->backoff);
    log_info("redis link hears", LOG_NUMBER("channels", link->wishes.table.n));
    set_state(link, STATE_HEARS);
}

static void hearing_message(void *ctx, const char *channel, size_t channel_len, const char *payload,
                            size_t len)
{
    struct link *link = ctx;
    size_t prefix = link->wishes.prefix_len;

    if (channel_len == link->probe_len && memcmp(channel, link->probe, channel_len) == 0)
        probe_heard(link);
    else if (channel_len > prefix)
        link->events->message(link->ctx, channel + prefix, channel_len - prefix, payload, len);
}

/* Redis has subscribed us: from here on nothing of that channel is missed. */
static void confirmed(struct link *link, const char *channel, size_t len)
{
    size_t prefix = link->wishes.prefix_len;

    if (len == link->probe_len && memcmp(channel, link->probe, len) == 0) {
        link->probe_subscribed = true;
        link->beat_ms = link->now_ms;
    } else if (len > prefix && wishes_confirm(&link->wishes, channel + prefix, len - prefix)) {
        link->events->confirmed(link->ctx, channel + prefix, len - prefix);
    }
}

static void hearing_notice(void *ctx, const struct redis_notice *notice)
{
    struct link *link = ctx;
    char text[200];
    uint64_t held;

    if (notice->kind_len == 9 && memcmp(notice->kind, "subscribe", 9) == 0)
        confirmed(link, notice->channel, notice->channel_len);
    if (notice->kind_len != 5 || memcmp(notice->kind, "error", 5) != 0)
        return;
    if (!log_allowed(&link->refusals, &held))
        return;
    snprintf(text, sizeof text, "%.*s", (int)notice->channel_len, notice->channel);
    log_error("redis refused a subscription; the Redis user needs +subscribe, +unsubscribe and the "
              "channels under the prefix",
              LOG_TEXT("error", text), LOG_TEXT("prefix", link->config->prefix),
              LOG_NUMBER("held_back", held));
}

/* ---- the asking side ------------------------------------------------------------------------ */

static void probe_answered(void *ctx, const struct redisReply *answer)
{
    struct link *link = ctx;
    uint64_t held;

    if (answer && answer->type == REDIS_REPLY_ERROR && log_allowed(&link->refusals, &held))
        log_error("redis refused the probe; the Redis user needs +publish and +role and the "
                  "channels under the prefix",
                  LOG_TEXT("error", answer->str), LOG_NUMBER("held_back", held));
}

static void role_answered(void *ctx, const struct redisReply *answer)
{
    struct link *link = ctx;

    if (!answer || answer->type != REDIS_REPLY_ARRAY || answer->elements == 0 ||
        !answer->element[0]->str)
        return;
    if (strcmp(answer->element[0]->str, "master") != 0 && link->state >= STATE_DEAF)
        lose_hearing(link,
                     "this Redis is a replica: it does not hear what is published at its master");
}

static void beat(struct link *link)
{
    const char *publish[] = {"PUBLISH", link->probe, "probe"};

    link->beat_ms = link->now_ms + BEAT_MS;
    if (link->state < STATE_DEAF)
        return;
    if (link->unheard_since_ms == 0)
        link->unheard_since_ms = link->now_ms; /* also when it cannot be sent: nothing is proven */
    link->probed = link->probe_subscribed && redis_asker_is_up(link->asker);
    if (!link->probe_subscribed)
        return;
    if (redis_asker_ask(link->asker, REDIS_NO_SLOT, 3, publish, NULL, probe_answered, link) == 0)
        (void)redis_asker_ask(link->asker, REDIS_NO_SLOT, 1, (const char *[]){"ROLE"}, NULL,
                              role_answered, link);
}

/* ---- time ----------------------------------------------------------------------------------- */

/* Both sides go: what does not answer on one is not to be trusted on the other. */
static void check_deaf(struct link *link)
{
    if (link->state < STATE_DEAF || link->unheard_since_ms == 0 ||
        link->now_ms - link->unheard_since_ms < DEAF_AFTER_MS)
        return;
    lose_hearing(link, "what was published did not come back within 5 s");
    redis_asker_drop(link->asker);
}

static void reopen(struct link *link)
{
    if (!link->reopen_ms || link->now_ms < link->reopen_ms)
        return;
    link->reopen_ms = 0;
    set_state(link, STATE_OPENING);
    redis_conn_open(link->hearing);
}

void link_turn(struct link *link, uint64_t now_ms)
{
    link->now_ms = now_ms;
    if (!link->started)
        return;
    if (link->state >= STATE_DEAF) {
        send_wishes(link);
        if (link->state >= STATE_DEAF)
            redis_conn_flush(link->hearing);
    }
    if (now_ms >= link->beat_ms || (link->state == STATE_DEAF && !link->probed))
        beat(link);
    check_deaf(link);
    reopen(link);
}

/* Wakes the loop, whose turn does the work: linger, beat and reconnecting need no more precision.
 */
static void on_tick(uv_timer_t *timer)
{
    (void)timer;
}

/* ---- life ----------------------------------------------------------------------------------- */

static const struct redis_conn_events hearing_events = {
    .up = hearing_up,
    .down = hearing_down,
    .pubsub = {.message = hearing_message, .notice = hearing_notice},
};

static void name_probe(struct link *link)
{
    /* Host and pid alone are not unique: containers share both. */
    int n = snprintf(link->probe, sizeof link->probe, "%s_probe.%08x%08x.%u", link->config->prefix,
                     backoff_random(), (unsigned)getpid(), link->config->worker);

    link->probe_len = (size_t)n;
}

static void on_closed(uv_handle_t *timer)
{
    free(timer->data);
}

struct link *link_new(uv_loop_t *loop, struct redis_asker *asker, const struct link_config *config,
                      const struct link_events *events, void *ctx)
{
    struct link *link = calloc(1, sizeof *link);

    if (!link)
        return NULL;
    link->config = config;
    link->events = events;
    link->ctx = ctx;
    link->backoff = (struct backoff){.first_ms = 100, .most_ms = 3000};
    name_probe(link);
    uv_timer_init(loop, &link->timer);
    link->timer.data = link;
    link->asker = asker;
    link->hearing = redis_conn_new(loop, &config->url->seeds[0], &config->url->login, REDIS_PUBSUB,
                                   &hearing_events, link);
    if (wishes_init(&link->wishes, config->prefix, config->linger_ms) < 0 || !link->hearing)
        link_free(&link);
    return link;
}

void link_start(struct link *link)
{
    link->started = true;
    set_state(link, STATE_OPENING);
    redis_conn_open(link->hearing);
    uv_timer_start(&link->timer, on_tick, TICK_MS, TICK_MS);
}

void link_free(struct link **linkp)
{
    struct link *link = *linkp;

    *linkp = NULL;
    if (!link)
        return;
    redis_conn_free(&link->hearing);
    wishes_fini(&link->wishes);
    uv_close((uv_handle_t *)&link->timer, on_closed);
}

void link_want(struct link *link, const char *stream, size_t len, bool wanted)
{
    if (wanted && wishes_confirmed(&link->wishes, stream, len))
        link->events->confirmed(link->ctx, stream, len); /* it lingered: Redis never stopped */
    if (wishes_note(&link->wishes, stream, len, wanted, link->now_ms) < 0)
        log_error("out of memory: a stream could not be subscribed", LOG_TEXT("stream", stream));
}

bool link_ready(const struct link *link)
{
    return link->state == STATE_HEARS;
}

uint64_t link_losses(const struct link *link)
{
    return link->losses;
}
