/* zilliqa_contracts.c - see zilliqa_contracts.h. */
#include "gateway/dialects/zilliqa_contracts.h"

#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/redis_asker.h"
#include "common/redis_name.h"
#include "common/stream_name.h"
#include "gateway/client.h"
#include "gateway/gateway_settings.h"

struct zilliqa_contract_entry {
    struct table_node node;
    struct zilliqa_address address;
};

enum { KEY_MAX = STREAM_PREFIX_MAX + 32 };

void zilliqa_contracts_init(struct zilliqa_contracts *known, const struct client_host *host)
{
    *known = (struct zilliqa_contracts){.host = host};
}

static void forget(struct zilliqa_contracts *known)
{
    if (known->loaded)
        table_fini(&known->table);
    free(known->entries);
    known->entries = NULL;
    known->n = 0;
    known->loaded = false;
}

void zilliqa_contracts_fini(struct zilliqa_contracts *known)
{
    forget(known);
}

static bool is_known(const struct zilliqa_contracts *known, const struct zilliqa_address *address)
{
    uint64_t hash = table_hash(&known->table, address, sizeof *address);

    table_each_match(node, &known->table, hash)
    {
        const struct zilliqa_contract_entry *e =
            table_entry(node, struct zilliqa_contract_entry, node);
        if (memcmp(&e->address, address, sizeof *address) == 0)
            return true;
    }
    return false;
}

bool zilliqa_contracts_accept(const struct zilliqa_contracts *known,
                              const struct zilliqa_address *address)
{
    return !known->loaded || is_known(known, address) == (known->rule == CONTRACTS_KNOWN);
}

/* ---- what Redis says ------------------------------------------------------------------------ */

static bool read_member(const redisReply *member, struct zilliqa_address *address)
{
    const char *at = member->str;
    size_t len = member->len;

    if (member->type != REDIS_REPLY_STRING)
        return false;
    if (len > 2 && at[0] == '0' && (at[1] == 'x' || at[1] == 'X')) {
        at += 2;
        len -= 2;
    }
    return zilliqa_address_read(at, len, address);
}

/* What is no address is passed over. Without memory what was known stays. */
static void replace(struct zilliqa_contracts *known, const redisReply *list)
{
    size_t n = list->elements < ZILLIQA_CONTRACTS_MAX ? list->elements : ZILLIQA_CONTRACTS_MAX;
    struct zilliqa_contract_entry *entries = calloc(n + 1, sizeof *entries);
    struct table table;

    if (!entries || table_init(&table) < 0) {
        free(entries);
        return;
    }
    forget(known);
    known->table = table;
    known->entries = entries;
    known->loaded = true;
    for (size_t i = 0; i < n; i++) {
        struct zilliqa_contract_entry *e = &entries[known->n];
        if (!read_member(list->element[i], &e->address))
            continue;
        known->n++;
        table_insert(&known->table, &e->node,
                     table_hash(&known->table, &e->address, sizeof e->address));
    }
}

static void on_answer(void *ctx, const struct redisReply *answer)
{
    struct zilliqa_contracts *known = ctx;
    bool current = known->rule == known->host->settings->contracts;

    known->asking = false;
    known->due_ms = known->host->now_ms + (answer ? ZILLIQA_CONTRACTS_REFRESH_MS : 0);
    if (answer && answer->type == REDIS_REPLY_ARRAY && current)
        replace(known, answer);
}

static uint64_t unix_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Both commands give no more than they are asked for; SRANDMEMBER gives the whole of a set that is
 * not larger. */
static int ask(struct zilliqa_contracts *known)
{
    const char *prefix = known->host->settings->prefix;
    char key[KEY_MAX], now[24], most[24];
    int len;

    snprintf(most, sizeof most, "%d", ZILLIQA_CONTRACTS_MAX);
    if (known->rule == CONTRACTS_KNOWN) {
        const char *const argv[] = {"SRANDMEMBER", key, most};
        len = snprintf(key, sizeof key, "%szilliqa.contract", prefix);
        return redis_asker_ask(known->host->asker, redis_slot(key, (size_t)len), 3, argv, NULL,
                               on_answer, known);
    }
    const char *const argv[] = {"ZRANGEBYSCORE", key, now, "+inf", "LIMIT", "0", most};
    snprintf(now, sizeof now, "(%" PRIu64, unix_ms());
    len = snprintf(key, sizeof key, "%szilliqa.noncontract", prefix);
    return redis_asker_ask(known->host->asker, redis_slot(key, (size_t)len), 7, argv, NULL,
                           on_answer, known);
}

void zilliqa_contracts_tick(struct zilliqa_contracts *known)
{
    const struct client_host *host = known->host;

    if (known->rule != host->settings->contracts) { /* it was reloaded */
        forget(known);
        known->rule = host->settings->contracts;
        known->due_ms = 0;
    }
    if (known->asking || !host->asker || host->now_ms < known->due_ms)
        return;
    known->asking = ask(known) == 0;
}
