/* close_reason.h - why a connection ends: gives the WebSocket code, the metric and the log line. */
#ifndef GATEWAY_CLOSE_REASON_H
#define GATEWAY_CLOSE_REASON_H

/* name, code in the close frame (0: none is sent), text in the close frame */
#define CLOSE_REASONS(X)                                                                           \
    X(none, 0, "")                                                                                 \
    X(by_client, 0, "") /* with a close frame */                                                   \
    X(lost, 0, "")      /* without: it went, or libwebsockets ended it for breaking RFC 6455 */    \
    X(bad_utf8, 1007, "text is not UTF-8")                                                         \
    X(bad_frame, 1002, "reserved bits")                                                            \
    X(bad_deflate, 1007, "not compressed as negotiated")                                           \
    X(message_too_big, 1009, "message too big")                                                    \
    X(slow_reader, 1013, "reading too slowly")                                                     \
    X(queue_budget, 1013, "reading too slowly") /* all slow readers together cost too much */      \
    X(no_pong, 1008, "no pong")                                                                    \
    X(dead, 0, "")      /* the same, on dialects whose servers send nothing then */                \
    X(stalled, 0, "")   /* began a message, or to take one, and did not end it in time */          \
    X(malformed, 0, "") /* Nano: what is no JSON ends the connection, without a close frame */     \
    X(too_many_connections, 1013, "too many connections")                                          \
    X(no_channel, 1003, "no channel") /* Drift: a bad request that names none to answer on */      \
    X(no_subscription, 1008, "nothing subscribed in time")                                         \
    X(too_many_messages, 1008, "too many messages")                                                \
    X(expired, 1008, "credentials expired")                                                        \
    X(max_age, 1001, "connection age reached, please reconnect")                                   \
    X(drain, 1001, "server is going away, please reconnect")                                       \
    X(drain_cut, 0, "") /* in a drain, for clients that come back only after an unclean end */     \
    X(no_memory, 1011, "out of memory")                                                            \
    X(handshake, 0, "") /* never became a WebSocket */                                             \
    X(write_error, 0, "")

enum close_reason {
#define X(name, code, text) CLOSE_##name,
    CLOSE_REASONS(X)
#undef X
        CLOSE_REASON_COUNT,
};

struct close_reason_info {
    const char *name;
    int code;
    const char *text; /* at most 123 bytes (RFC 6455, 5.5) */
};

extern const struct close_reason_info close_reasons[CLOSE_REASON_COUNT];

#endif
