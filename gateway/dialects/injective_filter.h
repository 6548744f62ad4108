/* injective_filter.h - which events a subscription asks for.
 *
 *   {"spot_trades_filter":{"market_ids":["*"],"subaccount_ids":["0x1"]}, ...}
 *        --filter_read()--> key, the same for requests that ask for the same
 *        key --filter_compile()--> per type of event: what to listen to, what to check
 *
 * The rules are the server's. "*" is a wildcard as the first of a list only. A type with one list:
 * an empty one matches nothing. A type with two: an empty one is left out of account, two match
 * together. Without any event to match the subscription is still valid: every block is told.
 */
#ifndef GATEWAY_DIALECTS_INJECTIVE_FILTER_H
#define GATEWAY_DIALECTS_INJECTIVE_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/injective_types.h"
#include "common/json_span.h"
#include "common/text.h"
#include "gateway/frame.h"
#include "gateway/listen_address.h"

struct rpc_id;

enum {
    FILTER_VALUE_MAX = 256, /* bytes of one value; longer ones are refused by the caller */
    FILTER_SUBACCOUNTS_FEW =
        64, /* with more of them than of markets, the markets are listened to */
};

struct filter_request {
    struct text key;  /* binary; starts with the profile */
    unsigned n_types; /* types that a filter was given for */
    size_t n_values;  /* of all lists together, wildcards not counted */
    size_t longest;   /* bytes of the longest value */
};

/* 0; -EBADMSG having answered; -ENOMEM. Free out->key with text_free() in any case. */
int filter_read(struct json_value filter, enum profile profile, const struct rpc_id *id,
                struct filter_request *out, struct text *answer);

enum filter_match {
    FILTER_ABSENT,  /* the request does not name the type */
    FILTER_NOTHING, /* it does, in a way that matches nothing */
    FILTER_ALL,
    FILTER_LISTED, /* the values of key `listen` */
};

struct filter_list {
    const struct span *values; /* with two keys sorted and without repeats; with one as given */
    size_t n;
};

struct filter_type {
    enum filter_match match;
    unsigned listen;                 /* which key's values are listened to */
    const struct filter_list *check; /* what the other key must be among; NULL: anything */
    struct filter_list lists[INJECTIVE_KEYS_MAX];
};

struct filter {
    enum profile profile;
    struct filter_type types[INJECTIVE_TYPES];
    struct span spans[]; /* of all lists; the bytes are the key's */
};

/* The key is borrowed for the filter's life. NULL: out of memory. End with free(). */
struct filter *filter_compile(const char *key, size_t len);

/* Is the value of that event's key among the list's sorted values? */
bool filter_list_has(const struct filter_list *list, struct json_value value);

#endif
