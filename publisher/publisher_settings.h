/* publisher_settings.h - everything that can be set on sluice-publisher. */
#ifndef PUBLISHER_PUBLISHER_SETTINGS_H
#define PUBLISHER_PUBLISHER_SETTINGS_H

#include <stdint.h>

#include "common/redis_settings.h"
#include "common/settings.h"
#include "publisher/history_rules.h"
#include "publisher/lease.h"

struct publisher_settings {
    /* as given: filled by settings_load() */
    char *record;
    uint64_t demand_linger_ms;
    char *settings_file, *redis, *redis_ca, *redis_cert, *redis_key, *prefix, *nano_accounts;
    char *injective_markets, *drift_markets, *http;
    char *history_streams, *history_entities, *lead;
    struct setting_list sources, history;
    uint64_t backlog, max_event, book_levels;
    bool market_data, demand;
    int pubsub, redis_verify, log_level;

    /* derived */
    struct redis_url redis_url;
    struct redis_naming naming;
    struct redis_tls *redis_tls;
    struct history_rules history_rules;
    char lease[LEASE_NAME_MAX + 1]; /* empty: none */
    uint64_t line_max; /* max_event, and never more than fits into half of the backlog */
};

extern const struct setting publisher_settings_table[];
extern const size_t publisher_settings_count;

/* Load and check. 0; -EINVAL with one clear line in error. On success end with _free(). */
int publisher_settings_load(struct publisher_settings *s, int argc, char *const *argv,
                            char *const *env, char error[SETTINGS_ERROR_MAX]);
void publisher_settings_free(struct publisher_settings *s);

#endif
