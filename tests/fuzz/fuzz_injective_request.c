/* Requests of Injective clients, and what Redis says to the subscriptions they make: every answer
 * and update is one JSON document, and of what a client asked for nothing is left when it goes.
 *
 * The input is lines. The first byte chooses the profile; a line that begins with '>' is a message
 * of the client; any other is a message from Redis, on the stream that its first byte chooses among
 * those listened to.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/json_span.h"
#include "common/log.h"
#include "tests/support/fake_client.h"

static struct fake_gateway g;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

static void start(void)
{
    if (g.hub)
        return;
    log_set_level(LOG_LEVEL_ERROR);
    fake_gateway_start(&g, FAKE_FLAGS("--max-subscriptions", "4", "--injective-max-block", "4k"));
}

static void must_be_json(struct client *c)
{
    while (c->queue.n > 0) {
        const struct frame *frame = queue_at(&c->queue, 0);
        size_t at = fake_header_len(frame);
        struct json_value root;
        must(json_check((const char *)frame->bytes + at, frame->len - at, JSON_STRICT, &root,
                        NULL) == 0);
        queue_pop(&c->queue, 1);
    }
}

static void confirm_all(void)
{
    for (struct stream *stream = NULL; (stream = hub_next(g.hub, stream));)
        fake_confirm(&g, stream->name);
}

static void publish(const char *line, size_t len)
{
    size_t n = hub_streams(g.hub);
    struct stream *stream = NULL;

    if (n == 0 || len == 0)
        return;
    for (size_t i = (unsigned char)line[0] % n + 1; i > 0; i--)
        stream = hub_next(g.hub, stream);
    /* An input must do the same each time, and streams come in no order: the byte is a choice only
     * between the end of blocks and the rest. */
    if (line[0] == 'e')
        stream = hub_find(g.hub, "injective.block", strlen("injective.block"));
    if (stream)
        intake_message(&g.intake, stream->name, stream->name_len, line + 1, len - 1);
}

static void take_line(struct client *c, const char *line, size_t len)
{
    char *copy = malloc(len + 1); /* so that the sanitizer sees a look past its end */

    memcpy(copy, line, len);
    if (len > 0 && copy[0] == '>')
        client_receive(c, copy + 1, len - 1, true, true, false);
    else
        publish(copy, len);
    free(copy);
    confirm_all();
    must_be_json(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *at = (const char *)data, *end = at + size;

    if (size == 0)
        return 0;
    start();
    enum profile profile = *at++ & 1 ? PROFILE_NODE : PROFILE_DOC;
    struct client *c = fake_open(&g, &dialect_injective, profile, "/", "");
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        take_line(c, at, (size_t)((newline ? newline : end) - at));
        at = newline ? newline + 1 : end;
    }
    fake_close(&g, c);
    dialects_tick(&g.host);
    g.wishes.len = 0;
    must(hub_streams(g.hub) == 0 && views_count(g.views) == 0);
    must(g.counters.injective_clients == 0);
    return 0;
}
