/* injective_rpc.h - the JSON-RPC of the Injective dialect: what a request says, and how it is
 * answered.
 *
 *   text --rpc_check()--> value --rpc_read()--> method, id, req --rpc_success(), rpc_error()-->
 * text
 *
 * Requests are read as the server reads them: top-level keys in any case, of repeated keys the
 * last, ids of any number. What it finds wrong is said in its words.
 */
#ifndef GATEWAY_DIALECTS_INJECTIVE_RPC_H
#define GATEWAY_DIALECTS_INJECTIVE_RPC_H

#include <stdbool.h>
#include <stdint.h>

#include "common/json_span.h"
#include "common/text.h"
#include "gateway/listen_address.h"

enum {
    RPC_STREAM_ERROR = 1,
    RPC_INVALID_REQUEST = -32600,
    RPC_METHOD_NOT_FOUND = -32601,
    RPC_INTERNAL_ERROR = -32603,
    RPC_PARSE_ERROR = -32700,
    RPC_JSON = JSON_TRAILING | JSON_LAST_KEY, /* the first value of a message counts */
};

struct rpc_id {
    enum { RPC_ID_NONE, RPC_ID_NUMBER, RPC_ID_TEXT } kind;
    int64_t number;
    struct json_value text; /* borrowed from the request */
};

enum rpc_method { RPC_SUBSCRIBE, RPC_UNSUBSCRIBE };

struct rpc_request {
    struct rpc_id id;
    enum rpc_method method;
    struct json_value req; /* an object: the argument of both methods */
};

/* 0 and the first value in *root; -EBADMSG having answered with a parse error. */
int rpc_check(const char *text, size_t len, struct json_value *root, struct text *answer);

/* 0; -ENOMSG: a notification, which is neither answered nor obeyed; -EBADMSG having answered. */
int rpc_read(struct json_value value, enum profile profile, struct rpc_request *r,
             struct text *answer);

void rpc_success(struct text *answer, const struct rpc_id *id);

/* message is what the code is called; data is left out when it is NULL. */
void rpc_error(struct text *answer, const struct rpc_id *id, int code, const char *data,
               size_t data_len);

/* An internal error: what the methods say to anything that is wrong. */
void rpc_refuse(struct text *answer, const struct rpc_id *id, const char *data);

/* Begin the text of an argument that is of a wrong kind: "json: cannot unmarshal ... of type T". */
void rpc_refuse_kind(struct text *answer, const struct rpc_id *id, enum json_kind kind,
                     const char *wanted);

#endif
