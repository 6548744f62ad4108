/* route.c - see route.h. */
#include "gateway/route.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "gateway/dialects/dialect.h"

static bool is(const char *path, const char *endpoint)
{
    size_t len = strlen(endpoint);

    return strncmp(path, endpoint, len) == 0 && (path[len] == '\0' || strcmp(path + len, "/") == 0);
}

static bool below(const char *path, const char *endpoint)
{
    size_t len = strlen(endpoint);

    return strncmp(path, endpoint, len) == 0 && path[len] == '/';
}

static const struct dialect *dialect_at(const char *path)
{
    if (strcmp(path, "/") == 0 || *path == '\0')
        return &dialect_auto;
    if (strcmp(path, "/injstream-ws") == 0 || is(path, "/injective"))
        return &dialect_injective;
    if (is(path, "/nano"))
        return &dialect_nano;
    if (is(path, "/drift"))
        return &dialect_drift;
    if (is(path, "/zilliqa"))
        return &dialect_zilliqa;
    if (is(path, "/ws"))
        return &dialect_auto_ws;
    if (below(path, "/ws") || is(path, "/stream") || below(path, "/stream"))
        return &dialect_binance;
    return NULL;
}

static enum profile profile_of(const char *query, enum profile fallback)
{
    for (const char *at = query; *at; at += strcspn(at, "&")) {
        at += *at == '&';
        size_t len = strcspn(at, "&");
        if (len == 12 && strncmp(at, "profile=node", len) == 0)
            return PROFILE_NODE;
        if (len == 11 && strncmp(at, "profile=doc", len) == 0)
            return PROFILE_DOC;
    }
    return fallback;
}

/* The servers that the node profile follows know one path. */
static bool node_only(const struct route *r, const struct listen_address *listener,
                      const char *path)
{
    return listener->dialect && r->profile == PROFILE_NODE && r->dialect->node_path &&
           strcmp(path, r->dialect->node_path) != 0 &&
           !(r->dialect->node_alias && strcmp(path, r->dialect->node_alias) == 0);
}

struct route route_find(const struct gateway_settings *s, const struct listen_address *listener,
                        const char *path, const char *query)
{
    struct route r = {.profile = profile_of(query, listener->profile)};

    r.dialect = listener->dialect ? listener->dialect : dialect_at(path);
    if (!r.dialect) {
        r.status = 404;
        snprintf(r.why, sizeof r.why,
                 "nothing is served at this path; WebSocket endpoints are /, /ws, /ws/<stream>, "
                 "/stream, /injstream-ws, /injective, /nano, /drift and /zilliqa");
        return r;
    }
    if (node_only(&r, listener, path)) {
        r.status = r.dialect->node_status ? r.dialect->node_status : 404;
        snprintf(r.why, sizeof r.why, "served at %s", r.dialect->node_path);
    } else if (r.dialect->admit)
        r.status = r.dialect->admit(s, path, query, r.why, sizeof r.why);
    if (r.status)
        r.dialect = NULL;
    return r;
}
