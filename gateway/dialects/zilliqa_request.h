/* zilliqa_request.h - reads a message as Zilliqa's server does. */
#ifndef GATEWAY_DIALECTS_ZILLIQA_REQUEST_H
#define GATEWAY_DIALECTS_ZILLIQA_REQUEST_H

#include "common/json_span.h"
#include "gateway/listen_address.h"

enum {
    ZILLIQA_MESSAGE_MAX = 2048, /* bytes; a longer one closes with 1009 */
    /* How the server's jsoncpp reads. */
    ZILLIQA_JSON = JSON_COMMENTS | JSON_TRAILING | JSON_LAST_KEY,
};

/* 0 and the root, which borrows from text or copy: to be read on with ZILLIQA_JSON. -EBADMSG when
 * it is no JSON. The document's own sample of a query has a comma before the closing brace: the doc
 * profile takes that, the server does not. */
int zilliqa_request_read(const char *text, size_t len, bool binary, enum profile profile,
                         char copy[ZILLIQA_MESSAGE_MAX], struct json_value *root);

/* Does the first message of a connection say that it is for this dialect? */
bool zilliqa_request_is(const char *text, size_t len, bool binary, enum profile profile);

#endif
