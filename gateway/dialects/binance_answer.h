/* binance_answer.h - what the Binance form answers to requests: results and refusals.
 *
 * Every refusal is counted as a bad request.
 */
#ifndef GATEWAY_DIALECTS_BINANCE_ANSWER_H
#define GATEWAY_DIALECTS_BINANCE_ANSWER_H

#include <stddef.h>

#include "common/json_span.h"
#include "common/text.h"
#include "gateway/frame.h"

struct client;

struct binance_request {
    const char *text;
    struct json_value root, id, params;
    struct json_value since; /* kind JSON_NONE: not given, or not for this client */
};

/* Send the text, and free it; a client for whom memory ran out is closed. */
void binance_reply(struct client *c, struct text *t);

/* {"result":<value>,"id":<its id>} */
void binance_result(struct client *c, const struct binance_request *r, struct span value);

/* {"code":<code>,"msg":"<msg>"}; the message as it is, a constant, or with where the reader of the
 * original stands when it finds the fault: "... at line 1 column 28". */
void binance_refuse_text(struct client *c, int code, const char *msg, size_t len);
void binance_refuse(struct client *c, int code, const char *msg);
void binance_refuse_at(struct client *c, int code, const char *msg, const char *text,
                       size_t offset);

/* {"error":{"code":2,"msg":"Invalid request: <msg>"},"id":<its id>} */
void binance_refuse_with_id(struct client *c, const struct binance_request *r, const char *msg);

/* The request has no such member. */
void binance_refuse_missing(struct client *c, const struct binance_request *r, const char *field);

#endif
