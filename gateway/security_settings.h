/* security_settings.h - the part of the gateway's settings that says who may connect, and how.
 *
 * The files that it names are read by security_settings_check(), as a whole or not at all, so that
 * a reload with a bad file leaves everything as it was.
 */
#ifndef GATEWAY_SECURITY_SETTINGS_H
#define GATEWAY_SECURITY_SETTINGS_H

#include "common/settings.h"
#include "gateway/address.h"
#include "gateway/auth.h"
#include "gateway/privileges.h"
#include "gateway/ticket_keys.h"
#include "gateway/tls.h"

#define ADMIN_ADDRESS "127.0.0.1:9180" /* where none is set and something must be kept private */

struct gateway_settings;

enum { ORIGIN_MISSING_ALLOW, ORIGIN_MISSING_REFUSE };

struct security_settings {
    /* as given */
    char *tls_cert, *tls_key, *tls_client_ca;
    char *admin, *user;
    char *auth_keys, *auth_jwt_keys, *auth_jwt_audience, *auth_jwt_issuer;
    int tls_min, tls_client_cert, origin_missing, auth_kind;
    struct setting_list trusted_proxies, origins;
    uint64_t max_connections, max_connections_per_address; /* 0: no limit, here and below */
    uint64_t handshake_rate, handshake_rate_per_address;
    uint64_t message_rate, byte_rate, max_age_ms;

    /* derived */
    struct networks proxies; /* of trusted_proxies */
    struct account account;
    struct auth *auth; /* NULL: anybody may connect */
    struct tls *tls;   /* NULL: plain connections only */
    struct ticket_keys tickets;
};

/* Part of gateway_settings_check(), once the addresses are known. 0; -EINVAL with one line. */
int security_settings_check(struct gateway_settings *s, char error[SETTINGS_ERROR_MAX]);

/* Take over what was derived anew; *fresh has the old afterwards, still to be freed. */
void security_settings_take(struct security_settings *s, struct security_settings *fresh);

void security_settings_free(struct security_settings *s); /* what was derived */

#endif
