/* fuzz_zilliqa_request.c - lines of any bytes as messages of two clients, one per profile; a line
 * that begins with '!' is published instead: the parts and ends of blocks. What is sent to a client
 * is text, and nothing is left when all have gone. */
#include "common/utf8.h"
#include "tests/support/fake_client.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

/* Half of them have a head, of whose numbers some repeat and some leave holes. */
static void publish(struct fake_gateway *g, const char *line, size_t len)
{
    static const char *const streams[] = {
        "zilliqa.NewBlock", "zilliqa.EventLog.1111111111111111111111111111111111111111",
        "zilliqa.TxnLog.1111111111111111111111111111111111111111"};

    if (len == 0)
        return;
    const char *stream = streams[(unsigned char)*line % 3];
    char head[] = "1-1 1 0\n", *bytes = malloc(sizeof head + len);
    head[2] = (char)('1' + len % 9);
    memcpy(bytes, head, sizeof head - 1);
    memcpy(bytes + sizeof head - 1, line + 1, len - 1);
    if (len % 2)
        intake_message(&g->intake, stream, strlen(stream), bytes, sizeof head - 1 + len - 1);
    else
        intake_message(&g->intake, stream, strlen(stream), line + 1, len - 1);
    free(bytes);
}

static void hear(struct fake_gateway *g, struct client *c)
{
    const char *heard = fake_heard(g, c);

    must(utf8_valid(heard, g->heard.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fake_gateway g;

    fake_gateway_start(&g, FAKE_FLAGS("--max-subscriptions", "4"));
    struct client *doc = fake_open(&g, &dialect_zilliqa, PROFILE_DOC, "/zilliqa", "");
    struct client *node = fake_open(&g, &dialect_zilliqa, PROFILE_NODE, "/zilliqa", "");
    for (const char *at = (const char *)data, *end = at + size; at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((stop ? stop : end) - at);
        if (len > 0 && *at == '!') {
            publish(&g, at + 1, len - 1);
        } else {
            client_receive(doc, at, len, true, true, len % 2);
            client_receive(node, at, len, true, true, len % 2);
        }
        hear(&g, doc);
        hear(&g, node);
        if (len % 5 == 0)
            dialects_tick(&g.host);
        at += len + 1;
    }
    fake_turn(&g);
    fake_gateway_stop(&g);
    return 0;
}
