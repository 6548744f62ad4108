/* auto.c - a connection whose dialect the first message tells.
 *
 * On "/" an object with `method` and an array in `params` is the exchange's dialect; on "/ws", the
 * endpoint of the Binance form, whatever is not recognisably another dialect's is the Binance
 * form's, so that its errors are answered. On both, `query` is Zilliqa's; `action` is Nano's and
 * `type` is Drift's where there is no `method`. Anything else is met with silence until the
 * deadline for the first subscription.
 */
#include "common/json_span.h"
#include "gateway/client.h"
#include "gateway/dialects/dialect.h"
#include "gateway/dialects/stream_form.h"
#include "gateway/dialects/zilliqa_request.h"

static bool has(struct json_value object, const char *key)
{
    return json_member(object, key, JSON_STRICT).kind != JSON_NONE;
}

static void hand_over(struct client *c, const struct dialect *dialect, const char *path,
                      const char *text, size_t len, bool binary)
{
    c->dialect = dialect;
    c->beat_ms = c->host->now_ms + dialect->beat_interval_ms;
    client_heard(c);
    size_t most =
        dialect->message_max ? dialect->message_max(c->host->settings) : dialect->max_message;
    if (most && len > most)
        client_close(c, CLOSE_message_too_big);
    else if (dialect->open && dialect->open(c, path, "") < 0)
        client_close(c, CLOSE_no_memory);
    else
        dialect->message(c, text, len, binary);
    client_tick(c); /* the new dialect's times begin */
}

/* Of several requests the first tells. */
static bool is_injective(struct json_value root)
{
    struct json_iter it = json_iter(root, JSON_STRICT);

    if (root.kind == JSON_ARRAY)
        return json_next(&it) && has(it.value, "jsonrpc");
    return has(root, "jsonrpc") || json_member(root, "params", JSON_STRICT).kind == JSON_OBJECT;
}

static bool is_drift(struct json_value root)
{
    return has(root, "type") && !has(root, "method");
}

static void message(struct client *c, const char *text, size_t len, bool binary)
{
    struct json_value root;

    if (zilliqa_request_is(text, len, binary, (enum profile)c->profile))
        hand_over(c, &dialect_zilliqa, "/", text, len, binary);
    else if (json_check(text, len, JSON_STRICT, &root, NULL) < 0)
        client_bad_request(c);
    else if (is_injective(root))
        hand_over(c, &dialect_injective, "/", text, len, binary);
    else if (has(root, "action") && !has(root, "method"))
        hand_over(c, &dialect_nano, "/", text, len, binary);
    else if (is_drift(root))
        hand_over(c, &dialect_drift, "/", text, len, binary);
    else if (!binary && has(root, "method") &&
             json_member(root, "params", JSON_STRICT).kind == JSON_ARRAY)
        hand_over(c, &dialect_exchange, "/", text, len, binary);
    else
        client_bad_request(c);
}

static void message_ws(struct client *c, const char *text, size_t len, bool binary)
{
    struct json_value root;
    bool valid = json_check(text, len, JSON_STRICT, &root, NULL) == 0;

    if (zilliqa_request_is(text, len, binary, (enum profile)c->profile)) {
        hand_over(c, &dialect_zilliqa, "/ws", text, len, binary);
        return;
    }
    if (valid && is_injective(root)) {
        hand_over(c, &dialect_injective, "/ws", text, len, binary);
        return;
    }
    if (valid && !has(root, "method")) {
        if (has(root, "action")) {
            hand_over(c, &dialect_nano, "/ws", text, len, binary);
            return;
        }
        if (is_drift(root)) {
            hand_over(c, &dialect_drift, "/ws", text, len, binary);
            return;
        }
    }
    hand_over(c, &dialect_binance, "/ws", text, len, binary);
}

/* What the exchange and Binance forms take from the query. */
static int open_client(struct client *c, const char *path, const char *query)
{
    (void)path;
    c->stream_options = (uint8_t)stream_options(query);
    return 0;
}

const struct dialect dialect_auto = {.name = "auto", .open = open_client, .message = message};
const struct dialect dialect_auto_ws = {.name = "auto", .open = open_client, .message = message_ws};
