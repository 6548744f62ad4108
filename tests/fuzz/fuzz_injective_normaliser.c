/* What an Injective node sends: an event's data is JSON, its name and tag can be published, and a
 * block's end comes last. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/message.h"
#include "common/stream_name.h"
#include "publisher/sources/normaliser.h"

struct seen {
    unsigned n;
    bool ended;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

static void on_event(void *ctx, const struct event *event)
{
    struct seen *seen = ctx;
    struct json_value root;

    must(!seen->ended);
    seen->n++;
    seen->ended = event->stream_len == 15 && memcmp(event->stream, "injective.block", 15) == 0;
    must(stream_name_valid(event->stream, event->stream_len));
    must(json_check(event->data, event->data_len, JSON_STRICT, &root, NULL) == 0);
    must(!event->tag || message_tag_valid(event->tag, event->tag_len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json_value message;
    struct seen seen = {0};
    const char *why = NULL;

    if (json_check((const char *)data, size, JSON_STRICT, &message, NULL) < 0)
        return 0;
    if (injective_normaliser.normalise(message, on_event, &seen, &why) < 0)
        must(seen.n == 0 && why);
    must(seen.n < 2 || seen.ended);
    return 0;
}
