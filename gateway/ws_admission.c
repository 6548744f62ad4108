/* ws_admission.c - who may come in: limits, and what a handshake says about where it comes from. */

#include "gateway/counters.h"
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

    if (!networks_have(&rules(conn)->proxies, &conn->peer) &&
        !(conn->party = limits_enter(limits, &conn->peer)))
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
    struct address who = conn->peer;

    if (conn->party && !networks_have(proxies, &conn->peer))
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

enum refusal ws_admission_handshake(struct connection *conn)
{
    if (!identify(conn))
        return REFUSAL_connections;
    enum refusal refusal =
        limits_handshake(conn->edge->limits, conn->party, conn->edge->host->now_ms);
    if (!refusal && !origin_right(conn))
        refusal = REFUSAL_origin;
    return refusal;
}

void ws_admission_forget(struct connection *conn)
{
    limits_leave(conn->edge->limits, &conn->party);
}
