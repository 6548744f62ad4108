/* intake.c - see intake.h. */
#include "gateway/intake.h"

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#include "common/json_span.h"
#include "common/message.h"
#include "gateway/counters.h"
#include "gateway/gateway_settings.h"
#include "gateway/hub.h"

static void bad(struct intake *in, const struct stream *stream, uint64_t *counter, const char *why)
{
    uint64_t held;

    (*counter)++;
    if (log_allowed(&in->bad_limit, &held))
        log_warn("dropped a message from Redis", LOG_TEXT("why", why),
                 LOG_TEXT("stream", stream->name), LOG_NUMBER("held_back", held));
}

/* The engine's own form: an object with a string `stream` and `data`. */
static bool is_wrapped(struct json_value root)
{
    return json_member(root, "stream", JSON_STRICT).kind == JSON_STRING &&
           json_member(root, "data", JSON_STRICT).kind != JSON_NONE;
}

static bool check_data(const struct intake *in, const struct message *m)
{
    struct json_value root;
    bool wrapped = in->settings->payload == PAYLOAD_WRAPPED;

    if (m->has_head && !wrapped)
        return true;
    return json_check(m->data, m->data_len, JSON_STRICT, &root, NULL) == 0 &&
           (!wrapped || is_wrapped(root));
}

static void pass(struct intake *in, struct stream *stream, const struct message *m)
{
    in->counters->of_class[stream->class_id].messages++;
    if (m->time_us && in->n_stamps < INTAKE_STAMPS_MAX)
        in->stamps[in->n_stamps++] = m->time_us;
    hub_publish(in->hub, stream, m);
}

/* What was read from a history was published long ago: its latency says nothing. */
static void pass_read(void *ctx, struct stream *stream, const struct message *m, bool late)
{
    struct intake *in = ctx;

    if (!late) {
        pass(in, stream, m);
        return;
    }
    struct class_counters *count = &in->counters->of_class[stream->class_id];
    if (!check_data(in, m)) {
        bad(in, stream, &count->dropped_bad, "in its history: it is not JSON of the expected form");
        return;
    }
    count->messages++;
    count->filled++;
    hub_publish(in->hub, stream, m);
}

void intake_begin(struct intake *in, const struct gateway_settings *settings,
                  struct counters *counters, struct hub *hub, struct history *history)
{
    in->settings = settings;
    in->counters = counters;
    in->hub = hub;
    reader_init(&in->reader, hub, history, counters, pass_read, in);
}

void intake_end(struct intake *in)
{
    reader_fini(&in->reader);
}

void intake_message(struct intake *in, const char *name, size_t name_len, const char *bytes,
                    size_t len)
{
    struct stream *stream = hub_find(in->hub, name, name_len);
    struct message m;

    in->counters->redis_bytes += len;
    if (!stream) {
        in->counters->redis_unwanted++; /* it crossed our own UNSUBSCRIBE, or lingers */
        return;
    }
    struct class_counters *count = &in->counters->of_class[stream->class_id];
    if (len > in->settings->max_payload) {
        bad(in, stream, &count->dropped_oversized, "it is longer than max-payload");
    } else if (message_read(bytes, len, &m) < 0) {
        bad(in, stream, &count->dropped_bad, "its head is torn or it is empty");
    } else if (!check_data(in, &m)) {
        bad(in, stream, &count->dropped_bad, "it is not JSON of the expected form");
    } else if (!stream->apart && continuity_step(&stream->continuity, &m)) {
        pass(in, stream, &m);
    } else {
        reader_message(&in->reader, stream, &m);
    }
}

void intake_turn_end(struct intake *in)
{
    struct timespec now;

    if (in->n_stamps == 0)
        return;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t now_us = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
    for (uint32_t i = 0; i < in->n_stamps; i++) /* another machine's clock may be ahead of ours */
        counters_latency(in->counters, now_us > in->stamps[i] ? now_us - in->stamps[i] : 0);
    in->n_stamps = 0;
}
