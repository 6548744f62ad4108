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
 * request", "write-timeout: Maximum time to wait for writing a response to the client". Those who
 * are at a message, and only those, are in two lists, who has been longest at one first. A client
 * that breaks a limit is cut, as by the server.
 */
#include "gateway/dialects/injective.h"

#include <errno.h>
#include <stdlib.h>

#include "gateway/client.h"
#include "gateway/counters.h"
#include "gateway/dialects/dialect.h"
#include "gateway/gateway_settings.h"

enum {
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
    list_remove(&state_of(c)->in_reading);
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
    list_init(&ic->in_reading);
    list_init(&ic->in_writing);
    list_init(&ic->subscriptions);
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
    list_remove(&ic->in_reading);
    list_remove(&ic->in_writing);
    c->host->counters->injective_clients--;
    free(ic);
    c->dialect_state = NULL;
}

/* ---- limits in time -------------------------------------------------------------------------- */

static void part(struct client *c)
{
    struct injective_client *ic = state_of(c);

    if (!list_empty(&ic->in_reading))
        return;
    ic->reading_since_ms = c->host->now_ms;
    list_append(&shared_of(c)->reading, &ic->in_reading);
}

/* At the next message, its time begins anew. */
static void waits(struct client *c, bool begins)
{
    struct injective_client *ic = state_of(c);

    if (!ic || (!begins && c->queue.head == ic->head_seen))
        return;
    ic->head_seen = c->queue.head;
    ic->writing_since_ms = c->host->now_ms;
    list_remove(&ic->in_writing);
    list_append(&shared_of(c)->writing, &ic->in_writing);
}

static void end_slow_requests(struct client_host *host, struct list *reading)
{
    uint64_t limit = host->settings->injective_read_timeout_ms;

    while (!list_empty(reading)) {
        struct injective_client *ic = list_first(reading, struct injective_client, in_reading);
        if (host->now_ms - ic->reading_since_ms < limit)
            return;
        list_remove(&ic->in_reading);
        client_close(ic->client, CLOSE_stalled);
    }
}

/* Those who wait no longer are still in the list. */
static void end_slow_readers(struct client_host *host, struct list *writing)
{
    uint64_t limit = host->settings->injective_write_timeout_ms;

    while (!list_empty(writing)) {
        struct injective_client *ic = list_first(writing, struct injective_client, in_writing);
        if (host->now_ms - ic->writing_since_ms < limit)
            return;
        list_remove(&ic->in_writing);
        if (ic->client->blocked)
            client_close(ic->client, CLOSE_stalled);
    }
}

static void tick(struct client_host *host)
{
    struct injective_shared *shared = host->shared[SHARED_INJECTIVE];

    injective_view_sweep(shared);
    end_slow_requests(host, &shared->reading);
    end_slow_readers(host, &shared->writing);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static int start(struct client_host *host)
{
    struct injective_shared *shared = calloc(1, sizeof *shared);

    if (!shared)
        return -ENOMEM;
    list_init(&shared->reading);
    list_init(&shared->writing);
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
    .part = part,
    .waits = waits,
    .closed = closed,
    .ping_ms = PING_MS,
    .pong_ms = DEAD_MS,
    .cuts_dead = true,
    .message_max = message_max,
    .header_max = header_max,
    .node_path = "/injstream-ws",
};
