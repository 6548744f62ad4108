/* refusal.h - why a connection does not become a WebSocket: gives the status, the line and the
 * metric. */
#ifndef GATEWAY_REFUSAL_H
#define GATEWAY_REFUSAL_H

/* name, HTTP status (0: cut without an answer), the line that goes with it ("": the refuser's) */
#define REFUSALS(X)                                                                                  \
    X(none, 0, "")                                                                                   \
    X(proxy_header, 0, "") /* missing, malformed, late, or from who is no trusted proxy */           \
    X(flood, 0, "")        /* far over a limit on connections: cut at once */                        \
    X(request, 400, "")    /* no handshake that is served here; 404, 426 and others too */           \
    X(draining, 503, "draining: going away, please connect elsewhere")                               \
    X(connections, 503, "too many connections here, please come back later")                         \
    X(handshakes, 503, "too many handshakes at the moment, please come back later")                  \
    X(address_connections, 429, "too many connections from this address")                            \
    X(address_handshakes, 429, "too many handshakes from this address, please slow down")            \
    X(key_connections, 429, "too many connections with this key")                                    \
    X(origin, 403, "origin: this page may not connect here")                                         \
    X(no_credentials, 401,                                                                           \
      "credentials: send Authorization: Bearer TOKEN, ?token=TOKEN or the subprotocol bearer.TOKEN") \
    X(bad_credentials, 401, "credentials: the token is not valid here")                              \
    X(expired, 401, "credentials: the token has expired")

enum refusal {
#define X(name, status, line) REFUSAL_##name,
    REFUSALS(X)
#undef X
        REFUSAL_COUNT,
};

struct refusal_info {
    const char *name;
    int status;
    const char *line;
};

extern const struct refusal_info refusals[REFUSAL_COUNT];

#endif
