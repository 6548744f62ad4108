/* link_node.c - see link_node.h for the picture and the states. */
#include "gateway/link_node.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/backoff.h"
#include "common/redis_asker.h"
#include "common/redis_conn.h"
#include "common/redis_topology.h"
#include "gateway/link.h"

enum {
    BEAT_MS = 5000,       /* between probes */
    DEAF_AFTER_MS = 5000, /* a probe not heard for so long: the connection is deaf */
    RETRY_MS = 1000,      /* between attempts at what Redis refused: a slot on its way, say */
    RETRY_MOST_MS = 10000,
    PROBE_MAX = STREAM_PREFIX_MAX + 96,
    TAGS_MAX = 200000, /* so many numbers hit every one of 16,384 slots, but for bad luck */
};

enum state {
    STATE_DOWN, /* waiting to open again */
    STATE_OPENING,
    STATE_DEAF, /* open; its first probe has not come back yet */
    STATE_HEARS,
};

struct link_node {
    struct link_site *site;
    struct redis_address address;
    bool placed; /* address is one */
    enum state state;
    struct wishes wishes;
    struct redis_conn *hearing;
    struct backoff backoff; /* of connecting */
    uint64_t reopen_ms;     /* DOWN and placed: when to open again */
    struct backoff retries; /* of what Redis refused */
    uint64_t retry_ms;
    uint64_t beat_ms;          /* the next probe */
    uint64_t unheard_since_ms; /* when the oldest unheard probe went out; 0: none is under way */
    bool probe_asked;          /* its channel's subscription is sent */
    bool probe_subscribed;     /* and confirmed: a probe now must come back */
    bool probed;               /* the last beat's probe went out */
    char probe[PROBE_MAX];     /* the channel */
    size_t probe_len;
};

static const char *const subscribe_words[] = {"SUBSCRIBE", "SSUBSCRIBE"};
static const char *const unsubscribe_words[] = {"UNSUBSCRIBE", "SUNSUBSCRIBE"};
static const char *const publish_words[] = {"PUBLISH", "SPUBLISH"};

static const struct redis_naming *naming_of(const struct link_node *node)
{
    return node->site->config->naming;
}

static void something_is_wrong(struct link_node *node)
{
    redis_topology_refresh(node->site->config->topology);
}

/* ---- states ---------------------------------------------------------------------------------- */

static void on_lost(void *ctx, const char *stream, size_t len)
{
    struct link_node *node = ctx;

    node->site->events->lost(node->site->ctx, stream, len);
}

static void go_down(struct link_node *node)
{
    if (node->state >= STATE_DEAF)
        node->site->losses++;
    node->state = STATE_DOWN;
    redis_conn_close(node->hearing);
    node->unheard_since_ms = 0;
    node->probe_asked = node->probe_subscribed = node->probed = false;
    wishes_reset(&node->wishes, on_lost, node);
}

static void lose(struct link_node *node, const char *why)
{
    char address[REDIS_ADDRESS_MAX];
    uint32_t wait = backoff_next(&node->backoff, backoff_random());

    go_down(node);
    node->reopen_ms = node->site->now_ms + wait;
    log_warn("redis link is down", LOG_TEXT("why", why),
             LOG_TEXT("address", redis_address_text(&node->address, address, sizeof address)),
             LOG_NUMBER("retry_ms", wait));
    something_is_wrong(node);
}

static void command(struct link_node *node, const char *word, size_t n, const char *const *channels,
                    const size_t *lens)
{
    const char *argv[1 + WISHES_BATCH] = {word};
    size_t argl[1 + WISHES_BATCH] = {strlen(word)};

    memcpy(argv + 1, channels, n * sizeof *argv);
    memcpy(argl + 1, lens, n * sizeof *argl);
    if (redis_conn_command(node->hearing, (int)n + 1, argv, argl) < 0)
        lose(node, "out of memory");
}

/* ---- wishes out ------------------------------------------------------------------------------ */

/* The name of the probe's channel; with sharded Pub/Sub one whose slot is this server's own. */
static void name_probe(struct link_node *node)
{
    const struct redis_topology *topology = node->site->config->topology;
    const struct redis_naming *naming = naming_of(node);
    int own = redis_map_find(redis_topology_map(topology), &node->address), n;

    node->probe_len = (size_t)snprintf(node->probe, sizeof node->probe, "%s_probe.%s",
                                       naming->prefix, node->site->probe);
    for (unsigned tag = 0; naming->sharded && own != REDIS_NOBODY && tag < TAGS_MAX; tag++) {
        n = snprintf(node->probe, sizeof node->probe, "%s_probe{%u}.%s", naming->prefix, tag,
                     node->site->probe);
        node->probe_len = (size_t)n;
        if (redis_topology_owner(topology, redis_slot(node->probe, (size_t)n)) == own)
            break;
    }
    node->probe_asked = node->probe_subscribed = false;
}

static void subscribe(struct link_node *node)
{
    /* Channels of several slots in one SSUBSCRIBE are refused. */
    size_t most = naming_of(node)->sharded ? 1 : WISHES_BATCH, n;
    const char *channels[WISHES_BATCH];
    size_t lens[WISHES_BATCH];

    while (node->state >= STATE_DEAF &&
           (n = wishes_subscribe(&node->wishes, node->site->now_ms, most, channels, lens)) > 0)
        command(node, subscribe_words[naming_of(node)->sharded], n, channels, lens);
    if (node->state < STATE_DEAF || node->probe_asked || !wishes_all_asked(&node->wishes))
        return;
    node->probe_asked = true; /* last: see link_node.h */
    channels[0] = node->probe;
    command(node, subscribe_words[naming_of(node)->sharded], 1, channels, &node->probe_len);
}

static void unsubscribe(struct link_node *node)
{
    const char *channels[WISHES_BATCH];
    size_t lens[WISHES_BATCH], n;
    size_t most = naming_of(node)->sharded ? 1 : WISHES_BATCH;

    while (node->state >= STATE_DEAF &&
           (n = wishes_unsubscribe(&node->wishes, node->site->now_ms, channels, lens)) > 0) {
        for (size_t i = 0; i < n && node->state >= STATE_DEAF; i += most)
            command(node, unsubscribe_words[naming_of(node)->sharded], n < most ? n : most,
                    channels + i, lens + i);
        if (node->state >= STATE_DEAF)
            wishes_unsubscribed(&node->wishes, n);
    }
}

/* ---- what it hears --------------------------------------------------------------------------- */

static bool is_probe(const struct link_node *node, const char *channel, size_t len)
{
    return len == node->probe_len && memcmp(channel, node->probe, len) == 0;
}

static void probe_heard(struct link_node *node)
{
    char address[REDIS_ADDRESS_MAX];

    node->unheard_since_ms = 0;
    if (node->state != STATE_DEAF)
        return;
    backoff_reset(&node->backoff);
    node->state = STATE_HEARS;
    log_info("redis link hears",
             LOG_TEXT("address", redis_address_text(&node->address, address, sizeof address)),
             LOG_NUMBER("channels", node->wishes.table.n));
}

static void on_message(void *ctx, const char *channel, size_t channel_len, const char *payload,
                       size_t len)
{
    struct link_node *node = ctx;
    size_t stream_len;
    const char *stream;

    if (is_probe(node, channel, channel_len))
        probe_heard(node);
    else if ((stream = redis_name_stream(naming_of(node), channel, channel_len, &stream_len)))
        node->site->events->message(node->site->ctx, stream, stream_len, payload, len);
}

/* Redis has subscribed us: from here on nothing of that channel is missed. */
static void on_subscribed(struct link_node *node, const char *channel, size_t len)
{
    size_t stream_len;
    const char *stream = redis_name_stream(naming_of(node), channel, len, &stream_len);

    if (is_probe(node, channel, len)) {
        node->probe_subscribed = true;
        node->beat_ms = node->site->now_ms;
    } else if (stream && wishes_confirm(&node->wishes, stream, stream_len)) {
        node->site->events->confirmed(node->site->ctx, stream, stream_len);
    }
    if (node->state == STATE_DEAF && node->unheard_since_ms)
        node->unheard_since_ms = node->site->now_ms; /* it takes long, and goes on */
}

/* Unless we asked for it, the slot has moved to another server. */
static void on_unsubscribed(struct link_node *node, const char *channel, size_t len)
{
    size_t stream_len;
    const char *stream = redis_name_stream(naming_of(node), channel, len, &stream_len);

    if (is_probe(node, channel, len)) {
        node->probe_asked = node->probe_subscribed = false;
        something_is_wrong(node);
    } else if (stream && wishes_void(&node->wishes, stream, stream_len)) {
        node->site->moved++;
        node->site->events->lost(node->site->ctx, stream, stream_len);
        backoff_reset(&node->retries);
        something_is_wrong(node);
    }
}

static void log_refusal(struct link_node *node, const char *error, size_t len)
{
    uint64_t held;
    char text[200];

    if (!log_allowed(&node->site->refusals, &held))
        return;
    snprintf(text, sizeof text, "%.*s", (int)len, error);
    log_error("redis refused a subscription; the Redis user needs +subscribe and +unsubscribe "
              "(with sharded Pub/Sub +ssubscribe and +sunsubscribe) and the channels under the "
              "prefix",
              LOG_TEXT("error", text), LOG_TEXT("prefix", naming_of(node)->prefix),
              LOG_NUMBER("held_back", held));
}

static void on_error(struct link_node *node, const char *text, size_t len)
{
    bool moved = len >= 6 && memcmp(text, "MOVED ", 6) == 0;

    if (!wishes_refuse(&node->wishes))
        node->probe_asked = false; /* nothing else can have been meant */
    something_is_wrong(node);
    if (moved)
        return;
    node->site->refused++;
    log_refusal(node, text, len);
}

static bool is(const struct redis_notice *notice, const char *kind)
{
    return notice->kind_len == strlen(kind) && memcmp(notice->kind, kind, notice->kind_len) == 0;
}

static void on_notice(void *ctx, const struct redis_notice *notice)
{
    struct link_node *node = ctx;

    if (is(notice, "subscribe") || is(notice, "ssubscribe"))
        on_subscribed(node, notice->channel, notice->channel_len);
    else if (is(notice, "unsubscribe") || is(notice, "sunsubscribe"))
        on_unsubscribed(node, notice->channel, notice->channel_len);
    else if (is(notice, "error"))
        on_error(node, notice->channel, notice->channel_len);
}

static void on_up(void *ctx)
{
    struct link_node *node = ctx;

    node->state = STATE_DEAF;
    node->unheard_since_ms = node->site->now_ms; /* from here on there is proof to be had */
    name_probe(node);
    subscribe(node);
    if (node->state == STATE_DEAF)
        redis_conn_flush(node->hearing);
}

static void on_down(void *ctx, const char *why)
{
    lose(ctx, why);
}

static const struct redis_conn_events hearing_events = {
    .up = on_up,
    .down = on_down,
    .pubsub = {.message = on_message, .notice = on_notice},
};

/* ---- the beat -------------------------------------------------------------------------------- */

static void probe_answered(void *ctx, const struct redisReply *answer)
{
    struct link_node *node = ctx;
    uint64_t held;

    if (!answer || answer->type != REDIS_REPLY_ERROR)
        return;
    something_is_wrong(node);
    if (strncmp(answer->str, "MOVED ", 6) != 0 && log_allowed(&node->site->refusals, &held))
        log_error("redis refused the probe; the Redis user needs +publish (with sharded Pub/Sub "
                  "+spublish) and +role and the channels under the prefix",
                  LOG_TEXT("error", answer->str), LOG_NUMBER("held_back", held));
}

static void role_answered(void *ctx, const struct redisReply *answer)
{
    struct link_node *node = ctx;

    if (!answer || answer->type != REDIS_REPLY_ARRAY || answer->elements == 0 ||
        !answer->element[0]->str)
        return;
    if (strcmp(answer->element[0]->str, "master") != 0 && node->state >= STATE_DEAF)
        lose(node, "this Redis is a replica: it does not hear what is published at its master");
}

static void beat(struct link_node *node)
{
    const char *publish[] = {publish_words[naming_of(node)->sharded], node->probe, "probe"};
    struct redis_asker *asker = node->site->asker;

    node->beat_ms = node->site->now_ms + BEAT_MS;
    if (node->state < STATE_DEAF)
        return;
    if (node->unheard_since_ms == 0)
        node->unheard_since_ms = node->site->now_ms; /* also when it cannot be sent: no proof */
    node->probed = node->probe_subscribed && redis_asker_is_up(asker, &node->address);
    if (!node->probe_subscribed)
        return;
    if (redis_asker_ask_node(asker, &node->address, 3, publish, probe_answered, node) == 0)
        (void)redis_asker_ask_node(asker, &node->address, 1, (const char *[]){"ROLE"},
                                   role_answered, node);
}

/* Both sides go: what does not answer on one is not to be trusted on the other. */
static void check_deaf(struct link_node *node)
{
    if (node->state < STATE_DEAF || node->unheard_since_ms == 0 ||
        node->site->now_ms - node->unheard_since_ms < DEAF_AFTER_MS)
        return;
    lose(node, "what was published did not come back within 5 s");
    redis_asker_drop(node->site->asker, &node->address);
}

/* ---- time ------------------------------------------------------------------------------------ */

static void retry(struct link_node *node)
{
    if (node->site->now_ms < node->retry_ms)
        return;
    node->retry_ms = node->site->now_ms + backoff_next(&node->retries, backoff_random());
    if (wishes_retry(&node->wishes, node->site->now_ms))
        something_is_wrong(node);
    else
        backoff_reset(&node->retries);
}

static void open_again(struct link_node *node)
{
    node->state = STATE_OPENING;
    redis_conn_open(node->hearing);
}

void link_node_turn(struct link_node *node)
{
    uint64_t now = node->site->now_ms;

    if (!node->placed)
        return;
    if (node->state >= STATE_DEAF) {
        retry(node);
        subscribe(node);
        unsubscribe(node);
        if (node->state >= STATE_DEAF)
            redis_conn_flush(node->hearing);
    }
    if (now >= node->beat_ms || (node->state == STATE_DEAF && !node->probed))
        beat(node);
    check_deaf(node);
    if (node->state == STATE_DOWN && now >= node->reopen_ms)
        open_again(node);
}

/* ---- life ------------------------------------------------------------------------------------ */

void link_node_place(struct link_node *node, const struct redis_address *address, const char *why)
{
    if (node->placed && node->state != STATE_DOWN) {
        lose(node, why);
        backoff_reset(&node->backoff); /* it was not this one's fault */
    }
    redis_asker_forget(node->site->asker, node); /* answers of the former */
    node->placed = address != NULL;
    if (address)
        node->address = *address;
    node->reopen_ms = node->site->now_ms;
}

const struct redis_address *link_node_address(const struct link_node *node)
{
    return node->placed ? &node->address : NULL;
}

struct wishes *link_node_wishes(struct link_node *node)
{
    return &node->wishes;
}

void link_node_want(struct link_node *node, const char *stream, size_t len, bool wanted)
{
    if (wanted &&
        wishes_confirmed(&node->wishes, stream, len)) /* it lingered: Redis never stopped */
        node->site->events->confirmed(node->site->ctx, stream, len);
    if (wishes_note(&node->wishes, stream, len, wanted, node->site->now_ms) < 0)
        log_error("out of memory: a stream could not be subscribed", LOG_TEXT("stream", stream));
}

void link_node_slots_changed(struct link_node *node)
{
    const struct redis_topology *topology = node->site->config->topology;
    int own =
        node->placed ? redis_map_find(redis_topology_map(topology), &node->address) : REDIS_NOBODY;

    backoff_reset(&node->retries);
    node->retry_ms = node->site->now_ms;
    if (node->state < STATE_DEAF || !naming_of(node)->sharded)
        return;
    if (redis_topology_owner(topology, redis_slot(node->probe, node->probe_len)) == own)
        return;
    name_probe(node);
    node->unheard_since_ms = node->site->now_ms; /* the new one is to be heard in its time */
}

bool link_node_hears(const struct link_node *node)
{
    return node->state == STATE_HEARS;
}

bool link_node_waits(const struct link_node *node)
{
    return node->placed && node->state == STATE_DOWN && node->site->now_ms >= node->reopen_ms;
}

struct link_node *link_node_new(struct link_site *site, const struct redis_address *address)
{
    struct link_node *node = calloc(1, sizeof *node);

    if (!node)
        return NULL;
    node->site = site;
    node->backoff = (struct backoff){.first_ms = 100, .most_ms = 3000};
    node->retries = (struct backoff){.first_ms = RETRY_MS, .most_ms = RETRY_MOST_MS};
    link_node_place(node, address, "");
    node->hearing = redis_conn_new(site->loop, &node->address, &site->config->url->login,
                                   REDIS_PUBSUB, &hearing_events, node);
    if (wishes_init(&node->wishes, site->config->naming, site->config->linger_ms) < 0 ||
        !node->hearing)
        link_node_free(&node);
    return node;
}

void link_node_free(struct link_node **nodep)
{
    struct link_node *node = *nodep;

    *nodep = NULL;
    if (!node)
        return;
    redis_asker_forget(node->site->asker, node);
    redis_conn_free(&node->hearing);
    wishes_fini(&node->wishes);
    free(node);
}
