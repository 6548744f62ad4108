/* zilliqa_wishes.h - which addresses a Zilliqa server is asked about, and what it says of them.
 *
 *   demand, options --> wishes --request()--> server
 *                         ^---- answer() ------'   --> <prefix>zilliqa.contract, .noncontract
 *
 * Two kinds of wishes: the events at a contract and the transactions of an address. A request holds
 * at most 2,048 bytes, and the requests of a connection add up: none takes anything back.
 *
 * The server passes over an address that is no contract without a word, unless the request names no
 * other: so every address is asked about alone at first (a probe). What it says is kept here while
 * somebody wants the address, and put into Redis for the gateways. What is no contract is asked
 * again after an hour, as contracts come into being.
 *
 * It knows no sockets and has no clock: tests drive it with plain calls.
 */
#ifndef PUBLISHER_SOURCES_ZILLIQA_WISHES_H
#define PUBLISHER_SOURCES_ZILLIQA_WISHES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/table.h"
#include "common/zilliqa_address.h"
#include "publisher/demand.h"

enum zilliqa_wish { ZILLIQA_EVENTS, ZILLIQA_TRANSACTIONS, ZILLIQA_WISHES };

enum {
    ZILLIQA_REQUEST_ADDRESSES = 44, /* in 2,048 bytes */
    ZILLIQA_UNANSWERED_MAX = 16,    /* requests; the others wait */
    ZILLIQA_ANSWER_MS = 10000,      /* a server that has not answered by then does not */
    ZILLIQA_KNOWN_MS = 3600 * 1000, /* so long counts what was found out */
};

typedef void zilliqa_request_fn(void *ctx, const char *text, size_t len);

struct zilliqa_wishes {
    struct demand *demand; /* NULL: options alone */
    zilliqa_request_fn *request;
    void *ctx;
    struct table entries;
    struct list probes, contracts, wallets; /* entries still to be asked about */
    struct list unanswered;                 /* requests, in order */
    unsigned n_unanswered;
    size_t asked, left; /* on this connection: addresses, and those of them nobody wants now */
    bool live;
    uint64_t now_ms, tidy_ms;
    struct demand_watch watches[ZILLIQA_WISHES];
};

int zilliqa_wishes_init(struct zilliqa_wishes *w, struct demand *demand,
                        zilliqa_request_fn *request, void *ctx); /* 0; -ENOMEM */
void zilliqa_wishes_fini(struct zilliqa_wishes *w);              /* also of zeroed memory */

/* From here on it is told what has listeners. */
void zilliqa_wishes_start(struct zilliqa_wishes *w);

/* Somebody wants it, or does no more. 0; -ENOMEM. */
int zilliqa_wishes_add(struct zilliqa_wishes *w, enum zilliqa_wish wish,
                       const struct zilliqa_address *address);
void zilliqa_wishes_remove(struct zilliqa_wishes *w, enum zilliqa_wish wish,
                           const struct zilliqa_address *address);

/* A connection begins: everything is asked for. */
void zilliqa_wishes_begin(struct zilliqa_wishes *w, uint64_t now_ms);
void zilliqa_wishes_lost(struct zilliqa_wishes *w);
void zilliqa_wishes_tick(struct zilliqa_wishes *w, uint64_t now_ms);

/* The answer to the oldest request: NULL for success, or the error. Returns what was asked where it
 * was refused and a person should know, else NULL. */
const char *zilliqa_wishes_answer(struct zilliqa_wishes *w, const char *error, size_t len,
                                  uint64_t now_ms);

/* More than half of what the server was asked about is wanted no more. */
bool zilliqa_wishes_outgrown(const struct zilliqa_wishes *w);

#endif
