/* gap.c - see gap.h. */
#include "publisher/sources/gap.h"

#include <inttypes.h>
#include <string.h>

#include "common/text.h"

static void add_time(struct text *data, const char *before, int64_t ms)
{
    if (ms > 0)
        text_add(data, "%s%" PRId64, before, ms);
    else
        text_add(data, "%snull", before);
}

void gap_emit(const struct gap *gap, const char *stream, event_fn *emit, void *ctx)
{
    struct text data = {0};

    add_time(&data, "{\"from\":", gap->from_ms);
    add_time(&data, ",\"to\":", gap->to_ms);
    text_add(&data, ",\"reason\":");
    text_add_json(&data, gap->reason, strlen(gap->reason));
    if (gap->first <= gap->last)
        text_add(&data, ",\"blocks\":[\"%" PRIu64 "\",\"%" PRIu64 "\"]", gap->first, gap->last);
    text_add(&data, "}");
    if (!data.failed)
        emit(ctx, &(struct event){.stream = stream,
                                  .stream_len = strlen(stream),
                                  .data = data.at,
                                  .data_len = data.len,
                                  .history = EVENT_HISTORY_STREAM});
    text_free(&data);
}
