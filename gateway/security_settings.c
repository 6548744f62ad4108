/* security_settings.c - see security_settings.h. */
#include "gateway/security_settings.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "gateway/gateway_settings.h"
#include "gateway/origin.h"

/* Client certificates without authorities, or the other way round, is never what was meant. */
static int check_tls_rules(const struct security_settings *s, char error[SETTINGS_ERROR_MAX])
{
    const char *why = NULL;

    if (s->tls_client_cert && !*s->tls_client_ca)
        why = "tls-client-ca: must be given with tls-client-cert";
    else if (*s->tls_client_ca && !s->tls_client_cert)
        why = "tls-client-cert: must be optional or required when tls-client-ca is given";
    else if (!*s->tls_cert && (*s->tls_key || s->tls_client_cert))
        why = "tls-cert: must be given with the other tls- settings";
    if (why)
        snprintf(error, SETTINGS_ERROR_MAX, "%s", why);
    return why ? -EINVAL : 0;
}

static int check_tls(struct gateway_settings *settings, char error[SETTINGS_ERROR_MAX])
{
    struct security_settings *s = &settings->security;
    const struct tls_files files = {.cert = s->tls_cert,
                                    .key = s->tls_key,
                                    .client_ca = s->tls_client_ca,
                                    .client_cert = (enum tls_client_cert)s->tls_client_cert,
                                    .min_version = s->tls_min ? TLS1_3_VERSION : TLS1_2_VERSION};

    if (check_tls_rules(s, error) < 0)
        return -EINVAL;
    for (unsigned i = 0; i < settings->n_addresses; i++) {
        struct listen_address *a = &settings->addresses[i];
        if (a->tls == LISTEN_TLS_ON && !*s->tls_cert) {
            snprintf(error, SETTINGS_ERROR_MAX,
                     "tls-cert: must be given, since listen '%.100s' has tls=on", a->text);
            return -EINVAL;
        }
        if (a->tls == LISTEN_TLS_DEFAULT)
            a->tls =
                *s->tls_cert && a->address.ss_family != AF_UNIX ? LISTEN_TLS_ON : LISTEN_TLS_OFF;
    }
    if (!*s->tls_cert)
        return 0;
    if (ticket_keys_init(&s->tickets, (uint64_t)time(NULL)) < 0) {
        snprintf(error, SETTINGS_ERROR_MAX, "tls-cert: the system gives no random numbers");
        return -EINVAL;
    }
    return tls_load(&s->tls, &files, error, SETTINGS_ERROR_MAX);
}

/* A reload finds the address there already: it may change what it keeps private, not where. */
static int check_admin(struct gateway_settings *settings, char error[SETTINGS_ERROR_MAX])
{
    const struct security_settings *s = &settings->security;
    struct listen_address *address = &settings->addresses[settings->n_addresses];
    const char *text = s->admin;
    char line[SETTINGS_ERROR_MAX];

    settings->operators_only = *text || s->auth_kind || s->origins.n > 0;
    if (!*text && settings->operators_only)
        text = ADMIN_ADDRESS;
    if (!*text || strcmp(text, "off") == 0)
        return 0;
    if (listen_address_parse(text, address, line, sizeof line) < 0 || address->proxy) {
        snprintf(error, SETTINGS_ERROR_MAX,
                 "admin: '%.100s' must be IP:PORT, [IPV6]:PORT or unix:/PATH, or off", text);
        return -EINVAL;
    }
    if (address->tls == LISTEN_TLS_DEFAULT)
        address->tls = LISTEN_TLS_OFF;
    address->admin = true;
    settings->n_addresses++;
    return 0;
}

static int check_proxies(struct gateway_settings *settings, char error[SETTINGS_ERROR_MAX])
{
    struct security_settings *s = &settings->security;

    if (networks_parse(&s->trusted_proxies, "trusted-proxies", &s->proxies, error,
                       SETTINGS_ERROR_MAX) < 0)
        return -EINVAL;
    for (unsigned i = 0; i < settings->n_addresses; i++) {
        if (!settings->addresses[i].proxy || s->trusted_proxies.n > 0)
            continue;
        snprintf(error, SETTINGS_ERROR_MAX,
                 "trusted-proxies: must be given, since listen '%.100s' has proxy=on",
                 settings->addresses[i].text);
        return -EINVAL;
    }
    return 0;
}

static int check_auth(struct security_settings *s, char error[SETTINGS_ERROR_MAX])
{
    const struct auth_files files = {.kind = (enum auth_kind)s->auth_kind,
                                     .keys = s->auth_keys,
                                     .jwt_keys = s->auth_jwt_keys,
                                     .audience = s->auth_jwt_audience,
                                     .issuer = s->auth_jwt_issuer};
    bool keys = files.kind == AUTH_KEYS || files.kind == AUTH_KEYS_AND_JWT;
    bool jwt = files.kind == AUTH_JWT || files.kind == AUTH_KEYS_AND_JWT;

    if ((*files.keys && !keys) || ((*files.jwt_keys || *files.audience || *files.issuer) && !jwt)) {
        snprintf(error, SETTINGS_ERROR_MAX,
                 "auth: must be %s, or the other auth- settings have no effect",
                 *files.keys && !keys ? "keys or keys,jwt" : "jwt or keys,jwt");
        return -EINVAL;
    }
    return auth_load(&s->auth, &files, error, SETTINGS_ERROR_MAX);
}

int security_settings_check(struct gateway_settings *s, char error[SETTINGS_ERROR_MAX])
{
    if (check_admin(s, error) < 0 ||
        account_find(s->security.user, &s->security.account, error, SETTINGS_ERROR_MAX) < 0 ||
        check_proxies(s, error) < 0 ||
        origins_check(&s->security.origins, error, SETTINGS_ERROR_MAX) < 0)
        return -EINVAL;
    return check_tls(s, error) < 0 || check_auth(&s->security, error) < 0 ? -EINVAL : 0;
}

/* The ticket keys stay: sessions outlive a reload. */
void security_settings_take(struct security_settings *s, struct security_settings *fresh)
{
    struct tls *tls = s->tls;
    struct auth *auth = s->auth;

    s->tls = fresh->tls;
    fresh->tls = tls;
    s->auth = fresh->auth;
    fresh->auth = auth;
    s->proxies = fresh->proxies;
}

void security_settings_free(struct security_settings *s)
{
    tls_free(&s->tls);
    auth_free(&s->auth);
}
