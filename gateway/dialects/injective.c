/* injective.c - the Injective dialect: an Injective node's chain stream over WebSocket.
 *
 *   > {"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"req":{
 *         "subscription_id":"a","filter":{"oracle_price_filter":{"symbol":["*"]}}}}}
 *   < {"jsonrpc":"2.0","id":1,"result":"success"}
 *   < {"jsonrpc":"2.0","id":1,"result":{"block_height":"7",...}}      once a block
 *
 * Profiles. The document lets several requests come as an array; the server refuses that, and so
 * does `node`. See injective_update.c for the updates. Pings are those of the server: one after
 * 27 s of silence; who is silent for 30 s is cut, without a close frame.
 *
 * The document's limits in time. "read-timeout: Maximum time to wait for reading a complete client
 * request", "write-timeout: Maximum time to wait for writing a response to the client": twice a
 * second it is looked whether a client is still at the message at which it was before. A client
 * that breaks one is cut, as by the server.
 */
#include "gateway/dialects/injective.h"

#include <errno.h>
#include <stdlib.h>

#include "gateway/client.h"
#include "gateway/counters.h"
#include "gateway/dialects/dialect.h"
#include "gateway/gateway_settings.h"

enum {
    LOOK_MS = 500,
    PING_MS = 27000,
    DEAD_MS = 30000,
};

static struct injective_shared *shared_of(const struct client *c)
{
    return c->host->shared[SHARED_INJECTIVE];
}

static struct injective_client *state_of(const struct client *c)
{
    return c->dialect_state;
}

static void message(struct client *c, const char *text, size_t len, bool binary)
{
    (void)binary; /* the server makes no difference */
    if (c->state != CLIENT_OPEN)
        return;
    state_of(c)->messages++;
    injective_view_sweep(shared_of(c));
    injective_request(c, text, len);
}

/* ---- connections ----------------------------------------------------------------------------- */

static uint64_t clients_everywhere(const struct client_host *host)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < host->n_workers; i++)
        n += __atomic_load_n(&host->workers[i].injective_clients, __ATOMIC_RELAXED);
    return n;
}

/* The server leaves connections over its limit waiting; told why, a client can go elsewhere. */
static int open_client(struct client *c, const char *path, const char *query)
{
    uint64_t most = c->host->settings->injective_max_open_connections;
    struct injective_client *ic = calloc(1, sizeof *ic);

    (void)path, (void)query;
    if (!ic)
        return -ENOMEM;
    ic->client = c;
    ic->reading_since_ms = ic->blocked_since_ms = c->host->now_ms;
    list_init(&ic->subscriptions);
    list_append(&shared_of(c)->clients, &ic->in_shared);
    c->dialect_state = ic;
    c->host->counters->injective_clients++;
    if (most > 0 && clients_everywhere(c->host) > most)
        client_close(c, CLOSE_too_many_connections);
    return 0;
}

/* Its memberships have ended before. */
static void closed(struct client *c)
{
    struct injective_client *ic = state_of(c);

    if (!ic)
        return;
    while (!list_empty(&ic->subscriptions)) {
        struct injective_subscription *sub =
            list_first(&ic->subscriptions, struct injective_subscription, in_client);
        list_remove(&sub->in_client);
        free(sub);
    }
    list_remove(&ic->in_shared);
    c->host->counters->injective_clients--;
    free(ic);
    c->dialect_state = NULL;
}

static bool reads_too_slowly(struct injective_client *ic, uint64_t now, uint64_t limit)
{
    bool waits = ic->client->input_len > 0 && ic->messages == ic->messages_seen;

    ic->messages_seen = ic->messages;
    if (!waits)
        ic->reading_since_ms = now;
    return waits && now - ic->reading_since_ms >= limit;
}

static bool takes_too_slowly(struct injective_client *ic, uint64_t now, uint64_t limit)
{
    const struct client *c = ic->client;
    bool waits = c->blocked && c->queue.head == ic->head_seen;

    ic->head_seen = c->queue.head;
    if (!waits)
        ic->blocked_since_ms = now;
    return waits && now - ic->blocked_since_ms >= limit;
}

static void look(struct client_host *host, struct injective_shared *shared)
{
    const struct gateway_settings *s = host->settings;
    struct injective_client *ic;

    list_each (ic, &shared->clients, in_shared) {
        bool slow = reads_too_slowly(ic, host->now_ms, s->injective_read_timeout_ms);
        slow = takes_too_slowly(ic, host->now_ms, s->injective_write_timeout_ms) || slow;
        if (slow)
            client_close(ic->client, CLOSE_stalled);
    }
}

static void tick(struct client_host *host)
{
    struct injective_shared *shared = host->shared[SHARED_INJECTIVE];

    injective_view_sweep(shared);
    if (host->now_ms - shared->looked_ms < LOOK_MS)
        return;
    shared->looked_ms = host->now_ms;
    look(host, shared);
}

static int start(struct client_host *host)
{
    struct injective_shared *shared = calloc(1, sizeof *shared);

    if (!shared)
        return -ENOMEM;
    list_init(&shared->clients);
    list_init(&shared->broken);
    host->shared[SHARED_INJECTIVE] = shared;
    return 0;
}

static void stop(struct client_host *host)
{
    struct injective_shared *shared = host->shared[SHARED_INJECTIVE];

    if (!shared)
        return;
    injective_message_fini(&shared->message);
    text_free(&shared->body);
    text_free(&shared->matching);
    free(shared->order);
    free(shared);
    host->shared[SHARED_INJECTIVE] = NULL;
}

static size_t message_max(const struct gateway_settings *s)
{
    return s->injective_max_body_bytes;
}

static size_t header_max(const struct gateway_settings *s)
{
    return s->injective_max_header_bytes;
}

const struct dialect dialect_injective = {
    .name = "injective",
    .share = SHARED_INJECTIVE,
    .start = start,
    .stop = stop,
    .tick = tick,
    .open = open_client,
    .message = message,
    .closed = closed,
    .ping_ms = PING_MS,
    .pong_ms = DEAD_MS,
    .cuts_dead = true,
    .message_max = message_max,
    .header_max = header_max,
    .node_path = "/injstream-ws",
};
