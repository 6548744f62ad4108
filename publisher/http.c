/* http.c - see http.h. */
#include "publisher/http.h"

#include <inttypes.h>
#include <string.h>

static struct http_reply plain(int status, const char *line)
{
    struct http_reply r = {.status = status, .content_type = "text/plain; charset=utf-8"};

    text_add(&r.body, "%s\n", line);
    return r;
}

/* One that has come to its end is not waited for. */
static bool sources_ready(const struct intake *intake)
{
    const struct source *source;

    list_each (source, &intake->sources, in_intake) {
        if (source->status.state == SOURCE_CONNECTING)
            return false;
    }
    return true;
}

static double seconds_since(const struct metrics_sources *from, uint64_t ms)
{
    return (double)(uv_now(from->loop) - ms) / 1000;
}

static void add_source(const struct metrics_sources *from, const struct source *source,
                       unsigned number, struct text *out)
{
    const struct source_status *status = &source->status;

    text_add(out, "%s{\"source\":%u,\"kind\":", number > 1 ? "," : "", number);
    text_add_json(out, source->label, metrics_kind_len(source->label));
    text_add(out, ",\"state\":\"%s\",\"for_s\":%.3f", source_state_names[status->state],
             seconds_since(from, status->since_ms));
    if (status->heard_ms)
        text_add(out, ",\"silent_s\":%.3f", seconds_since(from, status->heard_ms));
    if (*status->why) {
        text_add(out, ",\"why\":");
        text_add_json(out, status->why, strlen(status->why));
    }
    text_add(out, "}");
}

static struct http_reply ready(const struct metrics_sources *from)
{
    struct http_reply r = {.content_type = "application/json"};
    struct publisher_counters counters;
    const struct source *source;
    unsigned number = 0;

    from->count(from->ctx, &counters);
    bool redis = counters.links > 0 && counters.links_open == counters.links;
    bool all = redis && sources_ready(from->intake);
    r.status = all ? 200 : 503;
    text_add(&r.body,
             "{\"ready\":%s,\"role\":\"%s\",\"epoch\":%" PRIu64
             ",\"redis\":{\"links\":%u,\"open\":%u},\"sources\":[",
             all ? "true" : "false", publisher_role_names[counters.role], counters.epoch,
             counters.links, counters.links_open);
    list_each (source, &from->intake->sources, in_intake) {
        add_source(from, source, ++number, &r.body);
    }
    text_add(&r.body, "]}\n");
    return r;
}

static struct http_reply metrics(const struct metrics_sources *from)
{
    struct http_reply r = {.status = 200, .content_type = "text/plain; version=0.0.4"};

    metrics_render(from, &r.body);
    return r;
}

struct http_reply http_reply(const struct metrics_sources *from, const char *path)
{
    if (strcmp(path, "/healthz") == 0)
        return plain(200, "ok");
    if (strcmp(path, "/readyz") == 0)
        return ready(from);
    if (strcmp(path, "/metrics") == 0)
        return metrics(from);
    if (strcmp(path, "/") == 0)
        return plain(200, "sluice-publisher " SLUICE_VERSION ": /healthz, /readyz, /metrics");
    return plain(404, "not found: /healthz, /readyz and /metrics are here");
}
