/* gateway_settings_check.c - loading, and what the table cannot say: settings that depend on one
 * another, files that must be there, and what is derived from it all. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/drift_markets.h"
#include "common/setting_names.h"
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

int gateway_settings_load(struct gateway_settings *s, int argc, char *const *argv, char *const *env,
                          char error[SETTINGS_ERROR_MAX])
{
    memset(s, 0, sizeof *s);
    int err = settings_load(gateway_settings_table, gateway_settings_count, publisher_setting_names,
                            publisher_setting_names_count, s, argc, argv, env, error);
    if (!err)
        err = gateway_settings_check(s, error);
    if (err)
        gateway_settings_free(s);
    return err;
}

int gateway_settings_reload(struct gateway_settings *s, int argc, char *const *argv,
                            char *const *env, char text[SETTINGS_ERROR_MAX])
{
    struct gateway_settings fresh;
    char names[SETTINGS_ERROR_MAX / 2];
    int err = gateway_settings_load(&fresh, argc, argv, env, text);

    if (err)
        return err;
    if (settings_difference(gateway_settings_table, gateway_settings_count, s, &fresh, true, names,
                            sizeof names) > 0) {
        snprintf(text, SETTINGS_ERROR_MAX, "%s: cannot change while running; nothing was changed",
                 names);
        err = -EINVAL;
    } else if (s->n_addresses != fresh.n_addresses) {
        snprintf(text, SETTINGS_ERROR_MAX,
                 "auth, origins: the first and the last of them open and close the admin address, "
                 "which takes a restart; set admin to do without; nothing was changed");
        err = -EINVAL;
    } else if (!s->security.tls != !fresh.security.tls) {
        snprintf(text, SETTINGS_ERROR_MAX,
                 "tls-cert: TLS is turned on or off by a restart only; nothing was changed");
        err = -EINVAL;
    } else {
        settings_difference(gateway_settings_table, gateway_settings_count, s, &fresh, false, text,
                            SETTINGS_ERROR_MAX);
        settings_take_reloadable(gateway_settings_table, gateway_settings_count, s, &fresh);
        security_settings_take(&s->security, &fresh.security);
    }
    gateway_settings_free(&fresh);
    return err;
}

void gateway_settings_free(struct gateway_settings *s)
{
    redis_tls_free(&s->redis_tls);
    security_settings_free(&s->security);
    settings_free(gateway_settings_table, gateway_settings_count, s);
}

bool gateway_has_history(const struct gateway_settings *s)
{
    return s->history == HISTORY_AUTO ? *s->prefix != '\0' : s->history == HISTORY_ON;
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
