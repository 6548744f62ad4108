/* redis_settings.c - see redis_settings.h. */
#include "common/redis_settings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *const pubsub_form_names[] = {"auto", "plain", "sharded", NULL};
const char *const redis_verify_names[] = {"full", "ca", "none", NULL};

static int check_prefix(const char *prefix, char error[SETTINGS_ERROR_MAX])
{
    if (stream_prefix_valid(prefix))
        return 0;
    snprintf(error, SETTINGS_ERROR_MAX, "prefix: '%.100s' is not " STREAM_PREFIX_RULE, prefix);
    return -EINVAL;
}

/* Without a prefix of our own the channels are somebody else's, who knows no braces. */
static bool is_sharded(const struct redis_given *given, const struct redis_url *url)
{
    if (given->pubsub == PUBSUB_AUTO)
        return url->kind == REDIS_CLUSTER && *given->prefix;
    return given->pubsub == PUBSUB_SHARDED;
}

/* A file for TLS beside a URL without it is a mistake that would go unseen. */
static int check_stray(const struct redis_given *given, char error[SETTINGS_ERROR_MAX])
{
    const char *stray = *given->ca     ? "redis-ca"
                        : *given->cert ? "redis-cert"
                        : *given->key  ? "redis-key"
                                       : NULL;

    if (!stray)
        return 0;
    snprintf(error, SETTINGS_ERROR_MAX,
             "%s: is for TLS, and redis is not a rediss:// or rediss+...:// URL", stray);
    return -EINVAL;
}

static int start_tls(const struct redis_given *given, struct redis_url *url, struct redis_tls **tls,
                     char error[SETTINGS_ERROR_MAX])
{
    char why[REDIS_TLS_ERROR_MAX];

    if (!url->tls)
        return check_stray(given, error);
    int err = redis_tls_new(given->ca, given->cert, given->key, (enum redis_verify)given->verify,
                            tls, why);
    if (err)
        snprintf(error, SETTINGS_ERROR_MAX, "%s", why);
    else
        url->login.tls = url->sentinel_login.tls = *tls;
    return err;
}

int redis_settings_read(const struct redis_given *given, struct redis_url *url,
                        struct redis_naming *naming, struct redis_tls **tls,
                        char error[SETTINGS_ERROR_MAX])
{
    char why[REDIS_URL_ERROR_MAX];

    if (check_prefix(given->prefix, error) < 0)
        return -EINVAL;
    if (redis_url_parse(given->redis, url, why) < 0) {
        snprintf(error, SETTINGS_ERROR_MAX, "redis: %s", why);
        return -EINVAL;
    }
    *naming = (struct redis_naming){.prefix = given->prefix, .sharded = is_sharded(given, url)};
    return start_tls(given, url, tls, error);
}
