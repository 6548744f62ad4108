/* loadgen_socketio.c - clients of Socket.IO (protocol 5 on Engine.IO 4), by WebSocket alone.
 *
 *   server 0{...}   opened                     client 40                       to the main
 * namespace server 40{...}  connected                  client 42["subscribe",["s0"]] server
 * 42["m",{"stream":"s0","data":{...}}] server 2        ping                       client 3 pong
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/bench/loadgen_dialect.h"

static const char before[] = "42[\"m\",";

static size_t path(const struct tally *t, uint32_t client, char *out, size_t cap)
{
    (void)t, (void)client;
    return (size_t)snprintf(out, cap, "/socket.io/?EIO=4&transport=websocket");
}

static size_t no_request(const struct tally *t, const struct bench_accounts *accounts,
                         uint32_t client, char *out, size_t cap)
{
    (void)t, (void)accounts, (void)client, (void)out, (void)cap;
    return 0;
}

static size_t subscribe(const struct tally *t, uint32_t client, char *out, size_t cap)
{
    uint64_t first = tally_first_stream(t, client);
    size_t len = (size_t)snprintf(out, cap, "42[\"subscribe\",[");
    for (uint64_t i = 0; i < t->streams; i++)
        len += (size_t)snprintf(out + len, cap - len, "%s\"s%" PRIu64 "\"", i ? "," : "",
                                (first + i) % t->of);
    return len + (size_t)snprintf(out + len, cap - len, "]]");
}

static size_t answer(const struct tally *t, uint32_t client, const char *text, size_t len,
                     char *out, size_t cap)
{
    if (len > 0 && text[0] == '0')
        return (size_t)snprintf(out, cap, "40");
    if (len > 1 && memcmp(text, "40", 2) == 0)
        return subscribe(t, client, out, cap);
    return len == 1 && text[0] == '2' ? (size_t)snprintf(out, cap, "3") : 0;
}

static bool text(struct tally *t, const struct bench_accounts *accounts, uint32_t client,
                 const char *bytes, size_t len, uint64_t now_us)
{
    size_t skip = sizeof before - 1;
    if (len < 2 || memcmp(bytes, "42", 2) != 0)
        return true;
    if (len < skip + 1 || memcmp(bytes, before, skip) != 0 || bytes[len - 1] != ']')
        return tally_bad(t);
    return load_exchange.text(t, accounts, client, bytes + skip, len - skip - 1, now_us);
}

const struct load_dialect load_socketio = {
    .name = "socketio", .path = path, .request = no_request, .text = text, .answer = answer};
