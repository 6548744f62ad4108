/* upstream.c - see upstream.h. */
#include "publisher/sources/upstream.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "publisher/recorder.h"

enum { SECONDS_MAX = 86400, ANSWER_SHOWN = 200 };

static const char common_options[] = "ca=FILE, insecure, header=NAME: VALUE, silent=S, stale=S";

static int64_t unix_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- messages -------------------------------------------------------------------------------- */

void upstream_bad(struct upstream *u, const char *why)
{
    const struct source_host *host = u->source.host;
    struct bad_line bad = {
        .number = u->source.status.messages, .why = why, .raw = u->raw, .raw_len = u->raw_len};

    host->bad(host->ctx, &u->source, &bad);
}

static void emit(void *ctx, const struct event *event)
{
    struct upstream *u = ctx;
    const struct source_host *host = u->source.host;

    if (u->kind->pass && !u->kind->pass(u, event))
        return;
    const char *wrong = host->event(host->ctx, &u->source, event);
    if (wrong)
        upstream_bad(u, wrong);
}

static void say_gap(struct upstream *u, uint64_t first, uint64_t last)
{
    struct gap gap = {.from_ms = u->data_ms, .to_ms = unix_ms(), .first = first, .last = last};

    gap.reason = u->missing ? u->missing_why : "the server left blocks out";
    u->source.status.gaps++;
    log_warn("events were missed upstream", LOG_TEXT("source", u->label),
             LOG_TEXT("why", gap.reason), LOG_NUMBER("milliseconds", gap.to_ms - gap.from_ms),
             LOG_NUMBER("blocks", first <= last ? last - first + 1 : 0));
    gap_emit(&gap, u->kind->gap_stream, emit, u);
}

void upstream_gap(struct upstream *u, uint64_t first, uint64_t last)
{
    say_gap(u, first, last);
}

static void hand_over(struct upstream *u, struct json_value message)
{
    const char *why = "";

    if (u->kind->take && !u->kind->take(u, message))
        return;
    if (u->missing && !u->kind->numbered)
        say_gap(u, 1, 0);
    u->missing = false;
    u->data_ms = unix_ms();
    if (u->kind->normaliser->normalise(message, emit, u, &why) < 0)
        upstream_bad(u, why);
}

static void on_message(void *ctx, const char *text, size_t len)
{
    struct upstream *u = ctx;
    const struct source_host *host = u->source.host;
    struct json_value message;
    struct json_error error;
    char why[SOURCE_WHY_MAX];

    u->source.status.messages++;
    u->source.status.heard_ms = uv_now(host->loop);
    u->raw = text;
    u->raw_len = len;
    if (host->recorder)
        recorder_add(host->recorder, u->kind->name, text, len, unix_ms());
    if (json_check(text, len, JSON_STRICT, &message, &error) == 0) {
        hand_over(u, message);
    } else if (!u->kind->plain || !u->kind->plain(u, text, len)) {
        snprintf(why, sizeof why, "no JSON: %s at byte %zu", error.reason, error.offset + 1);
        upstream_bad(u, why);
    }
    u->raw = NULL;
    if (u->source.paused)
        upstream_ws_pause(u->ws, true);
}

static void on_too_long(void *ctx)
{
    struct upstream *u = ctx;

    u->source.status.messages++;
    upstream_bad(u, "longer than max-event, or than half of backlog");
}

/* ---- the connection -------------------------------------------------------------------------- */

static void on_up(void *ctx)
{
    struct upstream *u = ctx;

    source_set_state(&u->source, SOURCE_LIVE, "");
    log_info("connected upstream", LOG_TEXT("source", u->label));
    u->kind->begin(u);
}

/* A new reason is always worth a line; the same one again once a minute. */
static void log_failure(struct upstream *u, bool was_live, const char *why)
{
    uint64_t held = 0;
    bool same = strncmp(u->source.status.why, why, SOURCE_WHY_MAX - 1) == 0;

    if (!log_allowed(&u->failures, &held) && same)
        return;
    log_warn(was_live ? "an upstream server is lost; trying again"
                      : "no connection upstream; trying again",
             LOG_TEXT("source", u->label), LOG_TEXT("why", why));
}

static void on_down(void *ctx, const char *why)
{
    struct upstream *u = ctx;
    bool was_live = u->source.status.state == SOURCE_LIVE;

    log_failure(u, was_live, why);
    source_set_state(&u->source, SOURCE_CONNECTING, why);
    if (!was_live)
        return;
    u->source.status.reconnects++;
    if (u->data_ms > 0 && !u->missing) {
        u->missing = true;
        snprintf(u->missing_why, sizeof u->missing_why, "%s", why);
    }
    if (u->kind->lost)
        u->kind->lost(u);
}

static void on_tick(void *ctx)
{
    struct upstream *u = ctx;

    upstream_ws_pause(u->ws, u->source.paused);
    if (u->kind->tick)
        u->kind->tick(u, uv_now(u->source.host->loop));
}

static const struct upstream_ws_events ws_events = {
    .up = on_up, .message = on_message, .too_long = on_too_long, .down = on_down, .tick = on_tick};

void upstream_send(struct upstream *u, const char *text, size_t len)
{
    int err = upstream_ws_send(u->ws, text, len);

    if (err && err != -ENOTCONN)
        upstream_ws_drop(u->ws, "a request could not be sent");
}

void upstream_drop(struct upstream *u, const char *why)
{
    upstream_ws_drop(u->ws, why);
}

void upstream_refused(struct upstream *u, const char *what, const char *answer, size_t len)
{
    char shown[ANSWER_SHOWN + 1];
    uint64_t held = 0;

    if (!log_allowed(&u->refusals, &held))
        return;
    snprintf(shown, sizeof shown, "%.*s", (int)(len < ANSWER_SHOWN ? len : ANSWER_SHOWN), answer);
    log_warn("an upstream server refused a request", LOG_TEXT("source", u->label),
             LOG_TEXT("request", what), LOG_TEXT("answer", shown), LOG_NUMBER("held", held));
}

/* ---- options --------------------------------------------------------------------------------- */

int upstream_seconds(const char *name, const char *value, uint64_t *ms,
                     char error[SOURCE_ERROR_MAX])
{
    char *end;
    double seconds = value && *value ? strtod(value, &end) : -1;

    if (!(seconds >= 0) || seconds > SECONDS_MAX || *end) {
        snprintf(error, SOURCE_ERROR_MAX, "%s: seconds, 0 to 86400, e.g. %s=30", name, name);
        return -EINVAL;
    }
    *ms = (uint64_t)(seconds * 1000);
    return 0;
}

static int add_header(struct upstream *u, const char *value, char error[SOURCE_ERROR_MAX])
{
    const char *colon = value ? strchr(value, ':') : NULL;

    if (!colon || colon == value || strpbrk(value, "\r\n") ||
        strcspn(value, " \t") < (size_t)(colon - value)) {
        snprintf(error, SOURCE_ERROR_MAX, "header: needs the form header=Name: value");
        return -EINVAL;
    }
    text_add(&u->config.headers, "%s\r\n", value);
    if (!u->config.headers.failed && u->config.headers.len <= UPSTREAM_WS_HEADERS_MAX)
        return 0;
    snprintf(error, SOURCE_ERROR_MAX, "header: more than %d bytes of them",
             UPSTREAM_WS_HEADERS_MAX);
    return -EINVAL;
}

static int take_option(struct upstream *u, const char *name, const char *value,
                       char error[SOURCE_ERROR_MAX])
{
    if (strcmp(name, "header") == 0)
        return add_header(u, value, error);
    if (strcmp(name, "silent") == 0)
        return upstream_seconds(name, value, &u->config.silent_ms, error);
    if (strcmp(name, "stale") == 0)
        return upstream_seconds(name, value, &u->config.stale_ms, error);
    if (strcmp(name, "insecure") == 0 && !value) {
        u->config.insecure = true;
        return 0;
    }
    if (strcmp(name, "ca") == 0 && value && *value) {
        free(u->config.ca);
        u->config.ca = strdup(value);
        return u->config.ca ? 0 : -ENOMEM;
    }
    int err = u->kind->option ? u->kind->option(u, name, value, error) : -ENOENT;
    if (err != -ENOENT)
        return err;
    snprintf(error, SOURCE_ERROR_MAX, "option '%.40s': %s has %s%s%s", name, u->kind->name,
             u->kind->options, *u->kind->options ? ", " : "", common_options);
    return -EINVAL;
}

static int take_options(struct upstream *u, const char *options, char error[SOURCE_ERROR_MAX])
{
    char buf[UPSTREAM_OPTION_MAX];
    const char *name, *value;

    while (source_option(&options, buf, sizeof buf, &name, &value)) {
        if (strlen(name) + (value ? strlen(value) + 1 : 0) == sizeof buf - 1) {
            snprintf(error, SOURCE_ERROR_MAX, "option '%.40s': longer than %d bytes", name,
                     UPSTREAM_OPTION_MAX - 2);
            return -EINVAL;
        }
        int err = take_option(u, name, value, error);
        if (err)
            return err;
    }
    if (u->config.silent_ms == 0) {
        snprintf(error, SOURCE_ERROR_MAX, "silent: must be more than 0");
        return -EINVAL;
    }
    return u->kind->ready ? u->kind->ready(u, error) : 0;
}

/* ---- life ------------------------------------------------------------------------------------ */

static void start(struct source *source)
{
    struct upstream *u = (struct upstream *)source;

    source_set_state(source, SOURCE_CONNECTING, "");
    if (u->kind->start)
        u->kind->start(u);
    upstream_ws_start(u->ws);
}

static void resume(struct source *source)
{
    upstream_ws_pause(((struct upstream *)source)->ws, false);
}

static void end(struct source *source)
{
    struct upstream *u = (struct upstream *)source;

    if (u->kind->fini)
        u->kind->fini(u);
    upstream_ws_free(&u->ws);
    text_free(&u->config.headers);
    free(u->config.ca);
    free(u->label);
    free(u);
}

static const struct source_ops upstream_ops = {.start = start, .resume = resume, .free = end};

static int set_up(struct upstream *u, const char *argument, const char *options,
                  char error[SOURCE_ERROR_MAX])
{
    const struct source_host *host = u->source.host;
    int err = u->kind->make ? u->kind->make(u, error) : 0;

    if (err)
        return err;
    if (!argument || ws_url_parse(argument, &u->config.url, error) < 0) {
        if (!argument)
            snprintf(error, SOURCE_ERROR_MAX, "%s needs a server: %s=ws://HOST[:PORT][/PATH]",
                     u->kind->name, u->kind->name);
        return -EINVAL;
    }
    if (!u->config.url.path[0])
        snprintf(u->config.url.path, sizeof u->config.url.path, "%s", u->kind->path);
    err = take_options(u, options, error);
    if (err)
        return err;
    if (!host->ws_clients) {
        snprintf(error, SOURCE_ERROR_MAX, "no connections are made here");
        return -ENOSYS;
    }
    snprintf(error, SOURCE_ERROR_MAX, "out of memory");
    if (asprintf(&u->label, "%s=%s", u->kind->name, argument) < 0) {
        u->label = NULL;
        return -ENOMEM;
    }
    u->source.label = u->label;
    u->ws = upstream_ws_new(host->ws_clients, host->loop, &u->config, &ws_events, u, error);
    return u->ws ? 0 : -EINVAL;
}

int upstream_open(const struct upstream_kind *kind, const struct source_host *host,
                  const char *argument, const char *options, struct source **source,
                  char error[SOURCE_ERROR_MAX])
{
    struct upstream *u = calloc(1, kind->size);

    snprintf(error, SOURCE_ERROR_MAX, "out of memory");
    if (!u)
        return -ENOMEM;
    u->kind = kind;
    u->source = (struct source){.ops = &upstream_ops, .host = host, .pressing = kind->pressing};
    u->config.ping_ms = kind->ping_ms;
    u->config.silent_ms = kind->silent_ms;
    u->config.stale_ms = kind->stale_ms;
    u->config.message_max = host->line_max;
    int err = set_up(u, argument, options, error);
    if (err)
        end(&u->source);
    else
        *source = &u->source;
    return err;
}
