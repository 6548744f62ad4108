/* nano_upstream.c - a client of a Nano node's WebSocket.
 *
 *   nano=ws://[::1]:7078[,topic=NAME ...][,account=nano_... ...][,confirmations=TYPE][,votes=off]
 *
 * Asks for every topic there is, or those named. Every request wants an acknowledgement, since the
 * node has no error messages: it does not answer for a topic that it does not know, as older and
 * newer nodes do not all know the same; that is logged, and the others go on. The node sends no
 * pings, so it is asked for a pong in its own protocol every 15 s. It numbers nothing and keeps
 * nothing: what happened while the connection was lost is a gap, by time.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/nano_account.h"
#include "publisher/sources/upstream.h"

enum { TOPICS = 9, PING_MS = 15000, ANSWER_MS = 10000, ACCOUNTS_MAX = 10000 };

static const char *const topic_names[TOPICS] = {
    "confirmation", "vote",      "started_election",      "stopped_election", "active_difficulty",
    "work",         "telemetry", "new_unconfirmed_block", "bootstrap"};

static const char *const confirmation_types[] = {
    "all", "active", "active_quorum", "active_confirmation_height", "inactive", NULL};

struct nano {
    struct upstream upstream;
    bool chosen[TOPICS], any_chosen, without_votes;
    const char *confirmations;
    struct text accounts; /* quoted, with commas between */
    unsigned n_accounts;
    bool awaited[TOPICS]; /* acknowledgements */
    uint64_t asked_ms, pinged_ms;
};

/* ---- what we ask ----------------------------------------------------------------------------- */

static void add_confirmation_options(const struct nano *n, struct text *t)
{
    const char *votes = n->without_votes ? "false" : "true";

    text_add(t,
             ",\"options\":{\"confirmation_type\":\"%s\",\"include_block\":true,"
             "\"include_election_info\":true,\"include_election_info_with_votes\":%s,"
             "\"include_sideband_info\":true",
             n->confirmations, votes);
    if (n->n_accounts > 0)
        text_add(t, ",\"accounts\":[%s]", n->accounts.at);
    text_add(t, "}");
}

static void subscribe(struct nano *n, size_t topic)
{
    struct text t = {0};

    text_add(&t, "{\"action\":\"subscribe\",\"topic\":\"%s\",\"ack\":true,\"id\":\"%s\"",
             topic_names[topic], topic_names[topic]);
    if (topic == 0)
        add_confirmation_options(n, &t);
    text_add(&t, "}");
    if (t.failed)
        upstream_drop(&n->upstream, "out of memory");
    else
        upstream_send(&n->upstream, t.at, t.len);
    text_free(&t);
}

static void begin(struct upstream *u)
{
    struct nano *n = (struct nano *)u;

    n->asked_ms = n->pinged_ms = uv_now(u->source.host->loop);
    for (size_t i = 0; i < TOPICS; i++) {
        n->awaited[i] = !n->any_chosen || n->chosen[i];
        if (n->awaited[i])
            subscribe(n, i);
    }
}

static void miss_answers(struct nano *n)
{
    n->asked_ms = 0;
    for (size_t i = 0; i < TOPICS; i++)
        if (n->awaited[i])
            log_info("the node does not acknowledge a topic, so it may not know it",
                     LOG_TEXT("source", n->upstream.label), LOG_TEXT("topic", topic_names[i]));
}

static void tick(struct upstream *u, uint64_t now_ms)
{
    static const char ping[] = "{\"action\":\"ping\"}";
    struct nano *n = (struct nano *)u;

    if (n->asked_ms && now_ms - n->asked_ms >= ANSWER_MS)
        miss_answers(n);
    if (now_ms - n->pinged_ms < PING_MS)
        return;
    n->pinged_ms = now_ms;
    upstream_send(u, ping, sizeof ping - 1);
}

/* An acknowledgement has no topic; its id is the one it was asked with. */
static bool take(struct upstream *u, struct json_value message)
{
    struct nano *n = (struct nano *)u;
    struct json_value id = json_member(message, "id", JSON_STRICT);

    if (json_member(message, "topic", JSON_STRICT).kind != JSON_NONE ||
        json_member(message, "ack", JSON_STRICT).kind == JSON_NONE)
        return true;
    for (size_t i = 0; i < TOPICS; i++)
        if (json_string_is(id, topic_names[i]))
            n->awaited[i] = false;
    return false;
}

/* ---- options --------------------------------------------------------------------------------- */

static int choose_topic(struct nano *n, const char *value, char error[SOURCE_ERROR_MAX])
{
    int at = snprintf(error, SOURCE_ERROR_MAX, "topic: one of");

    for (size_t i = 0; i < TOPICS; i++) {
        at += snprintf(error + at, SOURCE_ERROR_MAX - (size_t)at, " %s", topic_names[i]);
        if (value && strcmp(value, topic_names[i]) == 0) {
            n->chosen[i] = n->any_chosen = true;
            return 0;
        }
    }
    return -EINVAL;
}

static int choose_confirmations(struct nano *n, const char *value, char error[SOURCE_ERROR_MAX])
{
    for (const char *const *type = confirmation_types; *type; type++) {
        if (value && strcmp(value, *type) == 0) {
            n->confirmations = *type;
            return 0;
        }
    }
    snprintf(error, SOURCE_ERROR_MAX,
             "confirmations: one of all active active_quorum active_confirmation_height inactive");
    return -EINVAL;
}

/* A node takes an account it cannot read for none, and says nothing: so it is refused here. */
static int add_account(struct nano *n, const char *value, char error[SOURCE_ERROR_MAX])
{
    struct nano_key key;

    if (!value || nano_account_read(value, strlen(value), &key) < 0) {
        snprintf(error, SOURCE_ERROR_MAX, "account '%.70s': no Nano account", value ? value : "");
        return -EINVAL;
    }
    if (++n->n_accounts > ACCOUNTS_MAX) {
        snprintf(error, SOURCE_ERROR_MAX, "account: more than %d of them", ACCOUNTS_MAX);
        return -EINVAL;
    }
    text_add(&n->accounts, "%s\"%s\"", n->n_accounts > 1 ? "," : "", value);
    return n->accounts.failed ? -ENOMEM : 0;
}

static int option(struct upstream *u, const char *name, const char *value,
                  char error[SOURCE_ERROR_MAX])
{
    struct nano *n = (struct nano *)u;

    if (strcmp(name, "topic") == 0)
        return choose_topic(n, value, error);
    if (strcmp(name, "account") == 0)
        return add_account(n, value, error);
    if (strcmp(name, "confirmations") == 0)
        return choose_confirmations(n, value, error);
    if (strcmp(name, "votes") != 0)
        return -ENOENT;
    n->without_votes = value && strcmp(value, "off") == 0;
    if (n->without_votes || (value && strcmp(value, "on") == 0))
        return 0;
    snprintf(error, SOURCE_ERROR_MAX, "votes: on or off");
    return -EINVAL;
}

static int ready(struct upstream *u, char error[SOURCE_ERROR_MAX])
{
    struct nano *n = (struct nano *)u;

    (void)error;
    if (!n->confirmations)
        n->confirmations = confirmation_types[0];
    return 0;
}

static void fini(struct upstream *u)
{
    text_free(&((struct nano *)u)->accounts);
}

static const struct upstream_kind kind = {.name = "nano",
                                          .gap_stream = "nano.gap",
                                          .options = "topic=NAME, account=ACCOUNT, "
                                                     "confirmations=TYPE, votes=off",
                                          .path = "/",
                                          .normaliser = &nano_normaliser,
                                          .size = sizeof(struct nano),
                                          .silent_ms = 40000,
                                          .option = option,
                                          .ready = ready,
                                          .begin = begin,
                                          .tick = tick,
                                          .take = take,
                                          .fini = fini};

static int open_nano(const struct source_host *host, const char *argument, const char *options,
                     struct source **source, char error[SOURCE_ERROR_MAX])
{
    return upstream_open(&kind, host, argument, options, source, error);
}

const struct source_kind nano_source = {.name = "nano", .open = open_nano};
