/* fuzz_request.c - whatever a client says, in whatever pieces, to whichever dialect, in both
 * profiles: the gateway goes on, answers in UTF-8, and keeps nothing of a client that has gone.
 *
 * The first byte of the input says how long the pieces are ('0': whole messages); the rest is
 * messages, one a line. Every line is then a message from Redis, too, on every stream that the
 * clients have asked for.
 */
#include <stdint.h>
#include <stdio.h>

#include "common/log.h"
#include "common/stream_name.h"
#include "common/utf8.h"
#include "tests/support/fake_client.h"

enum { STREAMS_MAX = 8, LINES_MAX = 16, TIME_MS = 6000 };

static struct fake_gateway g;
static uint64_t seq;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

/* Once: what must not stay behind of one input would show in the next. */
static void start(void)
{
    if (g.hub)
        return;
    log_set_level(LOG_LEVEL_ERROR);
    fake_gateway_start(&g, FAKE_FLAGS("--binance-rate", "0", "--max-subscriptions", "4"));
}

static void open_clients(void)
{
    for (int profile = PROFILE_DOC; profile <= PROFILE_NODE; profile++) {
        for (const struct dialect *const *d = dialects; *d; d++)
            fake_open(&g, *d, (enum profile)profile, "/", "");
        fake_open(&g, &dialect_auto, (enum profile)profile, "/", "");
        fake_open(&g, &dialect_auto_ws, (enum profile)profile, "/ws", "");
        fake_open(&g, &dialect_exchange, (enum profile)profile, "/", "ids=1&notices=1");
        fake_open(&g, &dialect_binance, (enum profile)profile, "/ws", "ids=1&last=1");
    }
}

/* Each piece in memory of its own, so that the sanitizer sees a look past its end. */
static void say(struct client *c, const char *text, size_t len, size_t piece, bool binary)
{
    size_t at = 0;

    do {
        size_t n = len - at < piece ? len - at : piece;
        char *copy = malloc(n + (n == 0));
        memcpy(copy, text + at, n);
        client_receive(c, copy, n, at == 0, at + n == len, binary);
        free(copy);
        at += n;
    } while (at < len);
}

static void say_to_all(const char *text, size_t len, size_t piece)
{
    for (unsigned i = 0; i < g.n_clients; i++) {
        say(g.clients[i], text, len, piece, false);
        const char *heard = fake_heard(&g, g.clients[i]);
        must(utf8_valid(heard, g.heard.len));
    }
    fake_turn(&g);
}

static void publish(const char *stream, const char *text, size_t len)
{
    size_t room = len + 100;
    char *bytes = malloc(room);
    unsigned long long id = ++seq;
    int head = snprintf(bytes, room, "7-%llu 1000 tag%llu\n", id, id);

    memcpy(bytes + head, text, len);
    intake_message(&g.intake, stream, strlen(stream), bytes + head, len);
    intake_message(&g.intake, stream, strlen(stream), bytes, (size_t)head + len);
    free(bytes);
}

static void publish_to_some(const char *text, size_t len)
{
    char names[STREAMS_MAX][STREAM_NAME_MAX + 1];
    struct stream *stream = NULL;
    size_t n = 0;

    while (n < STREAMS_MAX && (stream = hub_next(g.hub, stream))) {
        must(stream->name_len <= STREAM_NAME_MAX);
        memcpy(names[n++], stream->name, stream->name_len + 1u);
    }
    for (size_t i = 0; i < n; i++) {
        fake_confirm(&g, names[i]);
        publish(names[i], text, len);
    }
    fake_turn(&g);
}

static void for_each_line(const char *text, size_t len, size_t piece)
{
    for (int i = 0; i < LINES_MAX && len > 0; i++) {
        const char *newline = memchr(text, '\n', len);
        size_t n = newline ? (size_t)(newline - text) : len;
        if (piece > 0)
            say_to_all(text, n, piece);
        else
            publish_to_some(text, n);
        n += newline != NULL;
        text += n;
        len -= n;
    }
}

/* The invariants that a gateway without clients has: see hub.h, view.h and client.h. */
static void check_empty(void)
{
    must(g.host.n_dirty == 0);
    must(hub_streams(g.hub) == 0);
    must(views_count(g.views) == 0 && views_members(g.views) == 0);
    must(g.counters.clients == 0 && g.host.slow.pool.waiting == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data + 1;
    size_t piece = size > 0 && data[0] % 16 > 0 ? data[0] % 16 : SIZE_MAX;

    if (size == 0)
        return 0;
    start();
    open_clients();
    for_each_line(text, size - 1, piece);
    say(g.clients[0], text, size - 1, piece, true);
    for_each_line(text, size - 1, 0);
    dialects_tick(&g.host);
    fake_pass(&g, TIME_MS);
    fake_turn(&g);
    while (g.n_clients > 0)
        fake_close(&g, g.clients[g.n_clients - 1]);
    check_empty();
    return 0;
}
