/* zilliqa_contracts.h - which addresses are contracts, as far as the publisher found out.
 *
 *   <prefix>zilliqa.noncontract   sorted set: address, scored with the time at which that stops
 *                                 being known (Unix milliseconds)
 *   <prefix>zilliqa.contract      set: address
 *
 * A gateway knows no chain: with contracts=any an address is taken for a contract unless it is in
 * the first set, with contracts=known only if it is in the second. The set in question is kept
 * here and read anew every 5 s, so no request waits for Redis. Until it was read for the first
 * time, every address is taken for a contract.
 */
#ifndef GATEWAY_DIALECTS_ZILLIQA_CONTRACTS_H
#define GATEWAY_DIALECTS_ZILLIQA_CONTRACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/table.h"
#include "common/zilliqa_address.h"

struct client_host;

enum zilliqa_contracts_rule { CONTRACTS_ANY, CONTRACTS_KNOWN };

enum {
    /* Addresses kept of either set: more are not read. Then contracts=any takes some for contracts
     * that are none, and contracts=known may not know some that are. */
    ZILLIQA_CONTRACTS_MAX = 65536,
    ZILLIQA_CONTRACTS_REFRESH_MS = 5000,
};

struct zilliqa_contracts {
    const struct client_host *host;
    struct table table; /* of the entries; as good as empty while !loaded */
    struct zilliqa_contract_entry *entries;
    size_t n;
    bool loaded, asking;
    int rule;        /* enum zilliqa_contracts_rule, by which they were asked for */
    uint64_t due_ms; /* when to ask again */
};

void zilliqa_contracts_init(struct zilliqa_contracts *known, const struct client_host *host);
void zilliqa_contracts_fini(struct zilliqa_contracts *known); /* no question may be under way */

/* Ask Redis when it is time. */
void zilliqa_contracts_tick(struct zilliqa_contracts *known);

bool zilliqa_contracts_accept(const struct zilliqa_contracts *known,
                              const struct zilliqa_address *address);

#endif
