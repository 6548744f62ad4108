/* gateway_settings.c - see gateway_settings.h. */
#include "gateway/gateway_settings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "common/setting_names.h"

static const char *const payload_names[] = {"raw", "wrapped", NULL};
static const char *const contracts_names[] = {"any", "known", NULL};
static const char *const origin_missing_names[] = {"allow", "refuse", NULL};
static const char *const auth_names[] = {"none", "keys", "jwt", "keys,jwt", NULL};
static const char *const tls_min_names[] = {"1.2", "1.3", NULL};
static const char *const client_cert_names[] = {"off", "optional", "required", NULL};
static const char *const history_names[] = {"off", "on", "auto", NULL}; /* enum history_use */
static const char *const deflate_names[] = {"off", "on", NULL};

#define AT(field) offsetof(struct gateway_settings, field)
#define A_TEXT(field, what) .kind = SETTING_TEXT, .offset = AT(field), .value_name = what
#define A_LIST(field, what) .kind = SETTING_LIST, .offset = AT(field), .value_name = what
#define A_COUNT(field, normal, most)                                                               \
    .kind = SETTING_COUNT, .offset = AT(field), .fallback = normal, .max = most, .value_name = "N"
#define A_CHOICE(field, normal, names, what)                                                       \
    .kind = SETTING_CHOICE, .offset = AT(field), .fallback = normal, .choices = names,             \
    .value_name = what
#define HOUR ((uint64_t)3600 * 1000)

const struct setting gateway_settings_table[] = {
    {.name = "listen",
     .kind = SETTING_LIST,
     .offset = AT(listen),
     .fallback = "127.0.0.1:8080",
     .value_name = "ADDR",
     .help =
         "Where clients connect: HOST:PORT or unix:/PATH, with ,dialect=auto|exchange|binance|injective|"
         "nano|drift|zilliqa, ,tls=on|off, ,proxy=on (the PROXY protocol) "
         "and ,profile=doc|node. ,profile=node behaves as the existing server "
         "does, for clients written for it (also per connection: ?profile=node)"},
    {.name = "tls-cert",
     A_TEXT(security.tls_cert, "FILE"),
     .reloadable = true,
     .help = "The certificate and its chain (PEM). With it every listening address speaks TLS, but "
             "Unix sockets and those with ,tls=off. Read again on SIGHUP, for new connections"},
    {.name = "tls-key",
     A_TEXT(security.tls_key, "FILE"),
     .reloadable = true,
     .help = "Its private key (PEM). Default: in the same file"},
    {.name = "tls-min",
     A_CHOICE(security.tls_min, "1.2", tls_min_names, "1.2|1.3"),
     .reloadable = true,
     .help = "Oldest version of TLS that is spoken"},
    {.name = "tls-client-cert",
     A_CHOICE(security.tls_client_cert, "off", client_cert_names, "RULE"),
     .reloadable = true,
     .help = "Certificates of clients: optional lets those without one in, and refuses bad ones"},
    {.name = "tls-client-ca",
     A_TEXT(security.tls_client_ca, "FILE"),
     .reloadable = true,
     .help = "Who may sign them (PEM)"},
    {.name = "trusted-proxies",
     A_LIST(security.trusted_proxies, "NET"),
     .reloadable = true,
     .help =
         "Whose X-Forwarded-For and PROXY headers are believed: ADDRESS, ADDRESS/BITS, loopback, "
         "or unix"},
    {.name = "origins",
     A_LIST(security.origins, "ORIGIN"),
     .reloadable = true,
     .help = "Which web pages may connect: https://example.com, example.com, *.example.com; others "
             "get 403. Default: all"},
    {.name = "origin-missing",
     A_CHOICE(security.origin_missing, "allow", origin_missing_names, "RULE"),
     .reloadable = true,
     .help = "With origins: clients that say none, which browsers never do"},
    {.name = "auth",
     A_CHOICE(security.auth_kind, "none", auth_names, "KIND"),
     .reloadable = true,
     .help =
         "What clients must show, as Authorization: Bearer TOKEN, ?token=TOKEN or the subprotocol "
         "bearer.TOKEN; others get 401"},
    {.name = "auth-keys",
     A_TEXT(security.auth_keys, "FILE"),
     .reloadable = true,
     .help = "API keys: lines of NAME, the key's SHA-256 sum in hex, then streams=GLOB,... or "
             "connections=N. Read again on SIGHUP"},
    {.name = "auth-jwt-keys",
     A_TEXT(security.auth_jwt_keys, "DIR"),
     .reloadable = true,
     .help =
         "Keys of signed tokens: KID.pem (public; RS256 or ES256), KID.secret (HS256). Read again "
         "on SIGHUP"},
    {.name = "auth-jwt-audience",
     A_TEXT(security.auth_jwt_audience, "TEXT"),
     .reloadable = true,
     .help = "What a token's aud must be or have. Default: anything"},
    {.name = "auth-jwt-issuer",
     A_TEXT(security.auth_jwt_issuer, "TEXT"),
     .reloadable = true,
     .help = "What a token's iss must be. Default: anything"},
    {.name = "message-rate",
     A_COUNT(security.message_rate, "200", 1000000),
     .reloadable = true,
     .help = "Frames a second from one client, ten times as many at once; over it the client is "
             "closed with 1008. 0: no limit"},
    {.name = "byte-rate",
     .kind = SETTING_BYTES,
     .offset = AT(security.byte_rate),
     .fallback = "256k",
     .max = (uint64_t)1 << 30,
     .value_name = "SIZE",
     .reloadable = true,
     .help = "The same in bytes"},
    {.name = "max-age",
     .kind = SETTING_DURATION,
     .offset = AT(security.max_age_ms),
     .fallback = "0",
     .max = 10000 * HOUR,
     .value_name = "TIME",
     .reloadable = true,
     .help = "Connections are closed with 1001 at this age, or up to a tenth earlier. 0: never"},
    {.name = "max-connections",
     A_COUNT(security.max_connections, "0", 100000000),
     .reloadable = true,
     .help = "Connections over all workers; one more is refused with 503. 0: as many as there are "
             "descriptors"},
    {.name = "max-connections-per-address",
     A_COUNT(security.max_connections_per_address, "2000", 100000000),
     .reloadable = true,
     .help = "The same of one address (IPv6: of one /64), with 429. 0: no limit"},
    {.name = "handshake-rate",
     A_COUNT(security.handshake_rate, "2000", 1000000),
     .reloadable = true,
     .help = "Handshakes a second over all workers, ten times as many at once; one more is refused "
             "with 503. 0: no limit"},
    {.name = "handshake-rate-per-address",
     A_COUNT(security.handshake_rate_per_address, "200", 1000000),
     .reloadable = true,
     .help = "The same of one address, with 429. 0: no limit"},
    {.name = "redis",
     .kind = SETTING_TEXT,
     .offset = AT(redis),
     .fallback = "redis://127.0.0.1:6379",
     .value_name = "URL",
     .help = "The Redis to listen to: redis://[user:pass@]host:port[/db], unix:///path, "
             "redis+sentinel://s1,s2,s3/NAME or redis+cluster://h1,h2,h3; with TLS rediss://, "
             "rediss+sentinel://, rediss+cluster://"},
    {.name = "prefix",
     .kind = SETTING_TEXT,
     .offset = AT(prefix),
     .fallback = "sluice:",
     .value_name = "TEXT",
     .help = "A stream's channel is this and its name; empty to sit on somebody else's channels"},
    {.name = "pubsub",
     .kind = SETTING_CHOICE,
     .offset = AT(pubsub),
     .fallback = "auto",
     .choices = pubsub_form_names,
     .value_name = "FORM",
     .help = "plain: PUBLISH and SUBSCRIBE; sharded: SPUBLISH and SSUBSCRIBE, spread over the "
             "masters of a Cluster; auto: sharded on a Cluster, unless the prefix is empty. The "
             "same for publishers and gateways"},
    {.name = "redis-ca",
     .kind = SETTING_TEXT,
     .offset = AT(redis_ca),
     .value_name = "FILE",
     .help = "CA certificates (PEM) that Redis' own must come from with rediss://. Default: the "
             "system's"},
    {.name = "redis-cert",
     .kind = SETTING_TEXT,
     .offset = AT(redis_cert),
     .value_name = "FILE",
     .help = "Our certificate (PEM) for a Redis that asks for one; with redis-key"},
    {.name = "redis-key",
     .kind = SETTING_TEXT,
     .offset = AT(redis_key),
     .value_name = "FILE",
     .help = "The key (PEM, without a passphrase) of redis-cert"},
    {.name = "redis-verify",
     .kind = SETTING_CHOICE,
     .offset = AT(redis_verify),
     .fallback = "full",
     .choices = redis_verify_names,
     .value_name = "RULE",
     .help = "What of Redis' certificate is checked. full: its CA and that it names the host we "
             "connect to; ca: its CA alone; none: nothing"},
    {.name = "streams",
     .kind = SETTING_LIST,
     .offset = AT(streams),
     .value_name = "GLOB",
     .help = "Names that exchange and Binance clients may ask for (* and ?). Default: "
             "every name; required when the prefix is empty"},
    {.name = "payload",
     .kind = SETTING_CHOICE,
     .offset = AT(payload),
     .fallback = "raw",
     .choices = payload_names,
     .value_name = "FORM",
     .help = "wrapped: messages in Redis are {\"stream\":...,\"data\":...} already and pass as "
             "they are"},
    {.name = "history",
     .kind = SETTING_CHOICE,
     .offset = AT(history),
     .fallback = "auto",
     .choices = history_names,
     .value_name = "on|off|auto",
     .help = "Whether what was missed is read from the streams' histories in Redis, where our "
             "publisher keeps them. auto: on, unless the prefix is empty"},
    {.name = "class",
     .kind = SETTING_LIST,
     .offset = AT(classes),
     .value_name = "NAME=GLOB,...",
     .help = "A class of streams, for metrics, policies and delays"},
    {.name = "policy",
     .kind = SETTING_LIST,
     .offset = AT(policies),
     .value_name = "CLASS=RULE",
     .help = "What becomes of a class's messages when a slow client's queue is full. close: the "
             "client is closed (the default); conflate: of each stream only the newest message "
             "stays; drop: the oldest go. The class of all other streams is called other"},
    {.name = "write-delay",
     .kind = SETTING_LIST,
     .offset = AT(write_delays),
     .value_name = "[CLASS=]TIME",
     .help = "Messages of the class, or of all, may wait so long (at most 1s) for others to go out "
             "with them in one write. Default: none"},
    {.name = "workers",
     .kind = SETTING_COUNT,
     .offset = AT(workers),
     .fallback = "1",
     .min = 1,
     .max = 64,
     .value_name = "N",
     .help = "Processes that share the listening addresses"},
    {.name = "kernel-queue",
     .kind = SETTING_BYTES,
     .offset = AT(kernel_queue),
     .fallback = "512k",
     .min = 16384,
     .max = (uint64_t)1 << 30,
     .value_name = "SIZE",
     .help =
         "What the kernel may hold for one client that has not been sent yet; what comes on top "
         "waits in its queue (queue-bytes)"},
    {.name = "queue-bytes",
     .kind = SETTING_BYTES,
     .offset = AT(queue_bytes),
     .fallback = "1M",
     .min = 4096,
     .max = (uint64_t)1 << 30,
     .value_name = "SIZE",
     .reloadable = true,
     .help = "What may wait for one client; over it the client is closed with 1013. One frame "
             "always fits"},
    {.name = "queue-messages",
     .kind = SETTING_COUNT,
     .offset = AT(queue_messages),
     .fallback = "1024",
     .min = 1,
     .max = 1000000,
     .value_name = "N",
     .reloadable = true,
     .help = "The same, in messages"},
    {.name = "queue-budget",
     .kind = SETTING_BYTES,
     .offset = AT(queue_budget),
     .fallback = "256M",
     .min = 1 << 20,
     .max = (uint64_t)1 << 40,
     .value_name = "SIZE",
     .reloadable = true,
     .help = "Memory that all queues of a process may take together, a message that waits in many "
             "counted once; over it the client with the longest queue is cut first"},
    {.name = "stall-timeout",
     .kind = SETTING_DURATION,
     .offset = AT(stall_timeout_ms),
     .fallback = "30s",
     .min = 100,
     .max = HOUR,
     .value_name = "TIME",
     .reloadable = true,
     .help = "A client that has taken nothing for so long, while messages wait for it, is cut"},
    {.name = "max-message",
     .kind = SETTING_BYTES,
     .offset = AT(max_message),
     .fallback = "64k",
     .min = 125,
     .max = 16 << 20,
     .value_name = "SIZE",
     .reloadable = true,
     .help = "Longest message from a client; a longer one closes with 1009"},
    {.name = "deflate",
     .kind = SETTING_CHOICE,
     .offset = AT(deflate),
     .fallback = "on",
     .choices = deflate_names,
     .value_name = "on|off",
     .reloadable = true,
     .help = "Whether clients of the Drift, exchange and Binance forms that offer "
             "permessage-deflate get compressed messages; with / and /ws, where the first message "
             "chooses the form, it is never negotiated"},
    {.name = "max-payload",
     .kind = SETTING_BYTES,
     .offset = AT(max_payload),
     .fallback = "8M",
     .min = 1024,
     .max = 32 << 20,
     .value_name = "SIZE",
     .reloadable = true,
     .help = "Longest message from Redis; a longer one is dropped and counted"},
    {.name = "max-subscriptions",
     .kind = SETTING_COUNT,
     .offset = AT(max_subscriptions),
     .fallback = "1024",
     .min = 1,
     .max = 100000,
     .value_name = "N",
     .reloadable = true,
     .help = "Subscriptions of one connection"},
    {.name = "linger",
     .kind = SETTING_DURATION,
     .offset = AT(linger_ms),
     .fallback = "2s",
     .max = 60000,
     .value_name = "TIME",
     .help = "How long a Redis channel stays subscribed after its last listener"},
    {.name = "drain",
     .kind = SETTING_DURATION,
     .offset = AT(drain_ms),
     .fallback = "20s",
     .max = HOUR,
     .value_name = "TIME",
     .reloadable = true,
     .help = "On SIGTERM clients are closed one by one over this time"},
    {.name = "ping-interval",
     .kind = SETTING_DURATION,
     .offset = AT(ping_interval_ms),
     .fallback = "20s",
     .min = 100,
     .max = HOUR,
     .value_name = "TIME",
     .help = "WebSocket pings to a client that is silent this long"},
    {.name = "pong-timeout",
     .kind = SETTING_DURATION,
     .offset = AT(pong_timeout_ms),
     .fallback = "60s",
     .min = 100,
     .max = HOUR,
     .value_name = "TIME",
     .help = "A client that has said nothing this long, not even a pong, is closed"},
    {.name = "handshake-timeout",
     .kind = SETTING_DURATION,
     .offset = AT(handshake_timeout_ms),
     .fallback = "10s",
     .min = 1000,
     .max = 300000,
     .value_name = "TIME",
     .help = "Time for a connection to become a WebSocket"},
    {.name = "first-subscription-timeout",
     .kind = SETTING_DURATION,
     .offset = AT(first_subscription_ms),
     .fallback = "60s",
     .min = 100,
     .max = 24 * HOUR,
     .value_name = "TIME",
     .help = "A client that has never subscribed is closed after this time"},
    {.name = "last-value",
     .kind = SETTING_TEXT,
     .offset = AT(last_value),
     .value_name = "FORM",
     .help = "Where a publisher that is not ours keeps the last message of a stream, for clients "
             "that come late: string:KEY, with %s in KEY for the stream (dlob-server: "
             "string:dlob:last_update_%s). Default: as our publisher keeps it"},
    {.name = "drift-markets",
     .kind = SETTING_TEXT,
     .offset = AT(drift_markets),
     .value_name = "FILE",
     .help = "The markets of the Drift dialect, lines of name,type,index, instead of those built "
             "in (share/sluice/drift-markets.csv)"},
    {.name = "binance-rate",
     .kind = SETTING_COUNT,
     .offset = AT(binance_rate),
     .fallback = "5",
     .max = 1000000,
     .value_name = "N",
     .reloadable = true,
     .help = "Messages a second from one client of the Binance form; 0: no limit"},
    {.name = "binance-max-age",
     .kind = SETTING_DURATION,
     .offset = AT(binance_max_age_ms),
     .fallback = "24h",
     .min = 1000,
     .max = 1000 * HOUR,
     .value_name = "TIME",
     .help = "Connections of the Binance form are closed at this age"},
    {.name = "injective-max-open-connections",
     .kind = SETTING_COUNT,
     .offset = AT(injective_max_open_connections),
     .fallback = "0",
     .max = 10000000,
     .value_name = "N",
     .reloadable = true,
     .help = "Clients of the Injective form, over all workers; one more is closed with 1013. 0: no "
             "limit"},
    {.name = "injective-read-timeout",
     .kind = SETTING_DURATION,
     .offset = AT(injective_read_timeout_ms),
     .fallback = "10s",
     .min = 100,
     .max = HOUR,
     .value_name = "TIME",
     .reloadable = true,
     .help = "Time for a request of the Injective form to be there completely once it has begun"},
    {.name = "injective-write-timeout",
     .kind = SETTING_DURATION,
     .offset = AT(injective_write_timeout_ms),
     .fallback = "10s",
     .min = 100,
     .max = HOUR,
     .value_name = "TIME",
     .reloadable = true,
     .help = "Time for a client of the Injective form to take a message; then the connection is "
             "cut"},
    {.name = "injective-max-body-bytes",
     .kind = SETTING_BYTES,
     .offset = AT(injective_max_body_bytes),
     .fallback = "1000000",
     .min = 125,
     .max = 16 << 20,
     .value_name = "SIZE",
     .reloadable = true,
     .help = "Longest message from a client of the Injective form, instead of max-message"},
    {.name = "injective-max-header-bytes",
     .kind = SETTING_BYTES,
     .offset = AT(injective_max_header_bytes),
     .fallback = "16k",
     .min = 256,
     .max = 16 << 10,
     .value_name = "SIZE",
     .reloadable = true,
     .help = "Headers of a handshake for the Injective form; more is refused with 431"},
    {.name = "injective-max-request-batch-size",
     .kind = SETTING_COUNT,
     .offset = AT(injective_max_request_batch_size),
     .fallback = "10",
     .min = 1,
     .max = 1000,
     .value_name = "N",
     .reloadable = true,
     .help = "Requests in one array (profile doc; the node profile knows no arrays)"},
    {.name = "injective-max-block",
     .kind = SETTING_BYTES,
     .offset = AT(injective_max_block),
     .fallback = "8M",
     .min = 4096,
     .max = 256 << 20,
     .value_name = "SIZE",
     .reloadable = true,
     .help = "What one block may have for one subscription of the Injective form; a larger one is "
             "a stream error"},
    {.name = "injective-max-filter-values",
     .kind = SETTING_COUNT,
     .offset = AT(injective_max_filter_values),
     .fallback = "1000",
     .min = 1,
     .max = 10000,
     .value_name = "N",
     .reloadable = true,
     .help = "Markets, accounts and symbols that one subscription of the Injective form may name; "
             "all those of a connection together, ten times as many"},
    {.name = "contracts",
     .kind = SETTING_CHOICE,
     .offset = AT(contracts),
     .fallback = "any",
     .choices = contracts_names,
     .value_name = "RULE",
     .reloadable = true,
     .help = "Zilliqa: which addresses EventLog takes for contracts. any: all but those in the "
             "sorted set <prefix>zilliqa.noncontract; known: only those in the set "
             "<prefix>zilliqa.contract"},
    {.name = "nano-max-accounts",
     .kind = SETTING_COUNT,
     .offset = AT(nano_max_accounts),
     .fallback = "10000",
     .min = 1,
     .max = 1000000,
     .value_name = "N",
     .reloadable = true,
     .help =
         "Accounts and representatives that one subscription of the Nano form may name; further "
         "ones are passed over"},
    {.name = "log-level",
     .kind = SETTING_CHOICE,
     .offset = AT(log_level),
     .fallback = "info",
     .choices = log_level_names,
     .value_name = "LEVEL",
     .reloadable = true,
     .help = "Least serious lines to print"},
    {.name = "settings",
     .kind = SETTING_TEXT,
     .offset = AT(settings_file),
     .value_name = "FILE",
     .help = "A file of KEY=VALUE lines, the same names as in the environment"},
};
const size_t gateway_settings_count =
    sizeof gateway_settings_table / sizeof *gateway_settings_table;

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
