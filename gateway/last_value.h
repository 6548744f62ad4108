/* last_value.h - the last message of a stream, as Redis keeps it for those who come late.
 *
 * A publisher of ours keeps it in the hash <prefix>last:<stream>, field "message", written before
 * the message is published. A foreign one may keep a string under a key of its own, which the
 * setting last-value names ("string:dlob:last_update_%s", %s being the stream).
 *
 * Who wants to lose nothing asks once Redis has confirmed the stream's subscription, and lets the
 * live messages wait for the answer: what is published later is heard, what was published earlier
 * is in the answer.
 */
#ifndef GATEWAY_LAST_VALUE_H
#define GATEWAY_LAST_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/log.h"

struct gateway_settings;
struct last_value; /* a question under way */
struct redis_asker;

/* Whom to ask, and how. Both are borrowed. */
struct last_value_source {
    struct redis_asker *asker;
    const struct gateway_settings *settings;
    struct log_limit refusals;
};

/* What a `last-value` setting must look like; empty is fine too. */
bool last_value_form_valid(const char *form);
#define LAST_VALUE_RULE "string:KEY with one %s in KEY, at most 200 bytes"

enum last_value_answer {
    LAST_VALUE_IS,   /* bytes hold it, head included; valid during the call */
    LAST_VALUE_NONE, /* Redis has none, or refused (which is logged) */
    LAST_VALUE_LOST, /* the answer will not come; asking again may help */
};

typedef void last_value_fn(void *ctx, enum last_value_answer answer, const char *bytes, size_t len);

/* 0: fn will be called once, never from within this call, unless it is forgotten before. Otherwise
 * what redis_asker_ask() says, and it is not called. */
int last_value_ask(struct last_value_source *from, const char *stream, size_t len,
                   last_value_fn *fn, void *ctx, struct last_value **question);

/* fn is not called any more. The question may be NULL; it may not be answered yet. */
void last_value_forget(struct last_value **question);

#endif
