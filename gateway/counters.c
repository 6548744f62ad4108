/* counters.c - see counters.h. */
#include "gateway/counters.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "gateway/close_reason.h"
#include "gateway/refusal.h"

static const uint64_t latency_bounds_us[LATENCY_BUCKETS] = {
    500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 5000000};

struct counter_info {
    const char *metric, *type, *help;
    size_t offset;
};

static const struct counter_info infos[] = {
#define X(name, metric, type, help) {metric, type, help, offsetof(struct counters, name)},
    COUNTERS(X)
#undef X
};

static const struct counter_info class_infos[] = {
#define X(name, metric, help) {metric, "counter", help, offsetof(struct class_counters, name)},
    CLASS_COUNTERS(X)
#undef X
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static uint64_t word(const void *base, size_t offset)
{
    return __atomic_load_n((const uint64_t *)(const void *)((const char *)base + offset),
                           __ATOMIC_RELAXED);
}

void counters_latency(struct counters *c, uint64_t us)
{
    unsigned i = 0;

    while (i < LATENCY_BUCKETS && us > latency_bounds_us[i])
        i++;
    c->latency[i]++;
    c->latency_sum_us += us;
}

void counters_clear_gauges(struct counters *c)
{
    for (size_t i = 0; i < COUNT(infos); i++)
        if (strcmp(infos[i].type, "gauge") == 0)
            memset((char *)c + infos[i].offset, 0, sizeof(uint64_t));
}

static uint64_t sum(const struct counters *workers, unsigned n, size_t offset)
{
    uint64_t total = 0;

    for (unsigned i = 0; i < n; i++)
        total += word(&workers[i], offset);
    return total;
}

static void describe(struct text *out, const char *metric, size_t len, const char *type,
                     const char *help)
{
    text_add(out, "# HELP %.*s %s\n# TYPE %.*s %s\n", (int)len, metric, help, (int)len, metric,
             type);
}

/* A class counter's metric may carry a label of its own: name{reason="bad"}. The name is described
 * once, before its first line. */
static void render_class_counter(const struct counters *workers, unsigned n,
                                 const struct stream_classes *classes,
                                 const struct counter_info *info, bool first, struct text *out)
{
    size_t len = strcspn(info->metric, "{");
    const char *labels = info->metric[len] ? info->metric + len + 1 : "}";

    if (first)
        describe(out, info->metric, len, info->type,
                 *info->help ? info->help : "Messages from Redis not passed on, by reason");
    for (unsigned i = 0; i < classes->n; i++) {
        size_t offset = offsetof(struct counters, of_class) + i * sizeof(struct class_counters);
        text_add(out, "%.*s{class=\"%s\"%s%s %" PRIu64 "\n", (int)len, info->metric,
                 classes->classes[i].name, *labels == '}' ? "" : ",", labels,
                 sum(workers, n, offset + info->offset));
    }
}

static void render_latency(const struct counters *workers, unsigned n, struct text *out)
{
    static const char metric[] = "sluice_publish_to_write_seconds";
    uint64_t total = 0;

    describe(out, metric, sizeof metric - 1, "histogram",
             "From the publisher's time stamp to the end of the turn that wrote the message");
    for (unsigned i = 0; i <= LATENCY_BUCKETS; i++) {
        total += sum(workers, n, offsetof(struct counters, latency) + i * sizeof(uint64_t));
        if (i < LATENCY_BUCKETS)
            text_add(out, "%s_bucket{le=\"%g\"} %" PRIu64 "\n", metric,
                     (double)latency_bounds_us[i] / 1e6, total);
    }
    text_add(out, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n%s_sum %.6f\n%s_count %" PRIu64 "\n", metric,
             total, metric,
             (double)sum(workers, n, offsetof(struct counters, latency_sum_us)) / 1e6, metric,
             total);
}

static void render_closes(const struct counters *workers, unsigned n, struct text *out)
{
    static const char metric[] = "sluice_closes_total";

    describe(out, metric, sizeof metric - 1, "counter", "Connections ended, by reason");
    for (unsigned i = 1; i < CLOSE_REASON_COUNT; i++)
        text_add(out, "%s{reason=\"%s\"} %" PRIu64 "\n", metric, close_reasons[i].name,
                 sum(workers, n, offsetof(struct counters, closes) + i * sizeof(uint64_t)));
}

static void render_refusals(const struct counters *workers, unsigned n, struct text *out)
{
    static const char metric[] = "sluice_refusals_total";

    describe(out, metric, sizeof metric - 1, "counter",
             "Connections that were not let in, by reason");
    for (unsigned i = 1; i < REFUSAL_COUNT; i++)
        text_add(out, "%s{reason=\"%s\"} %" PRIu64 "\n", metric, refusals[i].name,
                 sum(workers, n, offsetof(struct counters, refusals) + i * sizeof(uint64_t)));
}

/* A worker that was started again does not make the start younger: the oldest counts. */
static void render_process(const struct counters *workers, unsigned n, struct text *out)
{
    uint64_t started = UINT64_MAX;

    for (unsigned i = 0; i < n; i++) {
        uint64_t s = word(&workers[i], offsetof(struct counters, started_s));
        started = s && s < started ? s : started;
    }
    describe(out, "process_cpu_seconds_total", 25, "counter", "Processor time of all workers");
    text_add(out, "process_cpu_seconds_total %.2f\n",
             (double)sum(workers, n, offsetof(struct counters, cpu_us)) / 1e6);
    describe(out, "process_start_time_seconds", 26, "gauge",
             "Unix time of the oldest worker's start");
    text_add(out, "process_start_time_seconds %" PRIu64 "\n", started == UINT64_MAX ? 0 : started);
}

void counters_render(const struct counters *workers, unsigned n,
                     const struct stream_classes *classes, struct text *out)
{
    _Static_assert((int)CLOSE_REASON_COUNT <= (int)CLOSE_REASONS_MAX, "raise CLOSE_REASONS_MAX");
    _Static_assert((int)REFUSAL_COUNT <= (int)REFUSALS_MAX, "raise REFUSALS_MAX");

    text_add(out,
             "# HELP sluice_build_info The version that is running\n"
             "# TYPE sluice_build_info gauge\n"
             "sluice_build_info{program=\"gateway\",version=\"%s\"} 1\n",
             SLUICE_VERSION);
    for (size_t i = 0; i < COUNT(infos); i++) {
        describe(out, infos[i].metric, strlen(infos[i].metric), infos[i].type, infos[i].help);
        text_add(out, "%s %" PRIu64 "\n", infos[i].metric, sum(workers, n, infos[i].offset));
    }
    for (size_t i = 0; i < COUNT(class_infos); i++) {
        size_t len = strcspn(class_infos[i].metric, "{");
        bool first = i == 0 || strncmp(class_infos[i].metric, class_infos[i - 1].metric, len) != 0;
        render_class_counter(workers, n, classes, &class_infos[i], first, out);
    }
    render_closes(workers, n, out);
    render_refusals(workers, n, out);
    render_latency(workers, n, out);
    render_process(workers, n, out);
}
