/* nano.c - the normaliser for a Nano node's WebSocket, subscribed to everything.
 *
 *   {"topic":T,"time":"…","message":{…}}    nano.<T>, word for word, and the streams below
 *   {"ack":"subscribe","time":"…"}          the answer to a request: no event
 *
 *   confirmation of a state block    nano.confirmation.account.<nano_…> for its account and for the
 *                                    account of its link, once where they are the same
 *   vote                             nano.vote.representative.<nano_…>
 *
 * Blocks of the older kinds have no link as an account; the node sends them to nobody who asked by
 * account, so they are on nano.confirmation alone.
 *
 * Tags: a confirmation's is the block's hash, and so is a new block's. A vote is known by account,
 * timestamp, blocks and type, telemetry by node and timestamp: their tag is a digest of these. The
 * other topics have none: they may rightly say the same thing twice.
 */
#include <blake2.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/message.h"
#include "common/nano_account.h"
#include "common/stream_name.h"
#include "publisher/sources/normaliser.h"

enum { DIGEST_BYTES = 16 };

enum tag_kind { TAG_NONE, TAG_HASH, TAG_OUTER_HASH, TAG_VOTE, TAG_TELEMETRY };

static const struct topic {
    const char *name;
    enum tag_kind tag;
    enum event_history history;
} topics[] = {
    {"confirmation", TAG_HASH, EVENT_HISTORY_STREAM},
    {"vote", TAG_VOTE, EVENT_HISTORY_NONE},
    {"stopped_election", TAG_NONE, EVENT_HISTORY_STREAM},
    {"started_election", TAG_NONE, EVENT_HISTORY_STREAM},
    {"active_difficulty", TAG_NONE, EVENT_HISTORY_NONE},
    {"work", TAG_NONE, EVENT_HISTORY_NONE},
    {"telemetry", TAG_TELEMETRY, EVENT_HISTORY_NONE},
    {"new_unconfirmed_block", TAG_OUTER_HASH, EVENT_HISTORY_STREAM},
    {"bootstrap", TAG_NONE, EVENT_HISTORY_STREAM},
};

static struct json_value member(struct json_value object, const char *key)
{
    return json_member(object, key, JSON_STRICT);
}

/* ---- tags ------------------------------------------------------------------------------------ */

static void tag_with(struct json_value hash, struct event *event)
{
    const char *at;
    size_t len;

    if (!json_string_plain(hash, &at, &len) || !message_tag_valid(at, len))
        return;
    event->tag = at;
    event->tag_len = len;
}

/* With their quotes, so that they can't run together; blanks within a list do not count. */
static void digest_part(blake2b_state *state, struct json_value part)
{
    struct json_iter it = json_iter(part, JSON_STRICT);

    if (part.kind != JSON_ARRAY) {
        blake2b_update(state, (const uint8_t *)part.at, part.len);
        return;
    }
    blake2b_update(state, (const uint8_t *)"[", 1);
    for (bool first = true; json_next(&it); first = false) {
        if (!first)
            blake2b_update(state, (const uint8_t *)",", 1);
        blake2b_update(state, (const uint8_t *)it.value.at, it.value.len);
    }
    blake2b_update(state, (const uint8_t *)"]", 1);
}

static void tag_with_digest(struct json_value message, const char *const names[], size_t n,
                            char buf[2 * DIGEST_BYTES + 1], struct event *event)
{
    unsigned char digest[DIGEST_BYTES];
    blake2b_state state;

    blake2b_init(&state, sizeof digest);
    for (size_t i = 0; i < n; i++) {
        struct json_value part = member(message, names[i]);
        if (part.kind != JSON_NONE)
            digest_part(&state, part);
    }
    blake2b_final(&state, digest, sizeof digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(buf + 2 * i, 3, "%02x", digest[i]);
    event->tag = buf;
    event->tag_len = 2 * DIGEST_BYTES;
}

static void tag(struct json_value root, struct json_value message, enum tag_kind kind,
                char buf[2 * DIGEST_BYTES + 1], struct event *event)
{
    static const char *const of_vote[] = {"account", "timestamp", "sequence", "blocks", "type"};
    static const char *const of_telemetry[] = {"node_id", "timestamp"};

    switch (kind) {
    case TAG_NONE: return;
    case TAG_HASH: tag_with(member(message, "hash"), event); return;
    case TAG_OUTER_HASH: tag_with(member(root, "hash"), event); return;
    case TAG_VOTE: tag_with_digest(message, of_vote, 5, buf, event); return;
    case TAG_TELEMETRY: tag_with_digest(message, of_telemetry, 2, buf, event); return;
    }
}

/* ---- streams --------------------------------------------------------------------------------- */

/* The event on "<stream>.<account>", where that is an account. */
static bool account_of(struct json_value value, struct nano_key *key)
{
    const char *at;
    size_t len;

    return json_string_plain(value, &at, &len) && nano_account_read(at, len, key) == 0;
}

static void emit_for(const struct nano_key *key, const char *stream, struct event event,
                     event_fn *emit, void *ctx)
{
    char account[NANO_ACCOUNT_LEN + 1], value[STREAM_VALUE_MAX + 1], name[STREAM_NAME_MAX + 1];

    nano_account_write(key, account);
    stream_name_encode(account, NANO_ACCOUNT_LEN, value);
    event.stream = name;
    event.stream_len = (size_t)snprintf(name, sizeof name, "%s.%s", stream, value);
    emit(ctx, &event);
}

static void emit_to_accounts(struct json_value message, const struct event *event, event_fn *emit,
                             void *ctx)
{
    static const char stream[] = "nano.confirmation.account";
    struct nano_key account, link;
    bool has_account = account_of(member(message, "account"), &account);
    struct json_value linked = member(member(message, "block"), "link_as_account");

    struct event by_account = *event;
    by_account.history = EVENT_HISTORY_ENTITY;
    if (linked.kind == JSON_NONE)
        return;
    if (has_account)
        emit_for(&account, stream, by_account, emit, ctx);
    if (account_of(linked, &link) && !(has_account && nano_key_compare(&account, &link) == 0))
        emit_for(&link, stream, by_account, emit, ctx);
}

static void emit_all(const struct topic *topic, struct json_value message, struct event *event,
                     event_fn *emit, void *ctx)
{
    char name[STREAM_NAME_MAX + 1];
    struct nano_key representative;

    event->stream = name;
    event->stream_len = (size_t)snprintf(name, sizeof name, "nano.%s", topic->name);
    event->history = topic->history;
    emit(ctx, event);
    event->time_ms = 0; /* told once a message */
    if (topic->tag == TAG_HASH)
        emit_to_accounts(message, event, emit, ctx);
    else if (topic->tag == TAG_VOTE && account_of(member(message, "account"), &representative))
        emit_for(&representative, "nano.vote.representative", *event, emit, ctx);
}

/* ---- the message ----------------------------------------------------------------------------- */

static const struct topic *topic_of(struct json_value name)
{
    for (size_t i = 0; i < sizeof topics / sizeof *topics; i++)
        if (json_string_is(name, topics[i].name))
            return &topics[i];
    return NULL;
}

static int normalise(struct json_value root, event_fn *emit, void *ctx, const char **why)
{
    struct json_value name = member(root, "topic"), message = member(root, "message");
    struct event event = {.data = root.at, .data_len = root.len};
    const struct topic *topic = topic_of(name);
    char buf[2 * DIGEST_BYTES + 1];

    normaliser_take_time(&event, member(root, "time"), 1000);
    if (name.kind == JSON_NONE && member(root, "ack").kind != JSON_NONE)
        return 0;
    *why = "message: no topic of a Nano node";
    if (!topic)
        return -EBADMSG;
    *why = "message: no object in message";
    if (message.kind != JSON_OBJECT)
        return -EBADMSG;
    tag(root, message, topic->tag, buf, &event);
    emit_all(topic, message, &event, emit, ctx);
    return 0;
}

const struct normaliser nano_normaliser = {.name = "nano", .normalise = normalise};
