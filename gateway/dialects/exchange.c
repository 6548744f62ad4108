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
 */
#include "common/json_span.h"
#include "gateway/client.h"
#include "gateway/dialects/dialect.h"
#include "gateway/dialects/stream_view.h"
#include "gateway/gateway_settings.h"

enum { NAME_MAX_BYTES = 256 }; /* longer than any valid name: what is cut here is invalid anyway */

struct request {
    bool subscribe;
    struct json_value params;
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

static bool read_request(const char *text, size_t len, enum profile profile, struct request *r)
{
    struct json_value root, method;

    if (json_check(text, len, JSON_UNIQUE, &root, NULL) < 0)
        return false;
    method = json_member(root, "method", JSON_UNIQUE);
    r->params = json_member(root, "params", JSON_UNIQUE);
    r->subscribe = json_string_is(method, "SUBSCRIBE");
    if (!r->subscribe && !json_string_is(method, "UNSUBSCRIBE"))
        return false;
    return id_fits(json_member(root, "id", JSON_UNIQUE), profile) && r->params.kind == JSON_ARRAY &&
           all_strings(r->params);
}

/* A name that may not be asked for is passed over like every other bad input. */
static void apply(struct client *c, bool subscribe, struct json_value value)
{
    char name[NAME_MAX_BYTES];
    int len = json_decode(value, name, sizeof name);

    if (len < 0 || !gateway_stream_allowed(c->host->settings, name, (size_t)len))
        client_bad_request(c);
    else if (subscribe)
        (void)stream_view_join(c, name, (size_t)len,
                               true); /* -EEXIST: delivered once all the same */
    else
        (void)stream_view_leave(c, name, (size_t)len, true);
}

static void message(struct client *c, const char *text, size_t len, bool binary)
{
    struct request r;

    if (binary || !read_request(text, len, (enum profile)c->profile, &r)) {
        client_bad_request(c);
        return;
    }
    struct json_iter it = json_iter(r.params, JSON_STRICT);
    while (json_next(&it)) {
        apply(c, r.subscribe, it.value);
        if (c->profile == PROFILE_NODE)
            return;
    }
}

const struct dialect dialect_exchange = {.name = "exchange", .message = message, .deflate = true};
