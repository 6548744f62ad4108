/* http.c - see http.h. */
#include "gateway/http.h"

#include <inttypes.h>
#include <string.h>

#include "gateway/client.h"
#include "gateway/console.h"
#include "gateway/counters.h"
#include "gateway/gateway_settings.h"
#include "gateway/hub.h"
#include "gateway/published.h"

enum { STREAMS_SHOWN_MAX = 1000 };

struct http_answer http_plain(int status, const char *line)
{
    struct http_answer a = {.status = status, .content_type = "text/plain; charset=utf-8"};

    if (status == 503 || status == 429)
        a.headers[0] = "retry-after: 1";
    if (status == 401)
        a.headers[0] = "www-authenticate: Bearer";
    if (status == 426)
        a.headers[0] = "sec-websocket-version: 13";
    text_add(&a.body, "%s\n", line);
    return a;
}

bool http_ready(const struct http_sources *sources)
{
    if (sources->host->draining)
        return false;
    for (unsigned i = 0; i < sources->n_workers; i++)
        if (__atomic_load_n(&sources->workers[i].link_ready, __ATOMIC_RELAXED) == 0)
            return false;
    return true;
}

static struct http_answer ready(const struct http_sources *sources)
{
    if (http_ready(sources))
        return http_plain(200, "ready");
    return http_plain(503, sources->host->draining ? "draining: going away"
                                                   : "not ready: no Redis link that hears");
}

static struct http_answer metrics(const struct http_sources *sources)
{
    struct http_answer a = {.status = 200, .content_type = "text/plain; version=0.0.4"};

    counters_render(sources->workers, sources->n_workers, &sources->settings->stream_classes,
                    &a.body);
    return a;
}

/* What has listeners at this process, and what there is to listen to. */
static struct http_answer streams(const struct http_sources *sources)
{
    struct http_answer a = {.status = 200, .content_type = "application/json"};
    const struct stream *stream = NULL;
    size_t n = 0;

    text_add(&a.body, "{\"streams\":%zu,\"listening\":[", hub_streams(sources->hub));
    while (n < STREAMS_SHOWN_MAX && (stream = hub_next(sources->hub, stream))) {
        text_add(&a.body, "%s{\"stream\":", n++ ? "," : "");
        text_add_json(&a.body, stream->name, stream->name_len);
        text_add(&a.body, ",\"class\":\"%s\",\"listeners\":%" PRIu64 ",\"messages\":%" PRIu64 "}",
                 sources->settings->stream_classes.classes[stream->class_id].name,
                 hub_stream_clients(stream), stream->messages);
    }
    text_add(&a.body, "],\"published\":");
    published_add(sources->published, &a.body);
    text_add(&a.body, "}\n");
    return a;
}

/* Asked for anew each time, so that after an update nobody has the old one. */
static struct http_answer console(const struct console_file *file)
{
    struct http_answer a = {.status = 200,
                            .content_type = file->content_type,
                            .headers = {CONSOLE_POLICY, "x-content-type-options: nosniff",
                                        "referrer-policy: no-referrer", "cache-control: no-cache"}};

    text_add_bytes(&a.body, (const char *)file->bytes, file->len);
    return a;
}

bool http_hidden(const struct http_sources *sources, const char *path, bool admin)
{
    return !admin && sources->settings->operators_only &&
           (console_find(path) || strcmp(path, "/metrics") == 0 || strcmp(path, "/streams") == 0);
}

struct http_answer http_get(const struct http_sources *sources, const char *path, bool admin)
{
    const struct console_file *file = console_find(path);

    if (http_hidden(sources, path, admin))
        return http_plain(404, "not found: it is at the admin address");
    if (file)
        return console(file);
    if (strcmp(path, "/healthz") == 0)
        return http_plain(200, "ok");
    if (strcmp(path, "/readyz") == 0)
        return ready(sources);
    if (strcmp(path, "/metrics") == 0)
        return metrics(sources);
    if (strcmp(path, "/streams") == 0)
        return streams(sources);
    if (strcmp(path, "/injstream-ws") == 0) /* as the server with that endpoint answers */
        return http_plain(400, "Bad Request");
    if (strcmp(path, "/") == 0)
        return http_plain(200, "sluice " SLUICE_VERSION
                               ": a WebSocket endpoint; /healthz, /readyz, /metrics and /streams "
                               "answer plain HTTP, and " CONSOLE_PATH " is for browsers");
    return http_plain(404, "not found: /healthz, /readyz, /metrics and /streams are here, and "
                           "WebSocket endpoints at /, /ws and /stream");
}
