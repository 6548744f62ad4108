/* zilliqa.c - the dialect of Zilliqa's WebSocket server: requests and their answers.
 *
 *   > {"query":"NewBlock"}                             < the same, byte for byte
 *   > {"query":"EventLog","addresses":["0x…"]}
 *   > {"query":"TxnLog","addresses":["0x…"]}
 *   > {"query":"Unsubscribe","type":"NewBlock"}
 *
 * The document: "Once succsfully subscribed, server will echo the query message to the client,
 * otherwise will return error message." It has the errors as {"type":"Error","error":"…"}, the
 * server sends the bare text. Requests are read as the server's jsoncpp does: comments, text after
 * the object, the last of a repeated key.
 *
 * An Unsubscribe takes effect with the next notification, which still has the topic's data and says
 * that it was left. Asking for the topic again before that does not keep it.
 *
 * Limits. A connection may name max-subscriptions addresses, those of both topics counted
 * together; a request over that changes nothing and is answered "too many addresses".
 */
#include "gateway/dialects/zilliqa.h"
#include "gateway/client_rights.h"
#include "gateway/counters.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "gateway/client.h"
#include "gateway/dialects/dialect.h"
#include "gateway/dialects/zilliqa_request.h"
#include "gateway/gateway_settings.h"

enum {
    ADDRESS_TEXT = 2 + ZILLIQA_ADDRESS_HEX,               /* 0x… */
    NAMED_MAX = ZILLIQA_MESSAGE_MAX / (ADDRESS_TEXT + 3), /* addresses that fit in a message */
};

/* The server's words for a list of addresses it can't take. */
struct list_errors {
    const char *malformed, *none;
};

static const struct list_errors event_log_errors = {"Invalid hex address",
                                                    "no contract found in list"};
static const struct list_errors txn_log_errors = {"invalid hex address", "no valid address found"};

struct named {
    unsigned n;
    struct zilliqa_address list[NAMED_MAX];
};

static struct zilliqa *shared_of(const struct client *c)
{
    return c->host->shared[SHARED_ZILLIQA];
}

/* ---- answers -------------------------------------------------------------------------------- */

static void refuse(struct client *c, const char *why)
{
    const struct span text = {why, strlen(why)};
    const struct span parts[] = {SPAN("{\"type\":\"Error\",\"error\":\""), text, SPAN("\"}")};

    client_bad_request(c);
    if (c->profile == PROFILE_NODE)
        client_reply(c, &text, 1);
    else
        client_reply(c, parts, 3);
}

static void echo(struct client *c, struct span request)
{
    client_reply(c, &request, 1);
}

/* ---- lists of addresses --------------------------------------------------------------------- */

/* NewBlock also comes with the other topics, as the end of a block, and then needs no permission.
 */
static bool allows(struct client *c, enum zilliqa_topic topic,
                   const struct zilliqa_address *address)
{
    char name[ZILLIQA_STREAM_NAME_MAX];
    bool allowed = client_allows(c, name, zilliqa_stream_name(topic, address, name));

    c->host->counters->denied += !allowed;
    return allowed;
}

/* NULL, or what is wrong with it. What is no text is given its text by the server's jsoncpp, which
 * is no address either; of an array or object there is none. */
static const char *read_address(struct json_value value, const struct list_errors *errors,
                                struct zilliqa_address *out)
{
    char text[ADDRESS_TEXT];

    if (value.kind == JSON_ARRAY || value.kind == JSON_OBJECT)
        return "invalid address";
    if (json_decode(value, text, sizeof text) != ADDRESS_TEXT || memcmp(text, "0x", 2) != 0)
        return errors->malformed;
    return zilliqa_address_read(text + 2, ZILLIQA_ADDRESS_HEX, out) ? NULL : "invalid address";
}

/* The addresses up to the first that is malformed, without those that are no contract; NULL, or
 * what to answer. "no contract found in list, which tells the client the addresses provided are
 * all of non contract": it goes before what is malformed, while addresses before that one count. */
static const char *read_list(struct client *c, enum zilliqa_topic topic, struct json_value list,
                             struct named *named)
{
    const struct list_errors *errors =
        topic == ZILLIQA_EVENT_LOG ? &event_log_errors : &txn_log_errors;
    const char *error = NULL;

    for (struct json_iter it = json_iter(list, ZILLIQA_JSON); !error && json_next(&it);) {
        struct zilliqa_address *next = &named->list[named->n];
        if (named->n == NAMED_MAX)
            break; /* more do not fit into a message */
        error = read_address(it.value, errors, next);
        if (!error && !allows(c, topic, next))
            return "not permitted"; /* what stands before it counts */
        if (!error && (topic != ZILLIQA_EVENT_LOG ||
                       zilliqa_contracts_accept(&shared_of(c)->contracts, next)))
            named->n++;
    }
    return named->n > 0 ? error : errors->none;
}

static bool has_room(const struct client *c, const struct zilliqa_addresses *of,
                     const struct named *named)
{
    const struct zilliqa_client *z = c->dialect_state;
    uint64_t n = (uint64_t)z->of[ZILLIQA_EVENT_LOG].n + z->of[ZILLIQA_TXN_LOG].n;

    for (unsigned i = 0; i < named->n; i++)
        n += !zilliqa_addresses_have(of, &named->list[i]);
    return n <= c->host->settings->max_subscriptions;
}

/* ---- requests ------------------------------------------------------------------------------- */

static void subscribe(struct client *c, enum zilliqa_topic topic)
{
    struct zilliqa_client *z = c->dialect_state;

    z->topics |= (uint8_t)(1 << topic);
    zilliqa_place(c);
}

/* A further request of the kind adds its addresses to those that are there. */
static void subscribe_list(struct client *c, enum zilliqa_topic topic, struct json_value list,
                           struct span request)
{
    struct zilliqa_client *z = c->dialect_state;
    struct named named = {0};
    struct json_iter it = json_iter(list, ZILLIQA_JSON);

    if (list.kind != JSON_ARRAY || !json_next(&it)) {
        refuse(c, "invalid addresses field");
        return;
    }
    const char *error = read_list(c, topic, list, &named);
    if (named.n > 0 && !has_room(c, &z->of[topic], &named)) {
        refuse(c, "too many addresses");
        return;
    }
    for (unsigned i = 0; i < named.n; i++) {
        if (zilliqa_addresses_add(&z->of[topic], &named.list[i]) < 0) {
            client_close(c, CLOSE_no_memory);
            return;
        }
    }
    if (named.n > 0)
        subscribe(c, topic);
    if (error)
        refuse(c, error);
    else
        echo(c, request);
}

static bool topic_of(struct json_value name, enum zilliqa_topic *out)
{
    for (enum zilliqa_topic topic = 0; topic < ZILLIQA_TOPICS; topic++) {
        if (!json_string_is(name, zilliqa_topic_names[topic]))
            continue;
        *out = topic;
        return true;
    }
    return false;
}

static void unsubscribe(struct client *c, struct json_value type, struct span request)
{
    struct zilliqa_client *z = c->dialect_state;
    enum zilliqa_topic topic;

    if (!topic_of(type, &topic)) {
        refuse(c, "invalid type field");
        return;
    }
    z->leaving |= (uint8_t)(z->topics & 1 << topic);
    zilliqa_place(c);
    echo(c, request);
}

static void answer(struct client *c, struct json_value root, struct span request)
{
    struct json_value query = json_member(root, "query", ZILLIQA_JSON);
    enum zilliqa_topic topic;

    if (json_string_is(query, "Unsubscribe")) {
        unsubscribe(c, json_member(root, "type", ZILLIQA_JSON), request);
    } else if (!topic_of(query, &topic)) {
        refuse(c, "invalid query field");
    } else if (topic == ZILLIQA_NEW_BLOCK && !allows(c, topic, NULL)) {
        refuse(c, "not permitted");
    } else if (topic == ZILLIQA_NEW_BLOCK) {
        subscribe(c, topic);
        echo(c, request);
    } else {
        subscribe_list(c, topic, json_member(root, "addresses", ZILLIQA_JSON), request);
    }
}

static void message(struct client *c, const char *text, size_t len, bool binary)
{
    char copy[ZILLIQA_MESSAGE_MAX];
    struct json_value root;

    if (len == 0)
        return; /* as the server: somebody pressed Enter */
    zilliqa_settle(shared_of(c));
    if (zilliqa_request_read(text, len, binary, (enum profile)c->profile, copy, &root) < 0)
        refuse(c, "invalid query field");
    else
        answer(c, root, (struct span){text, len});
}

/* ---- life ----------------------------------------------------------------------------------- */

static int open_client(struct client *c, const char *path, const char *query)
{
    (void)path;
    (void)query;
    c->dialect_state = calloc(1, sizeof(struct zilliqa_client));
    return c->dialect_state ? 0 : -ENOMEM;
}

static void closed(struct client *c)
{
    struct zilliqa_client *z = c->dialect_state;

    for (int topic = 0; z && topic < ZILLIQA_TOPICS; topic++)
        zilliqa_addresses_free(&z->of[topic]);
    free(z);
    c->dialect_state = NULL;
}

/* The official client comes back by itself after an unclean end alone. */
static void drain(struct client *c)
{
    if (c->profile == PROFILE_NODE)
        client_close(c, CLOSE_drain_cut);
}

static int start(struct client_host *host)
{
    struct zilliqa *shared = calloc(1, sizeof *shared);

    if (!shared || zilliqa_chain_init(&shared->chain) < 0) {
        log_error("out of memory");
        free(shared);
        return -ENOMEM;
    }
    shared->host = host;
    zilliqa_contracts_init(&shared->contracts, host);
    list_init(&shared->told);
    host->shared[SHARED_ZILLIQA] = shared;
    return 0;
}

static void stop(struct client_host *host)
{
    struct zilliqa *shared = host->shared[SHARED_ZILLIQA];

    host->shared[SHARED_ZILLIQA] = NULL;
    if (!shared)
        return;
    zilliqa_chain_fini(&shared->chain);
    zilliqa_contracts_fini(&shared->contracts);
    text_free(&shared->scratch);
    free(shared);
}

static void tick(struct client_host *host)
{
    struct zilliqa *shared = host->shared[SHARED_ZILLIQA];

    if (!shared)
        return;
    zilliqa_contracts_tick(&shared->contracts);
    zilliqa_settle(shared);
    zilliqa_chain_tidy(&shared->chain);
}

const struct dialect dialect_zilliqa = {
    .name = "zilliqa",
    .share = SHARED_ZILLIQA,
    .start = start,
    .stop = stop,
    .tick = tick,
    .open = open_client,
    .message = message,
    .drain = drain,
    .closed = closed,
    .ping_ms = 30000, /* the server's, as is what follows */
    .pong_ms = 60000,
    .max_message = ZILLIQA_MESSAGE_MAX,
};
