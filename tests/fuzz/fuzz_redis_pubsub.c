/* fuzz_redis_pubsub.c - the reader says the same of bytes in one piece and of the same bytes in
 * pieces, and gives no span outside of what it was fed. */
#include "common/redis_pubsub.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MAX = 64 * 1024 };

/* What was said, as a running hash: the number of events, and every byte of them in order. */
struct heard {
    uint64_t events, hash;
    struct redis_pubsub *reader;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add(struct heard *h, const char *bytes, size_t len)
{
    h->hash = h->hash * 31 + len;
    for (size_t i = 0; i < len; i++)
        h->hash = h->hash * 31 + (unsigned char)bytes[i];
}

static void on_message(void *ctx, const char *channel, size_t channel_len, const char *payload,
                       size_t len)
{
    struct heard *h = ctx;

    h->events++;
    add(h, channel, channel_len);
    add(h, payload, len);
    if (len == 4 && memcmp(payload, "stop", 4) == 0)
        redis_pubsub_stop(h->reader);
}

static void on_notice(void *ctx, const struct redis_notice *notice)
{
    struct heard *h = ctx;

    h->events++;
    add(h, notice->kind, notice->kind_len);
    add(h, notice->channel, notice->channel_len);
    h->hash = h->hash * 31 + (uint64_t)notice->count;
}

static const struct redis_pubsub_events events = {.message = on_message, .notice = on_notice};

static struct heard feed(const uint8_t *data, size_t size, size_t piece)
{
    struct heard h = {0};
    int err = 0;

    h.reader = redis_pubsub_new(&events, &h);
    for (size_t at = 0; at < size && !err; at += piece) {
        size_t n = size - at < piece ? size - at : piece;
        char *copy = malloc(n);
        memcpy(copy, data + at, n);
        err = redis_pubsub_feed(h.reader, copy, n, MAX);
        free(copy);
    }
    redis_pubsub_free(&h.reader);
    return h;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > MAX)
        return 0;
    struct heard whole = feed(data + 1, size - 1, size - 1);
    struct heard pieces = feed(data + 1, size - 1, 1 + data[0] % 32);
    if (whole.events != pieces.events || whole.hash != pieces.hash)
        abort();
    return 0;
}
