/* gateway_settings.h - everything that can be set on sluice-gateway. */
#ifndef GATEWAY_GATEWAY_SETTINGS_H
#define GATEWAY_GATEWAY_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/redis_settings.h"
#include "common/settings.h"
#include "gateway/listen_address.h"
#include "gateway/security_settings.h"
#include "gateway/stream_class.h"

enum { LISTEN_MAX = 16 };

enum payload_form {
    PAYLOAD_RAW,     /* what is in Redis is the data */
    PAYLOAD_WRAPPED, /* the engine has wrapped it already: {"stream":…,"data":…} */
};

enum history_use { HISTORY_OFF, HISTORY_ON, HISTORY_AUTO };

struct gateway_settings {
    /* as given: filled by settings_load() */
    char *settings_file, *redis, *redis_ca, *redis_cert, *redis_key, *prefix, *last_value,
        *drift_markets;
    struct setting_list listen, streams, classes, policies, write_delays;
    uint64_t workers, kernel_queue, queue_bytes, queue_messages, queue_budget, stall_timeout_ms,
        max_message, max_payload, max_subscriptions;
    uint64_t binance_rate;
    uint64_t injective_max_open_connections, injective_read_timeout_ms, injective_write_timeout_ms;
    uint64_t injective_max_body_bytes, injective_max_header_bytes, injective_max_request_batch_size;
    uint64_t injective_max_block, injective_max_filter_values;
    uint64_t nano_max_accounts;
    uint64_t linger_ms, drain_ms, ping_interval_ms, pong_timeout_ms, handshake_timeout_ms;
    uint64_t first_subscription_ms, binance_max_age_ms;
    int pubsub, redis_verify, payload, history, log_level, contracts, deflate;

    struct security_settings security;

    /* derived: filled by gateway_settings_check() */
    struct redis_url redis_url;
    struct redis_naming naming;
    struct redis_tls *redis_tls;
    struct listen_address addresses[LISTEN_MAX + 1]; /* the last one may be the admin address */
    unsigned n_addresses;
    bool operators_only; /* /metrics, /streams and the console are at the admin address alone */
    struct stream_classes stream_classes;
};

extern const struct setting gateway_settings_table[];
extern const size_t gateway_settings_count;

/* Load and check. 0; -EINVAL with one clear line in error. On success end with _free(). */
int gateway_settings_load(struct gateway_settings *s, int argc, char *const *argv, char *const *env,
                          char error[SETTINGS_ERROR_MAX]);
void gateway_settings_free(struct gateway_settings *s);

/* The second half of loading: check what was given, and fill in what is derived from it. */
int gateway_settings_check(struct gateway_settings *s, char error[SETTINGS_ERROR_MAX]);

/* Load anew, and take over what may change while running: all or nothing. 0, with the names of the
 * settings that changed in text; -EINVAL with one clear line in text, and nothing has changed. */
int gateway_settings_reload(struct gateway_settings *s, int argc, char *const *argv,
                            char *const *env, char text[SETTINGS_ERROR_MAX]);

/* May clients of the exchange and Binance form ask for this stream? A valid name that one of the
 * `streams` patterns fits. */
bool gateway_stream_allowed(const struct gateway_settings *s, const char *name, size_t len);

/* Are there histories of streams to be read? */
bool gateway_has_history(const struct gateway_settings *s);

#endif
