/* fuzz_nano_request.c - lines of any bytes as messages of two clients, one per profile; a line that
 * begins with '!' is an event instead, on a stream chosen by its next byte. A client that was ended
 * for what it sent is followed by a new one. What clients get is JSON, and nothing is left when all
 * have gone. */
#include <string.h>

#include "common/json_span.h"
#include "tests/support/fake_client.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

/* Every other event has a head, whose numbers and tags repeat now and then. */
static void publish(struct fake_gateway *g, const char *line, size_t len)
{
    static const char *const streams[] = {
        "nano.confirmation",
        "nano.vote",
        "nano.work",
        "nano.confirmation.local",
        "nano.confirmation.account."
        "nano_1tgkjkq9r96zd3pkr7edj8e4qbu3wr3ps6ettzse8hmoa37nurua7faupjhc",
        "nano.confirmation.account."
        "nano_1e6rym1f5p7xj4fh1y8fzy1ym1orxymffp9tx7cey58whakprhwdzuk533th"};
    char head[] = "1-1 1 0\n";

    if (len == 0)
        return;
    const char *stream = streams[(unsigned char)*line % 6];
    char *bytes = malloc(sizeof head + len);
    head[2] = (char)('1' + len % 9);
    head[6] = (char)('0' + len % 7);
    memcpy(bytes, head, sizeof head - 1);
    memcpy(bytes + sizeof head - 1, line + 1, len - 1);
    size_t skip = len % 2 ? 0 : sizeof head - 1;
    /* a head vouches for the JSON behind it */
    struct json_value root;
    if (skip > 0 || json_check(line + 1, len - 1, JSON_STRICT, &root, NULL) == 0)
        intake_message(&g->intake, stream, strlen(stream), bytes + skip,
                       sizeof head - 1 + len - 1 - skip);
    free(bytes);
}

static void hear(struct fake_gateway *g, struct client *c)
{
    struct json_value root;

    while (c->queue.n > 0) {
        const struct frame *frame = queue_at(&c->queue, 0);
        size_t at = fake_header_len(frame);
        must(json_check((const char *)frame->bytes + at, frame->len - at, JSON_STRICT, &root,
                        NULL) == 0);
        queue_pop(&c->queue, 1);
    }
    (void)g;
}

static struct client *say(struct fake_gateway *g, struct client *c, const char *text, size_t len)
{
    enum profile profile = (enum profile)c->profile;

    client_receive(c, text, len, true, true, len % 2);
    hear(g, c);
    if (c->state == CLIENT_OPEN)
        return c;
    fake_close(g, c);
    return fake_open(g, &dialect_nano, profile, "/nano", "");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fake_gateway g;

    fake_gateway_start(&g, FAKE_FLAGS("--max-subscriptions", "3", "--nano-max-accounts", "3"));
    struct client *doc = fake_open(&g, &dialect_nano, PROFILE_DOC, "/nano", "");
    struct client *node = fake_open(&g, &dialect_nano, PROFILE_NODE, "/nano", "");
    for (const char *at = (const char *)data, *end = at + size; at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((stop ? stop : end) - at);
        if (len > 0 && *at == '!') {
            publish(&g, at + 1, len - 1);
            hear(&g, doc);
            hear(&g, node);
        } else {
            doc = say(&g, doc, at, len);
            node = say(&g, node, at, len);
        }
        at = stop ? stop + 1 : end;
    }
    fake_close(&g, doc);
    fake_close(&g, node);
    must(views_count(g.views) == 0 && hub_streams(g.hub) == 0);
    fake_gateway_stop(&g);
    return 0;
}
