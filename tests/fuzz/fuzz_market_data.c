/* Market data of native events: line after line, a stream's name, a space and its data. What comes
 * out is valid JSON on a stream that may have that name. */
#include "publisher/market_data.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/message.h"
#include "common/stream_name.h"

static void must(bool condition)
{
    if (!condition)
        abort();
}

static void check(void *ctx, const struct event *e)
{
    struct json_value root;

    (void)ctx;
    must(stream_name_valid(e->stream, e->stream_len));
    must(!e->tag || message_tag_valid(e->tag, e->tag_len));
    must(json_check(e->data, e->data_len, JSON_STRICT, &root, NULL) == 0);
    must(root.len == e->data_len);
}

static void take(struct market_data *m, const char *line, size_t len)
{
    const char *space = memchr(line, ' ', len);
    struct event event = {.stream = line};
    struct json_value data;

    if (!space)
        return;
    event.stream_len = (size_t)(space - line);
    size_t rest = len - event.stream_len - 1;
    if (json_check(space + 1, rest, JSON_STRICT, &data, NULL) < 0)
        return;
    event.data = data.at;
    event.data_len = data.len;
    event.tag = "\"\\"; /* a tag may be that */
    event.tag_len = 2;
    market_data_take(m, &event, check, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct market_data_settings settings = {
        .on = true, .levels = 5, .injective_markets = "", .drift_markets = ""};
    const char *at = (const char *)data, *end = at + size;
    char error[MARKET_DATA_ERROR_MAX];
    struct market_data m;

    must(market_data_init(&m, &settings, error) == 0);
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t len = newline ? (size_t)(newline - at) : (size_t)(end - at);
        take(&m, at, len);
        at += len + 1;
    }
    market_data_fini(&m);
    return 0;
}
