/* auto.c - a connection whose dialect the first message tells.
 *
 * On "/" an object with `method` and an array in `params` is the exchange's dialect; on "/ws", the
 * endpoint of the Binance form, whatever is not recognisably another dialect's is the Binance
 * form's, so that its errors are answered. On both, `query` is Zilliqa's, `type` without `method` is Drift's. Anything
 * else is met with silence until the deadline
 * for the first subscription.
 */
#include "common/json_span.h"
#include "gateway/client.h"
#include "gateway/dialects/dialect.h"
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
    if (dialect->max_message && len > dialect->max_message)
        client_close(c, CLOSE_message_too_big);
    else if (dialect->open && dialect->open(c, path, "") < 0)
        client_close(c, CLOSE_no_memory);
    else
        dialect->message(c, text, len, binary);
    client_tick(c); /* the new dialect's times begin */
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
    static const char *const others[] = {"action", "jsonrpc"};
    struct json_value root;

    if (zilliqa_request_is(text, len, binary, (enum profile)c->profile)) {
        hand_over(c, &dialect_zilliqa, "/ws", text, len, binary);
        return;
    }
    if (json_check(text, len, JSON_STRICT, &root, NULL) == 0 && !has(root, "method")) {
        if (is_drift(root)) {
            hand_over(c, &dialect_drift, "/ws", text, len, binary);
            return;
        }
        for (size_t i = 0; i < sizeof others / sizeof *others; i++)
            if (has(root, others[i])) {
                client_bad_request(c);
                return;
            }
    }
    hand_over(c, &dialect_binance, "/ws", text, len, binary);
}

const struct dialect dialect_auto = {.name = "auto", .message = message};
const struct dialect dialect_auto_ws = {.name = "auto", .message = message_ws};
