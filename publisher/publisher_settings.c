/* publisher_settings.c - see publisher_settings.h. */
#include "publisher/publisher_settings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "common/setting_names.h"
#include "publisher/entry.h"
#include "publisher/lead_name.h"
#include "publisher/market_book.h"

#define AT(field) offsetof(struct publisher_settings, field)

const struct setting publisher_settings_table[] = {
    {.name = "source",
     .kind = SETTING_LIST,
     .offset = AT(sources),
     .value_name = "SOURCE",
     .help =
         "Where events come from; repeatable. lines (standard input), lines=FILE (followed as "
         "it grows), lines=tcp://HOST:PORT (listens), replay=FILE[,speed=N|max][,loop]; clients "
         "of real servers: injective=URL, nano=URL, zilliqa=URL, drift=URL, exchange=URL with "
         "options, see publisher/README.md"},
    {.name = "record",
     .kind = SETTING_TEXT,
     .offset = AT(record),
     .value_name = "FILE",
     .help = "Write down what servers send, for replay; SIGHUP begins a new file of that name"},
    {.name = "demand-linger",
     .kind = SETTING_DURATION,
     .offset = AT(demand_linger_ms),
     .fallback = "60s",
     .value_name = "TIME",
     .help = "What lost its last listener is still asked for upstream so long"},
    {.name = "redis",
     .kind = SETTING_TEXT,
     .offset = AT(redis),
     .fallback = "redis://127.0.0.1:6379",
     .value_name = "URL",
     .help = "The Redis to publish to: redis://[user:pass@]host:port[/db], unix:///path, "
             "redis+sentinel://s1,s2,s3/NAME or redis+cluster://h1,h2,h3; with TLS rediss://, "
             "rediss+sentinel://, rediss+cluster://"},
    {.name = "prefix",
     .kind = SETTING_TEXT,
     .offset = AT(prefix),
     .fallback = "sluice:",
     .value_name = "TEXT",
     .help = "A stream's channel is this and its name"},
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
    {.name = "backlog",
     .kind = SETTING_BYTES,
     .offset = AT(backlog),
     .fallback = "64M",
     .min = 64 << 10,
     .max = (uint64_t)64 << 30,
     .value_name = "SIZE",
     .help = "What may wait for Redis; when it is full the oldest event goes"},
    {.name = "history-streams",
     .kind = SETTING_TEXT,
     .offset = AT(history_streams),
     .fallback = "1000,10m",
     .value_name = "N,AGE",
     .help = "What Redis keeps of each stream for readers that missed something: about N messages, "
             "until nothing was published for AGE; 0: nothing"},
    {.name = "history-entities",
     .kind = SETTING_TEXT,
     .offset = AT(history_entities),
     .fallback = "50,10m",
     .value_name = "N,AGE",
     .help = "The same for streams of one account, subaccount or address, of which there are very "
             "many"},
    {.name = "history",
     .kind = SETTING_LIST,
     .offset = AT(history),
     .value_name = "RULE",
     .help = "PATTERN[,PATTERN...]=N,AGE: the same for streams of these names, whatever they are; "
             "repeatable, the first that fits counts"},
    {.name = "lead",
     .kind = SETTING_TEXT,
     .offset = AT(lead),
     .fallback = "auto",
     .value_name = "NAME",
     .help = "Of all publishers with the same NAME one publishes, and another takes over when it "
             "ends. auto: the kinds of the live sources (none for lines and replay); off: none "
             "stands by"},
    {.name = "max-event",
     .kind = SETTING_BYTES,
     .offset = AT(max_event),
     .fallback = "16M",
     .min = 1 << 10,
     .max = 256 << 20,
     .value_name = "SIZE",
     .help = "Longest line of a source, and never more than half of the backlog; a longer one is "
             "skipped and counted"},
    {.name = "nano-accounts",
     .kind = SETTING_TEXT,
     .offset = AT(nano_accounts),
     .value_name = "FILE",
     .help = "Nano accounts, one a line: their confirmations go to clients that ask for all local "
             "accounts"},
    {.name = "market-data",
     .kind = SETTING_SWITCH,
     .offset = AT(market_data),
     .fallback = "on",
     .help = "Publish the trades and order books of Injective and Drift in one schema as well, as "
             "trade.VENUE.MARKET and book.VENUE.MARKET"},
    {.name = "book-levels",
     .kind = SETTING_COUNT,
     .offset = AT(book_levels),
     .fallback = "50",
     .min = 1,
     .max = MARKET_LEVELS_MAX,
     .value_name = "N",
     .help = "Levels a side of these order books"},
    {.name = "injective-markets",
     .kind = SETTING_TEXT,
     .offset = AT(injective_markets),
     .value_name = "FILE",
     .help = "Names of Injective's markets, a line ID,NAME each; without one a market is called by "
             "its id"},
    {.name = "drift-markets",
     .kind = SETTING_TEXT,
     .offset = AT(drift_markets),
     .value_name = "FILE",
     .help = "Drift's markets, a line NAME,perp|spot,INDEX[,DECIMALS] each, instead of those built "
             "in"},
    {.name = "http",
     .kind = SETTING_TEXT,
     .offset = AT(http),
     .value_name = "HOST:PORT",
     .help = "Answer /metrics, /healthz and /readyz there, in the clear and to anybody, e.g. "
             "127.0.0.1:9181"},
    {.name = "demand",
     .kind = SETTING_SWITCH,
     .offset = AT(demand),
     .fallback = "off",
     .help =
         "Publish nothing: print which streams have listeners, at how many gateways' links, and "
         "end"},
    {.name = "log-level",
     .kind = SETTING_CHOICE,
     .offset = AT(log_level),
     .fallback = "info",
     .choices = log_level_names,
     .value_name = "LEVEL",
     .help = "Least serious lines to print"},
    {.name = "settings",
     .kind = SETTING_TEXT,
     .offset = AT(settings_file),
     .value_name = "FILE",
     .help = "A file of KEY=VALUE lines, the same names as in the environment"},
};
const size_t publisher_settings_count =
    sizeof publisher_settings_table / sizeof *publisher_settings_table;

static int check_redis(struct publisher_settings *s, char error[SETTINGS_ERROR_MAX])
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

static int check_history(struct publisher_settings *s, char error[SETTINGS_ERROR_MAX])
{
    struct history_rules *rules = &s->history_rules;
    char why[HISTORY_ERROR_MAX];
    const char *name = "history-streams";
    int err = history_limits_parse(s->history_streams, &rules->streams, why);

    if (!err) {
        name = "history-entities";
        err = history_limits_parse(s->history_entities, &rules->entities, why);
    }
    if (!err) {
        name = "history";
        err = history_rules_parse(rules, &s->history, why);
    }
    if (err)
        snprintf(error, SETTINGS_ERROR_MAX, "%s: %s", name, why);
    return err;
}

static int check_lead(struct publisher_settings *s, char error[SETTINGS_ERROR_MAX])
{
    bool automatic = strcmp(s->lead, "auto") == 0;

    if (automatic && lead_of_sources(&s->sources, s->lease) == 0)
        return 0;
    if (strcmp(s->lead, "off") == 0)
        return 0;
    if (!automatic && lease_name_valid(s->lead)) {
        memcpy(s->lease, s->lead, strlen(s->lead) + 1);
        return 0;
    }
    snprintf(error, SETTINGS_ERROR_MAX,
             automatic ? "lead: so many kinds of sources need a name of their own: give --lead NAME"
                       : "lead: '%.60s' is not auto, off, or a name of 1 to %d of [A-Za-z0-9._+-]",
             s->lead, LEASE_NAME_MAX);
    return -EINVAL;
}

static int check(struct publisher_settings *s, char error[SETTINGS_ERROR_MAX])
{
    if (s->sources.n == 0 && !s->demand) {
        snprintf(error, SETTINGS_ERROR_MAX,
                 "source: give at least one, e.g. --source lines; --help lists the kinds");
        return -EINVAL;
    }
    s->line_max = s->backlog / 2 - ENTRY_EXTRA_MAX;
    if (s->max_event < s->line_max)
        s->line_max = s->max_event;
    int err = check_history(s, error);
    if (!err)
        err = check_lead(s, error);
    if (!err)
        err = check_redis(s, error);
    if (err || s->redis_url.kind != REDIS_CLUSTER || s->naming.sharded)
        return err;
    snprintf(error, SETTINGS_ERROR_MAX,
             "pubsub: a publisher needs the sharded form on a Cluster: leave pubsub at auto, and "
             "give a prefix");
    return -EINVAL;
}

int publisher_settings_load(struct publisher_settings *s, int argc, char *const *argv,
                            char *const *env, char error[SETTINGS_ERROR_MAX])
{
    memset(s, 0, sizeof *s);
    int err =
        settings_load(publisher_settings_table, publisher_settings_count, gateway_setting_names,
                      gateway_setting_names_count, s, argc, argv, env, error);
    if (!err)
        err = check(s, error);
    if (err)
        publisher_settings_free(s);
    return err;
}

void publisher_settings_free(struct publisher_settings *s)
{
    redis_tls_free(&s->redis_tls);
    settings_free(publisher_settings_table, publisher_settings_count, s);
}
