/* exchange.c - the exchange's market-data dialect.
 *
 *   > {"method":"SUBSCRIBE","params":["trade.SOL_USDC"],"id":1}
 *   < {"stream":"trade.SOL_USDC","data":{…}}
 *
 * Its document: "All messages sent from the client to the server must be JSON objects with" method
 * ("SUBSCRIBE or UNSUBSCRIBE"), params ("Array of stream identifiers") and id ("number"). "Invalid
 * messages: Non-JSON or improperly formatted messages are silently ignored." There are no
 * acknowledgements: the browser client written for it breaks on them.
 *
 * Profiles. The server reads only the first of params and takes ids up to 2^32-1; `node` does the
 * same. `doc` takes all of params, and ids of 64 bits, which clients that use the time as id need.
 *
 * Beyond that server, and only for a connection that asks for it in its address: ids of messages
 * (?ids=1), gaps (?notices=1), last values (?last=1), and with ids `since`, to go on after one.
 */
#include "common/json_span.h"
#include "gateway/client.h"
#include "gateway/client_rights.h"
#include "gateway/dialects/dialect.h"
#include "gateway/dialects/stream_resume.h"
#include "gateway/dialects/stream_view.h"
#include "gateway/gateway_settings.h"

enum { NAME_MAX_BYTES = 256 }; /* longer than any valid name: what is cut here is invalid anyway */

struct request {
    bool subscribe, authenticate;
    struct json_value params;
    struct json_value since; /* kind JSON_NONE: not given, or not for this client */
};

static bool all_strings(struct json_value params)
{
    struct json_iter it = json_iter(params, JSON_STRICT);

    while (json_next(&it))
        if (it.value.kind != JSON_STRING)
            return false;
    return true;
}

static bool id_fits(struct json_value id, enum profile profile)
{
    uint64_t number;

    return json_uint64(id, &number) == 0 && (profile == PROFILE_DOC || number <= UINT32_MAX);
}

static bool read_request(const struct client *c, const char *text, size_t len, struct request *r)
{
    enum profile profile = (enum profile)c->profile;
    struct json_value root, method;

    if (json_check(text, len, JSON_UNIQUE, &root, NULL) < 0)
        return false;
    method = json_member(root, "method", JSON_UNIQUE);
    r->params = json_member(root, "params", JSON_UNIQUE);
    r->subscribe = json_string_is(method, "SUBSCRIBE");
    r->authenticate = json_string_is(method, "AUTH");
    if (!r->subscribe && !r->authenticate && !json_string_is(method, "UNSUBSCRIBE"))
        return false;
    if (c->stream_options & FORM_IDS)
        r->since = json_member(root, "since", JSON_UNIQUE);
    return stream_since_check(r->since) == 0 &&
           id_fits(json_member(root, "id", JSON_UNIQUE), profile) && r->params.kind == JSON_ARRAY &&
           all_strings(r->params);
}

/* A name that may not be asked for is passed over like every other bad input. */
static void apply(struct client *c, const struct request *r, struct json_value value)
{
    char name[NAME_MAX_BYTES + 1];
    struct stream_id id;
    int len = json_decode(value, name, NAME_MAX_BYTES);

    if (len < 0 || !gateway_stream_allowed(c->host->settings, name, (size_t)len)) {
        client_bad_request(c);
        return;
    }
    name[len] = '\0';
    if (r->subscribe) /* -EEXIST: delivered once all the same */
        (void)stream_view_join(c, name, (size_t)len, true, stream_since(r->since, name, &id));
    else
        (void)stream_view_leave(c, name, (size_t)len, true);
}

/* {"method":"AUTH","params":["<token>"],"id":1}: a new token before the old one expires. There is
 * no answer, as to everything else; what is wrong is counted. */
static void renew(struct client *c, struct json_iter *params)
{
    const char *token;
    size_t len;

    if (json_next(params) && json_string_plain(params->value, &token, &len))
        (void)client_rights_renew(c, token, len);
    else
        client_bad_request(c);
}

static void message(struct client *c, const char *text, size_t len, bool binary)
{
    struct request r = {0};

    if (binary || !read_request(c, text, len, &r)) {
        client_bad_request(c);
        return;
    }
    struct json_iter it = json_iter(r.params, JSON_STRICT);
    if (r.authenticate) {
        renew(c, &it);
        return;
    }
    while (json_next(&it)) {
        apply(c, &r, it.value);
        if (c->profile == PROFILE_NODE)
            return;
    }
}

static int open_client(struct client *c, const char *path, const char *query)
{
    (void)path;
    c->stream_options |= (uint8_t)stream_options(query);
    return 0;
}

const struct dialect dialect_exchange = {.name = "exchange",
                                         .share = SHARED_STREAMS,
                                         .start = stream_resume_start,
                                         .stop = stream_resume_stop,
                                         .tick = stream_resume_tick,
                                         .open = open_client,
                                         .message = message,
                                         .dropped = stream_view_dropped,
                                         .deflate = true};
