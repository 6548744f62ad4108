/* metrics.c - see metrics.h. */
#include "publisher/metrics.h"

#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

const char *const source_state_names[] = {"connecting", "live", "ended"};

size_t metrics_kind_len(const char *label)
{
    return strcspn(label, "=,");
}

static void describe(struct text *out, const char *name, const char *type, const char *help)
{
    text_add(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* ---- the whole publisher --------------------------------------------------------------------- */

struct word {
    const char *name, *type, *help;
    size_t offset; /* of a uint64_t */
};

#define AT(field) offsetof(struct publisher_counters, field)

static const struct word words[] = {
    {"sluice_publisher_events_total", "counter", "Events taken from the sources or made of theirs",
     AT(events)},
    {"sluice_publisher_bad_events_total", "counter", "Events refused as not valid", AT(bad)},
    {"sluice_publisher_published_events_total", "counter", "Events that Redis acknowledged",
     AT(published)},
    {"sluice_publisher_repeated_events_total", "counter",
     "Events that Redis had already: sent again, or by another leader", AT(repeated)},
    {"sluice_publisher_refused_events_total", "counter",
     "Events that Redis answered with an error, and that were not sent again", AT(refused)},
    {"sluice_publisher_missed_blocks_total", "counter",
     "Blocks dropped whole, whose events count as dropped", AT(missed_blocks)},
    {"sluice_publisher_backlog_events", "gauge", "Events that wait for Redis", AT(waiting)},
    {"sluice_publisher_backlog_bytes", "gauge", "Their bytes", AT(waiting_bytes)},
    {"sluice_publisher_backlog_limit_bytes", "gauge", "What may wait at most", AT(waiting_limit)},
    {"sluice_publisher_streams_total", "counter",
     "Streams that had an event, each counted once in a term", AT(streams)},
    {"sluice_publisher_epoch", "gauge", "Epoch of the present term; 0 before the first", AT(epoch)},
    {"sluice_publisher_terms_total", "counter", "Terms that were begun", AT(terms)},
    {"sluice_publisher_lease_losses_total", "counter", "Times that a lease was lost",
     AT(lease_losses)},
};

static const struct word market_words[] = {
    {"sluice_publisher_market_trades_total", "counter", "Trades told as market data",
     offsetof(struct market_counts, trades)},
    {"sluice_publisher_market_books_total", "counter", "Order books told as market data",
     offsetof(struct market_counts, books)},
    {"sluice_publisher_market_stale_books_total", "counter",
     "Order books that lost an update and wait for a snapshot",
     offsetof(struct market_counts, stale)},
    {"sluice_publisher_market_unreadable_events_total", "counter",
     "Native events of which no market data could be made",
     offsetof(struct market_counts, unreadable)},
};

static void render_words(const struct word *list, size_t n, const void *base, struct text *out)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t value;
        memcpy(&value, (const char *)base + list[i].offset, sizeof value);
        describe(out, list[i].name, list[i].type, list[i].help);
        text_add(out, "%s %" PRIu64 "\n", list[i].name, value);
    }
}

static void render_drops(const struct publisher_counters *c, struct text *out)
{
    static const char name[] = "sluice_publisher_dropped_events_total";

    describe(out, name, "counter", "Events that never went out, by reason");
    for (unsigned i = 0; i < PUBLISHER_DROPS; i++)
        text_add(out, "%s{reason=\"%s\"} %" PRIu64 "\n", name, publisher_drop_names[i],
                 c->dropped[i]);
}

static void render_standing(const struct publisher_counters *c, struct text *out)
{
    static const char role[] = "sluice_publisher_role";

    describe(out, role, "gauge", "1 for what it is now: alone, standby or leader");
    for (unsigned i = 0; i <= PUBLISHER_LEADER; i++)
        text_add(out, "%s{role=\"%s\"} %d\n", role, publisher_role_names[i], i == c->role);
    describe(out, "sluice_publisher_redis_links", "gauge", "Redis masters to publish to");
    text_add(out, "sluice_publisher_redis_links %u\n", c->links);
    describe(out, "sluice_publisher_redis_links_open", "gauge", "Those that take events now");
    text_add(out, "sluice_publisher_redis_links_open %u\n", c->links_open);
}

/* ---- by source ------------------------------------------------------------------------------- */

static const struct word source_words[] = {
    {"sluice_publisher_source_events_total", "counter", "Events taken from the source",
     offsetof(struct source, tally.events)},
    {"sluice_publisher_source_bad_total", "counter", "Messages or lines that were not valid",
     offsetof(struct source, tally.bad)},
    {"sluice_publisher_source_messages_total", "counter", "Messages that came from upstream",
     offsetof(struct source, status.messages)},
    {"sluice_publisher_source_repeats_total", "counter", "Of them, known already and passed over",
     offsetof(struct source, status.repeats)},
    {"sluice_publisher_source_reconnects_total", "counter", "Connections upstream that were lost",
     offsetof(struct source, status.reconnects)},
    {"sluice_publisher_source_gaps_total", "counter",
     "Times that events were missed upstream and cannot be had",
     offsetof(struct source, status.gaps)},
};

/* {source="1",kind="nano" without the closing brace. */
static void labels(const struct source *source, unsigned number, struct text *out)
{
    text_add(out, "{source=\"%u\",kind=\"%.*s\"", number, (int)metrics_kind_len(source->label),
             source->label);
}

static void render_source_word(const struct intake *intake, const struct word *word,
                               struct text *out)
{
    const struct source *source;
    unsigned number = 0;

    describe(out, word->name, word->type, word->help);
    list_each (source, &intake->sources, in_intake) {
        uint64_t value;
        memcpy(&value, (const char *)source + word->offset, sizeof value);
        text_add(out, "%s", word->name);
        labels(source, ++number, out);
        text_add(out, "} %" PRIu64 "\n", value);
    }
}

static void render_up(const struct metrics_sources *from, struct text *out)
{
    static const char up[] = "sluice_publisher_source_up";
    static const char silent[] = "sluice_publisher_source_silent_seconds";
    const struct source *source;
    unsigned number = 0;

    describe(out, up, "gauge", "1 while the source is live");
    list_each (source, &from->intake->sources, in_intake) {
        text_add(out, "%s", up);
        labels(source, ++number, out);
        text_add(out, "} %d\n", source->status.state == SOURCE_LIVE);
    }
    describe(out, silent, "gauge", "Since the last message from upstream; absent before the first");
    number = 0;
    list_each (source, &from->intake->sources, in_intake) {
        number++;
        if (!source->status.heard_ms)
            continue;
        text_add(out, "%s", silent);
        labels(source, number, out);
        text_add(out, "} %.3f\n", (double)(uv_now(from->loop) - source->status.heard_ms) / 1000);
    }
}

static void render_lag_of(const struct source *source, unsigned number, const char *name,
                          struct text *out)
{
    uint64_t total = 0;

    for (unsigned i = 0; i <= LAG_BUCKETS; i++) {
        total += source->tally.lag[i];
        text_add(out, "%s_bucket", name);
        labels(source, number, out);
        if (i < LAG_BUCKETS)
            text_add(out, ",le=\"%g\"} %" PRIu64 "\n", (double)lag_bounds_ms[i] / 1000, total);
        else
            text_add(out, ",le=\"+Inf\"} %" PRIu64 "\n", total);
    }
    text_add(out, "%s_sum", name);
    labels(source, number, out);
    text_add(out, "} %.3f\n%s_count", (double)source->tally.lag_sum_ms / 1000, name);
    labels(source, number, out);
    text_add(out, "} %" PRIu64 "\n", total);
}

static void render_lag(const struct intake *intake, struct text *out)
{
    static const char name[] = "sluice_publisher_event_lag_seconds";
    const struct source *source;
    unsigned number = 0;

    describe(out, name, "histogram",
             "From an event's own time to its place in the backlog, by this machine's clock");
    list_each (source, &intake->sources, in_intake) {
        render_lag_of(source, ++number, name, out);
    }
}

/* ---- the process ----------------------------------------------------------------------------- */

static void render_process(struct text *out)
{
    struct rusage usage;

    if (getrusage(RUSAGE_SELF, &usage) < 0)
        return;
    describe(out, "process_cpu_seconds_total", "counter", "CPU time of the process");
    text_add(out, "process_cpu_seconds_total %.3f\n",
             (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                 (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
    size_t bytes = 0;
    if (uv_resident_set_memory(&bytes) < 0)
        return;
    describe(out, "process_resident_memory_bytes", "gauge", "Resident memory of the process");
    text_add(out, "process_resident_memory_bytes %zu\n", bytes);
}

void metrics_render(const struct metrics_sources *from, struct text *out)
{
    struct publisher_counters counters;

    from->count(from->ctx, &counters);
    describe(out, "sluice_build_info", "gauge", "The version that is running");
    text_add(out, "sluice_build_info{program=\"publisher\",version=\"%s\"} 1\n", SLUICE_VERSION);
    render_words(words, COUNT(words), &counters, out);
    render_drops(&counters, out);
    render_standing(&counters, out);
    render_words(market_words, COUNT(market_words), &from->market->sink.counts, out);
    for (size_t i = 0; i < COUNT(source_words); i++)
        render_source_word(from->intake, &source_words[i], out);
    render_up(from, out);
    render_lag(from->intake, out);
    render_process(out);
}
