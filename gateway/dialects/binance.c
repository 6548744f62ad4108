/* binance.c - the Binance form: combined and raw streams, with acknowledgements and errors.
 *
 *   GET /stream?streams=a/b     {"stream":"a","data":…}     GET /ws/a     bare payloads
 *   > {"method":"SUBSCRIBE","params":["a"],"id":1}
 *   < {"result":null,"id":1}
 *
 * Methods, error texts and limits are those of Binance's public "WebSocket Market Streams" page,
 * which gives the errors without the request's id, but for "Unknown property". A stream that
 * cannot be subscribed to is answered in the form that ccxt expects, with the id.
 *
 * Beyond that page, for a connection that asks for it in its address: see exchange.c.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/json_span.h"
#include "common/stream_name.h"
#include "common/text.h"
#include "gateway/client.h"
#include "gateway/client_rights.h"
#include "gateway/counters.h"
#include "gateway/dialects/binance_answer.h"
#include "gateway/dialects/dialect.h"
#include "gateway/dialects/stream_view.h"
#include "gateway/gateway_settings.h"
#include "gateway/view.h"

enum { NAME_MAX_BYTES = 256, ID_TEXT_MAX = 36, METHOD_SHOWN_MAX = 64 };

struct state {
    bool combined;
};

static struct state *state_of(struct client *c)
{
    return c->dialect_state;
}

/* ---- the handshake -------------------------------------------------------------------------- */

static bool below(const char *path, const char *endpoint)
{
    size_t len = strlen(endpoint);

    return strncmp(path, endpoint, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

/* The stream names of a handshake, separated by '/': after /ws/, or streams= of the query. */
static const char *requested(const char *path, const char *query, size_t *len)
{
    const char *streams = NULL;

    if (below(path, "/ws")) {
        streams = path + strlen("/ws");
        *len = strlen(streams);
        return streams;
    }
    for (const char *at = query; at; at = strchr(at, '&')) {
        at += *at == '&';
        if (strncmp(at, "streams=", 8) == 0)
            streams = at + 8;
        if (streams || !*at)
            break;
    }
    *len = streams ? strcspn(streams, "&") : 0;
    return streams ? streams : "";
}

/* ccxt numbers its connections: /ws/0, /ws/1; a number names no stream. */
static bool is_index(const char *name, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!isdigit((unsigned char)name[i]))
            return false;
    return true;
}

/* Step through names; false at the end. */
static bool next_name(const char **at, const char *end, const char **name, size_t *len)
{
    while (*at < end) {
        const char *slash = memchr(*at, '/', (size_t)(end - *at));
        *name = *at;
        *len = (size_t)((slash ? slash : end) - *at);
        *at = slash ? slash + 1 : end;
        if (*len > 0 && !is_index(*name, *len))
            return true;
    }
    return false;
}

static int admit(const struct gateway_settings *s, const char *path, const char *query, char *why,
                 size_t cap)
{
    size_t len, n = 0;
    const char *at = requested(path, query, &len), *end = at + len, *name;

    while (next_name(&at, end, &name, &len)) {
        if (!gateway_stream_allowed(s, name, len)) {
            snprintf(why, cap, "streams: '%.*s' is no stream that is served here",
                     (int)(len < 100 ? len : 100), name);
            return 400;
        }
        if (++n > s->max_subscriptions) {
            snprintf(why, cap, "streams: more than %" PRIu64 " of them", s->max_subscriptions);
            return 400;
        }
    }
    return 0;
}

static int open_client(struct client *c, const char *path, const char *query)
{
    size_t len;
    const char *at = requested(path, query, &len), *end = at + len, *name;
    struct state *state = calloc(1, sizeof *state);

    if (!state)
        return -ENOMEM;
    state->combined = !below(path, "/ws");
    c->dialect_state = state;
    c->stream_options |= (uint8_t)stream_options(query);
    while (next_name(&at, end, &name, &len))
        if (stream_view_join(c, name, len, state->combined, NULL) == -ENOMEM)
            return -ENOMEM;
    return 0;
}

static void closed(struct client *c)
{
    free(c->dialect_state);
    c->dialect_state = NULL;
}

/* ---- requests ------------------------------------------------------------------------------- */

/* "id: signed 64-bit int, or alphanumeric string of at most 36, or null". */
static bool id_valid(struct json_value id)
{
    const char *at;
    size_t len;
    int64_t number;

    if (id.kind == JSON_NULL)
        return true;
    if (id.kind == JSON_NUMBER)
        return json_int64(id, &number) == 0;
    if (!json_string_plain(id, &at, &len) || len > ID_TEXT_MAX)
        return false;
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)at[i]) && at[i] != '-' && at[i] != '_')
            return false;
    return true;
}

static int name_of(const struct client *c, struct json_value value, char name[NAME_MAX_BYTES])
{
    int len = json_decode(value, name, NAME_MAX_BYTES);

    return len >= 0 && gateway_stream_allowed(c->host->settings, name, (size_t)len) ? len : -EINVAL;
}

/* All or nothing: returns false when the request was refused. How many names are new to the client
 * is counted too high when one stands twice in the request; that only matters at the limit. */
static bool check_names(struct client *c, const struct binance_request *r)
{
    uint64_t wanted = c->n_memberships;
    struct json_iter it = json_iter(r->params, JSON_STRICT);
    char name[NAME_MAX_BYTES];

    while (json_next(&it)) {
        int len = name_of(c, it.value, name);
        if (len < 0) {
            binance_refuse_with_id(c, r, "invalid stream");
            return false;
        }
        if (!client_allows(c, name, (size_t)len)) {
            c->host->counters->denied++;
            binance_refuse_with_id(c, r, "stream not permitted");
            return false;
        }
        wanted += !stream_view_has(c, name, (size_t)len, state_of(c)->combined);
    }
    if (wanted <= c->host->settings->max_subscriptions)
        return true;
    binance_refuse_with_id(c, r, "too many subscriptions");
    return false;
}

static void subscribe(struct client *c, const struct binance_request *r)
{
    struct json_iter it = json_iter(r->params, JSON_STRICT);
    char name[NAME_MAX_BYTES + 1];
    struct stream_id id;

    if (r->params.kind != JSON_ARRAY) {
        binance_refuse_missing(c, r, "params");
        return;
    }
    if (stream_since_check(r->since) < 0) {
        binance_refuse_with_id(c, r, "invalid since");
        return;
    }
    if (!check_names(c, r))
        return;
    binance_result(c, r, SPAN("null"));
    while (json_next(&it)) {
        int len = name_of(c, it.value, name);
        name[len] = '\0';
        (void)stream_view_join(c, name, (size_t)len, state_of(c)->combined,
                               stream_since(r->since, name, &id));
    }
}

static void unsubscribe(struct client *c, const struct binance_request *r)
{
    struct json_iter it = json_iter(r->params, JSON_STRICT);
    char name[NAME_MAX_BYTES];

    if (r->params.kind != JSON_ARRAY) {
        binance_refuse_missing(c, r, "params");
        return;
    }
    while (json_next(&it)) {
        int len = name_of(c, it.value, name);
        if (len >= 0)
            (void)stream_view_leave(c, name, (size_t)len, state_of(c)->combined);
    }
    binance_result(c, r, SPAN("null"));
}

/* Ours, not Binance's: a new token before the old one expires. */
static void authenticate(struct client *c, const struct binance_request *r)
{
    struct json_iter it = json_iter(r->params, JSON_STRICT);
    const char *token;
    size_t len;

    if (json_next(&it) && json_string_plain(it.value, &token, &len) &&
        client_rights_renew(c, token, len))
        binance_result(c, r, SPAN("null"));
    else
        binance_refuse_with_id(c, r, "credentials");
}

static void list_subscriptions(struct client *c, const struct binance_request *r)
{
    struct text t = {0};
    struct member *member;
    const char *comma = "";

    text_add(&t, "{\"result\":[");
    list_each (member, &c->memberships, in_client) {
        text_add(&t, "%s\"%s\"", comma, stream_view_name(member));
        comma = ",";
    }
    text_add(&t, "],\"id\":");
    text_add_bytes(&t, r->id.at, r->id.len);
    text_add(&t, "}");
    binance_reply(c, &t);
}

/* Every subscription moves to the view of the other form, in the same order. */
static void set_combined(struct client *c, bool combined)
{
    struct member *member, *next;
    struct list old;

    if (state_of(c)->combined == combined)
        return;
    state_of(c)->combined = combined;
    list_init(&old);
    list_each_safe (member, next, &c->memberships, in_client) {
        list_remove(&member->in_client);
        list_append(&old, &member->in_client);
    }
    list_each_safe (member, next, &old, in_client) {
        const char *name = stream_view_name(member);
        if (stream_view_change(c, name, strlen(name), combined) < 0)
            client_close(c, CLOSE_no_memory);
    }
}

/* The params of SET_PROPERTY and GET_PROPERTY: false when the request was refused. */
static bool read_property(struct client *c, const struct binance_request *r, size_t most,
                          struct json_value *value)
{
    struct json_value params[3] = {0};
    struct json_iter it = json_iter(r->params, JSON_STRICT);
    size_t n = 0;

    while (n < 3 && json_next(&it))
        params[n++] = it.value;
    *value = params[1];
    if (n > most) {
        binance_refuse(c, 2, "Invalid request: too many parameters");
    } else if (params[0].kind != JSON_STRING) {
        binance_refuse(c, 2, "Invalid request: property name must be a string");
    } else if (!json_string_is(params[0], "combined")) {
        const struct span parts[] = {SPAN("{\"code\":0,\"msg\":\"Unknown property\",\"id\":"),
                                     {r->id.at, r->id.len},
                                     SPAN("}")};
        client_bad_request(c);
        client_reply(c, parts, 3);
    } else {
        return true;
    }
    return false;
}

static void set_property(struct client *c, const struct binance_request *r)
{
    struct json_value value;

    if (!read_property(c, r, 2, &value))
        return;
    if (value.kind != JSON_TRUE && value.kind != JSON_FALSE) {
        binance_refuse(c, 1, "Invalid value type: expected Boolean");
        return;
    }
    set_combined(c, value.kind == JSON_TRUE);
    binance_result(c, r, SPAN("null"));
}

static void get_property(struct client *c, const struct binance_request *r)
{
    struct json_value value;

    if (read_property(c, r, 1, &value))
        binance_result(c, r, state_of(c)->combined ? SPAN("true") : SPAN("false"));
}

static const struct method {
    const char *name;
    void (*handle)(struct client *c, const struct binance_request *r);
} methods[] = {
    {"SUBSCRIBE", subscribe},
    {"UNSUBSCRIBE", unsubscribe},
    {"LIST_SUBSCRIPTIONS", list_subscriptions},
    {"SET_PROPERTY", set_property},
    {"GET_PROPERTY", get_property},
};

static const struct method *method_of(const struct client *c, struct json_value value)
{
    static const struct method renewal = {"AUTH", authenticate};

    if (client_rights_asked(c) && json_string_is(value, renewal.name))
        return &renewal;
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (json_string_is(value, methods[i].name))
            return &methods[i];
    return NULL;
}

static void refuse_method(struct client *c, const char *text, struct json_value method)
{
    char shown[METHOD_SHOWN_MAX], msg[256];
    int len = json_decode(method, shown, sizeof shown);

    snprintf(msg, sizeof msg,
             "Invalid request: unknown variant `%.*s`, expected one of `SUBSCRIBE`, `UNSUBSCRIBE`, "
             "`LIST_SUBSCRIPTIONS`, `SET_PROPERTY`, `GET_PROPERTY`",
             len < 0 ? 0 : len, shown);
    binance_refuse_at(c, 2, msg, text, (size_t)(method.at + method.len - 1 - text));
}

static void request(struct client *c, const char *text, size_t len)
{
    struct binance_request r = {.text = text};
    struct json_error error;

    if (json_check(text, len, JSON_STRICT, &r.root, &error) < 0) {
        binance_refuse_at(c, 3, "Invalid JSON: expected value", text, error.offset);
        return;
    }
    struct json_value name = json_member(r.root, "method", JSON_STRICT);
    const struct method *method = method_of(c, name);
    r.id = json_member(r.root, "id", JSON_STRICT);
    r.params = json_member(r.root, "params", JSON_STRICT);
    if (c->stream_options & FORM_IDS)
        r.since = json_member(r.root, "since", JSON_STRICT);
    if (name.kind == JSON_NONE)
        binance_refuse_missing(c, &r, "method");
    else if (!method)
        refuse_method(c, text, name);
    else if (!id_valid(r.id))
        binance_refuse(c, 2, "Invalid request: request ID must be an unsigned integer");
    else
        method->handle(c, &r);
}

static void message(struct client *c, const char *text, size_t len, bool binary)
{
    if (!client_rate(c, c->host->settings->binance_rate))
        return;
    if (binary)
        client_bad_request(c);
    else
        request(c, text, len);
}

/* "5 incoming messages per second ... A message is considered: a PING frame, a PONG frame, a JSON
 * controlled message". libwebsockets answers pings itself, unseen by us. */
static void pong(struct client *c)
{
    (void)client_rate(c, c->host->settings->binance_rate);
}

static void drain(struct client *c)
{
    struct timespec now;
    struct text t = {0};
    bool combined = state_of(c)->combined;

    clock_gettime(CLOCK_REALTIME, &now);
    text_add(&t, "%s{\"e\":\"serverShutdown\",\"E\":%" PRIu64 "}%s",
             combined ? "{\"stream\":\"!serverShutdown\",\"data\":" : "",
             (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000, combined ? "}" : "");
    binance_reply(c, &t);
}

static uint64_t max_age(const struct gateway_settings *s)
{
    return s->binance_max_age_ms;
}

const struct dialect dialect_binance = {
    .name = "binance",
    .deflate = true,
    .admit = admit,
    .open = open_client,
    .message = message,
    .dropped = stream_view_dropped,
    .pong = pong,
    .drain = drain,
    .closed = closed,
    .max_age = max_age,
};
