/* injective_rpc.c - see injective_rpc.h. */
#include "gateway/dialects/injective_rpc.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "gateway/dialects/injective_go.h"

/* How the server's language names what a request is read into. */
#define ENVELOPE                                                                                   \
    "struct { JSONRPC string \"json:\\\"jsonrpc\\\"\"; ID interface {} "                           \
    "\"json:\\\"id,omitempty\\\"\"; Method string \"json:\\\"method\\\"\"; Params "                \
    "json.RawMessage \"json:\\\"params\\\"\" }"

enum { KEY_MAX = 8 }; /* bytes of the longest top-level key, and one */

struct envelope {
    struct json_value jsonrpc, id, method, params;
};

/* ---- answers --------------------------------------------------------------------------------- */

static const char *message_of(int code)
{
    switch (code) {
    case RPC_STREAM_ERROR: return "stream error";
    case RPC_INVALID_REQUEST: return "Invalid Request";
    case RPC_METHOD_NOT_FOUND: return "Method not found";
    case RPC_PARSE_ERROR: return "Parse error. Invalid JSON";
    default: return "Internal error";
    }
}

static void begin(struct text *answer, const struct rpc_id *id)
{
    text_add(answer, "{\"jsonrpc\":\"2.0\"");
    if (id->kind == RPC_ID_NUMBER)
        text_add(answer, ",\"id\":%" PRId64, id->number);
    if (id->kind != RPC_ID_TEXT)
        return;
    struct text plain = {0};
    go_decode(&plain, id->text);
    text_add(answer, ",\"id\":");
    go_quote(answer, plain.at, plain.len);
    answer->failed = answer->failed || plain.failed;
    text_free(&plain);
}

void rpc_success(struct text *answer, const struct rpc_id *id)
{
    begin(answer, id);
    text_add(answer, ",\"result\":\"success\"}");
}

void rpc_error(struct text *answer, const struct rpc_id *id, int code, const char *data,
               size_t data_len)
{
    begin(answer, id);
    text_add(answer, ",\"error\":{\"code\":%d,\"message\":\"%s\"", code, message_of(code));
    if (data) {
        text_add(answer, ",\"data\":");
        go_quote(answer, data, data_len);
    }
    text_add(answer, "}}");
}

void rpc_refuse(struct text *answer, const struct rpc_id *id, const char *data)
{
    rpc_error(answer, id, RPC_INTERNAL_ERROR, data, strlen(data));
}

/* Answer with what was put together, and free it. */
static int answer_error(struct text *answer, const struct rpc_id *id, int code, struct text *data)
{
    if (data->failed)
        answer->failed = true;
    else
        rpc_error(answer, id, code, data->at, data->len);
    text_free(data);
    return -EBADMSG;
}

#define ARGUMENTS "error converting json params to arguments: "

void rpc_refuse_kind(struct text *answer, const struct rpc_id *id, enum json_kind kind,
                     const char *wanted)
{
    struct text data = {0};

    text_add(&data, ARGUMENTS "json: cannot unmarshal %s into Go value of type %s", go_kind(kind),
             wanted);
    answer_error(answer, id, RPC_INTERNAL_ERROR, &data);
}

static const struct rpc_id no_id;

static struct text parse_error(void)
{
    struct text data = {0};

    text_add(&data, "error unmarshaling request: ");
    return data;
}

int rpc_check(const char *text, size_t len, struct json_value *root, struct text *answer)
{
    struct json_error error;

    if (json_check(text, len, RPC_JSON, root, &error) == 0)
        return 0;
    struct text data = parse_error();
    go_fault(&data, text, len, error.reason);
    return answer_error(answer, &no_id, RPC_PARSE_ERROR, &data);
}

/* ---- the envelope ---------------------------------------------------------------------------- */

static bool key_is(struct json_value key, const char *name)
{
    char text[KEY_MAX];
    int len = json_decode(key, text, sizeof text);

    return len >= 0 && (size_t)len == strlen(name) && strncasecmp(text, name, (size_t)len) == 0;
}

static struct envelope open_envelope(struct json_value value)
{
    struct envelope e = {0};
    struct json_iter it = json_iter(value, RPC_JSON);

    while (json_next(&it)) {
        if (key_is(it.key, "jsonrpc"))
            e.jsonrpc = it.value;
        else if (key_is(it.key, "id"))
            e.id = it.value;
        else if (key_is(it.key, "method"))
            e.method = it.value;
        else if (key_is(it.key, "params"))
            e.params = it.value;
    }
    return e;
}

static bool is_text(struct json_value value)
{
    return value.kind == JSON_STRING || value.kind == JSON_NULL || value.kind == JSON_NONE;
}

/* What of the envelope is of a wrong kind, in *data. */
static bool well_formed(struct json_value value, const struct envelope *e, struct text *data)
{
    bool number = e->id.kind == JSON_NUMBER;

    if (value.kind != JSON_OBJECT)
        text_add(data, "json: cannot unmarshal %s into Go value of type " ENVELOPE,
                 go_kind(value.kind));
    else if (!is_text(e->jsonrpc))
        text_add(data, "json: cannot unmarshal %s into Go struct field .jsonrpc of type string",
                 go_kind(e->jsonrpc.kind));
    else if (number && isinf(strtod(e->id.at, NULL)))
        text_add(data,
                 "json: cannot unmarshal number %.*s into Go struct field .id of type float64",
                 (int)e->id.len, e->id.at);
    else if (!is_text(e->method))
        text_add(data, "json: cannot unmarshal %s into Go struct field .method of type string",
                 go_kind(e->method.kind));
    else
        return true;
    return false;
}

/* The server takes an id as a double and cuts off its fraction; what then does not fit becomes the
 * least of all numbers. The document promises "the same id": there an integer stays what it is. */
static int64_t read_number(struct json_value id, enum profile profile)
{
    int64_t exact;

    if (profile == PROFILE_DOC && json_int64(id, &exact) == 0)
        return exact;
    double number = strtod(id.at, NULL); /* a byte that is no part of the number follows it */
    return number >= -0x1p63 && number < 0x1p63 ? (int64_t)number : INT64_MIN;
}

/* 0; -EBADMSG with the reason in *data. */
static int read_id(struct json_value id, enum profile profile, struct rpc_id *out,
                   struct text *data)
{
    *out = (struct rpc_id){.text = id};
    if (id.kind == JSON_STRING) {
        out->kind = RPC_ID_TEXT;
        return 0;
    }
    if (id.kind == JSON_NUMBER) {
        out->kind = RPC_ID_NUMBER;
        out->number = read_number(id, profile);
        return 0;
    }
    const char *type = id.kind == JSON_ARRAY    ? "[]interface {}"
                       : id.kind == JSON_OBJECT ? "map[string]interface {}"
                                                : "bool";
    text_add(data, "json-rpc ID (%.*s) is of unknown type (%s)", (int)id.len, id.at, type);
    return -EBADMSG;
}

/* ---- the argument ---------------------------------------------------------------------------- */

/* A list of arguments as the server prints it: every one as the numbers of its bytes. */
static int refuse_count(struct json_value params, const struct rpc_id *id, struct text *answer)
{
    struct text list = {0}, data = {0};
    struct json_iter it = json_iter(params, RPC_JSON);
    size_t n = 0;

    for (; json_next(&it); n++) {
        text_add(&list, "%s[", n ? " " : "");
        for (size_t i = 0; i < it.value.len; i++)
            text_add(&list, "%s%d", i ? " " : "", (unsigned char)it.value.at[i]);
        text_add(&list, "]");
    }
    text_add(&data, ARGUMENTS "expected 1 parameters ([req]), got %zu ([%s])", n,
             list.at ? list.at : "");
    data.failed = data.failed || list.failed;
    text_free(&list);
    return answer_error(answer, id, RPC_INTERNAL_ERROR, &data);
}

static int refuse_params(struct json_value params, const struct rpc_id *id, struct text *answer)
{
    struct text data = {0};

    text_add(&data,
             ARGUMENTS "unknown type for JSON params: json: cannot unmarshal %s into Go value of "
                       "type []json.RawMessage. Expected map or array",
             go_kind(params.kind));
    return answer_error(answer, id, RPC_INTERNAL_ERROR, &data);
}

/* Where the server's own call fails inside, it answers with id -1, which nobody can match to a
 * request. The text is kept; the id is the request's. */
static int read_argument(struct json_value params, struct rpc_request *r, struct text *answer)
{
    struct json_iter it = json_iter(params, RPC_JSON);

    switch (params.kind) {
    case JSON_NONE:
        rpc_refuse(answer, &r->id, "WSJSONRPC: reflect: Call with too few input arguments");
        return -EBADMSG;
    case JSON_NULL: r->req = params; break;
    case JSON_OBJECT: r->req = json_member(params, "req", RPC_JSON); break;
    case JSON_ARRAY:
        if (!json_next(&it) || (r->req = it.value, json_next(&it)))
            return refuse_count(params, &r->id, answer);
        break;
    default: return refuse_params(params, &r->id, answer);
    }
    if (r->req.kind == JSON_NULL || r->req.kind == JSON_NONE) {
        rpc_refuse(answer, &r->id,
                   "runtime error: invalid memory address or nil pointer dereference");
        return -EBADMSG;
    }
    if (r->req.kind != JSON_OBJECT) {
        rpc_refuse_kind(answer, &r->id, r->req.kind, "map[string]json.RawMessage");
        return -EBADMSG;
    }
    return 0;
}

int rpc_read(struct json_value value, enum profile profile, struct rpc_request *r,
             struct text *answer)
{
    struct envelope e = open_envelope(value);
    struct text data = parse_error();

    if (value.kind != JSON_NULL && !well_formed(value, &e, &data))
        return answer_error(answer, &no_id, RPC_PARSE_ERROR, &data);
    if (e.id.kind == JSON_NULL || e.id.kind == JSON_NONE) {
        text_free(&data);
        return -ENOMSG;
    }
    if (read_id(e.id, profile, &r->id, &data) < 0)
        return answer_error(answer, &no_id, RPC_PARSE_ERROR, &data);
    text_free(&data);
    if (json_string_is(e.method, "subscribe")) {
        r->method = RPC_SUBSCRIBE;
    } else if (json_string_is(e.method, "unsubscribe")) {
        r->method = RPC_UNSUBSCRIBE;
    } else {
        rpc_error(answer, &r->id, RPC_METHOD_NOT_FOUND, NULL, 0);
        return -EBADMSG;
    }
    return read_argument(e.params, r, answer);
}
