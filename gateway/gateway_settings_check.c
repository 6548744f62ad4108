/* gateway_settings_check.c - what the table cannot say: settings that depend on one another, files
 * that must be there, and what is derived from it all. */
#include <errno.h>
#include <stdio.h>

#include "common/drift_markets.h"
#include "common/stream_name.h"
#include "gateway/gateway_settings.h"
#include "gateway/last_value.h"

static int check_streams(const struct gateway_settings *s, char error[SETTINGS_ERROR_MAX])
{
    if (!*s->prefix && s->streams.n == 0) {
        snprintf(error, SETTINGS_ERROR_MAX,
                 "streams: must be given when the prefix is empty, so that clients reach only the "
                 "channels you mean (e.g. --streams 'trade.*')");
        return -EINVAL;
    }
    return 0;
}

static int check_listen(struct gateway_settings *s, char error[SETTINGS_ERROR_MAX])
{
    if (s->listen.n == 0 || s->listen.n > LISTEN_MAX) {
        snprintf(error, SETTINGS_ERROR_MAX, "listen: give 1 to %d addresses", LISTEN_MAX);
        return -EINVAL;
    }
    for (size_t i = 0; i < s->listen.n; i++)
        if (listen_address_parse(s->listen.items[i], &s->addresses[i], error, SETTINGS_ERROR_MAX) <
            0)
            return -EINVAL;
    s->n_addresses = (unsigned)s->listen.n;
    return 0;
}

/* Read once to see whether it can be; each process reads it again when it starts. */
static int check_drift(const struct gateway_settings *s, char error[SETTINGS_ERROR_MAX])
{
    struct drift_markets markets;
    char why[DRIFT_MARKETS_ERROR_MAX];

    if (!last_value_form_valid(s->last_value)) {
        snprintf(error, SETTINGS_ERROR_MAX, "last-value: '%.100s' is not %s", s->last_value,
                 LAST_VALUE_RULE);
        return -EINVAL;
    }
    if (drift_markets_load(&markets, s->drift_markets, why) < 0) {
        snprintf(error, SETTINGS_ERROR_MAX, "drift-markets: %s", why);
        return -EINVAL;
    }
    drift_markets_fini(&markets);
    return 0;
}

static int check_redis(struct gateway_settings *s, char error[SETTINGS_ERROR_MAX])
{
    const struct redis_given given = {.redis = s->redis,
                                      .prefix = s->prefix,
                                      .ca = s->redis_ca,
                                      .cert = s->redis_cert,
                                      .key = s->redis_key,
                                      .verify = s->redis_verify,
                                      .pubsub = s->pubsub};

    return redis_settings_read(&given, &s->redis_url, &s->naming, &s->redis_tls, error);
}

int gateway_settings_check(struct gateway_settings *s, char error[SETTINGS_ERROR_MAX])
{
    if (check_listen(s, error) < 0 || check_streams(s, error) < 0 || check_drift(s, error) < 0 ||
        security_settings_check(s, error) < 0)
        return -EINVAL;
    if (check_redis(s, error) < 0)
        return -EINVAL;
    if (s->pong_timeout_ms <= s->ping_interval_ms) {
        snprintf(error, SETTINGS_ERROR_MAX, "pong-timeout: must be longer than ping-interval");
        return -EINVAL;
    }
    if (stream_classes_parse(&s->classes, &s->stream_classes, error) < 0 ||
        stream_classes_policies(&s->policies, &s->stream_classes, error) < 0 ||
        stream_classes_delays(&s->write_delays, &s->stream_classes, error) < 0)
        return -EINVAL;
    return 0;
}

bool gateway_stream_allowed(const struct gateway_settings *s, const char *name, size_t len)
{
    if (!stream_name_valid(name, len))
        return false;
    if (s->streams.n == 0)
        return true;
    for (size_t i = 0; i < s->streams.n; i++)
        if (glob_match(s->streams.items[i], name, len))
            return true;
    return false;
}
