/* ws_admission.c - who may come in: limits, where a handshake comes from, and what it shows. */

#include <time.h>

#include "gateway/auth.h"
#include "gateway/counters.h"
#include "gateway/credentials.h"
#include "gateway/gateway_settings.h"
#include "gateway/origin.h"
#include "gateway/ws_connection.h"

static const struct security_settings *rules(const struct connection *conn)
{
    return &conn->edge->host->settings->security;
}

/* A trusted proxy's own connections count for nobody: see ws_admission_identify(). */
bool ws_admission_accept(struct connection *conn)
{
    struct limits *limits = conn->edge->limits;

    if (!networks_have(&rules(conn)->proxies, &conn->entrance->peer) &&
        !(conn->party = limits_enter(limits, &conn->entrance->peer)))
        return false;
    if (!limits_flooded(limits, conn->party))
        return true;
    conn->edge->host->counters->refusals[REFUSAL_flood]++;
    return false;
}

/* A proxy may use one connection for requests of several: each is looked at anew. */
static bool identify(struct connection *conn)
{
    struct limits *limits = conn->edge->limits;
    const struct networks *proxies = &rules(conn)->proxies;
    struct address who = conn->entrance->peer;

    if (conn->party && !networks_have(proxies, &conn->entrance->peer))
        return true;
    limits_leave(limits, &conn->party);
    who = address_behind_proxies(proxies, who, ws_http_header(conn, WSI_TOKEN_X_FORWARDED_FOR));
    conn->party = limits_enter(limits, &who);
    return conn->party != NULL;
}

static bool origin_right(struct connection *conn)
{
    const struct security_settings *s = rules(conn);

    if (s->origins.n == 0)
        return true;
    const char *origin = ws_http_header(conn, WSI_TOKEN_ORIGIN);
    return *origin ? origin_allowed(&s->origins, origin)
                   : s->origin_missing == ORIGIN_MISSING_ALLOW;
}

/* The admin address asks for no credentials, and its console is a page of its own. A page from
 * elsewhere has a name, even where that name has been made to lead here. */
static bool local_origin(struct connection *conn)
{
    const char *origin = ws_http_header(conn, WSI_TOKEN_ORIGIN);

    return *origin == '\0' || origin_is_nameless(origin);
}

/* ---- credentials ---------------------------------------------------------------------------- */

/* It is in the edge's buffer for headers: valid until the next header is looked at. */
static struct span token_of(struct connection *conn)
{
    struct span token =
        credentials_in_authorization(ws_http_header(conn, WSI_TOKEN_HTTP_AUTHORIZATION));

    token = token.len ? token : credentials_in_query(ws_http_query(conn));
    return token.len ? token
                     : credentials_in_subprotocols(ws_http_header(conn, WSI_TOKEN_PROTOCOL));
}

static enum refusal check_key_limit(struct connection *conn, const struct identity *identity)
{
    struct limits *limits = conn->edge->limits;

    limits_leave(limits, &conn->key_party);
    if (identity->max_connections == 0)
        return REFUSAL_none;
    conn->key_party = limits_enter_key(limits, identity->key);
    if (!conn->key_party)
        return REFUSAL_connections;
    return limits_count(limits, conn->key_party) > identity->max_connections
               ? REFUSAL_key_connections
               : REFUSAL_none;
}

static enum refusal authenticate(struct connection *conn, struct identity *identity)
{
    struct ws_edge *edge = conn->edge;
    const struct auth *auth = rules(conn)->auth;

    if (!auth)
        return REFUSAL_none;
    struct span token = token_of(conn);
    enum refusal refusal = auth_check(auth, token.at, token.len, (uint64_t)time(NULL), identity);
    if (refusal == REFUSAL_bad_credentials)
        limits_charge(edge->limits, conn->party, edge->host->now_ms);
    if (!refusal)
        refusal = check_key_limit(conn, identity);
    if (refusal)
        grants_free(&identity->grants);
    return refusal;
}

enum refusal ws_admission_handshake(struct connection *conn, struct identity *identity)
{
    *identity = (struct identity){0};
    if (!identify(conn))
        return REFUSAL_connections;
    enum refusal refusal =
        limits_handshake(conn->edge->limits, conn->party, conn->edge->host->now_ms);
    if (!refusal && conn->listener->admin)
        return local_origin(conn) ? REFUSAL_none : REFUSAL_origin;
    if (!refusal && !origin_right(conn))
        refusal = REFUSAL_origin;
    return refusal ? refusal : authenticate(conn, identity);
}

void ws_admission_forget(struct connection *conn)
{
    limits_leave(conn->edge->limits, &conn->party);
    limits_leave(conn->edge->limits, &conn->key_party);
}
