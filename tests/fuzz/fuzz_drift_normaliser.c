/* What a Drift server sends: an event's data is JSON, and its name and tag can be published. */
#include <stdint.h>
#include <stdlib.h>

#include "common/message.h"
#include "common/stream_name.h"
#include "publisher/sources/normaliser.h"

static void must(bool condition)
{
    if (!condition)
        abort();
}

static void on_event(void *ctx, const struct event *event)
{
    struct json_value root;

    ++*(unsigned *)ctx;
    must(stream_name_valid(event->stream, event->stream_len));
    must(json_check(event->data, event->data_len, JSON_STRICT, &root, NULL) == 0);
    must(!event->tag || message_tag_valid(event->tag, event->tag_len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json_value message;
    const char *why = NULL;
    unsigned n = 0;

    if (json_check((const char *)data, size, JSON_STRICT, &message, NULL) < 0)
        return 0;
    if (drift_normaliser.normalise(message, on_event, &n, &why) < 0)
        must(n == 0 && why);
    must(n <= 2);
    return 0;
}
