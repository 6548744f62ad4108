/* slow_reader.c - see slow_reader.h. */
#include "gateway/slow_reader.h"

#include "gateway/client.h"
#include "gateway/counters.h"
#include "gateway/dialects/dialect.h"
#include "gateway/frame.h"
#include "gateway/gateway_settings.h"
#include "gateway/trim.h"

void slow_readers_init(struct slow_readers *slow)
{
    *slow = (struct slow_readers){0};
    for (int i = 0; i < SLOW_LISTS; i++)
        list_init(&slow->lists[i]);
}

/* ---- who waits ------------------------------------------------------------------------------ */

static uint32_t acknowledged(const struct client *c)
{
    return c->host->acknowledged ? (uint32_t)c->host->acknowledged(c->fd) : 0;
}

static void put_in_list(struct client *c)
{
    struct slow_readers *slow = &c->host->slow;
    uint64_t len = c->queue.bytes + c->copied;
    uint8_t list = 0;

    while (len > 0 && list < SLOW_LISTS - 1) {
        len >>= 1;
        list++;
    }
    if (c->place == CLIENT_WAITS && c->slow_list == list)
        return;
    list_remove(&c->in_place);
    list_append(&slow->lists[list], &c->in_place);
    c->slow_list = list;
}

static void wait(struct client *c)
{
    bool begins = c->place != CLIENT_WAITS;

    queue_settle(&c->queue);
    put_in_list(c);
    if (c->dialect && c->dialect->waits)
        c->dialect->waits(c, begins);
    if (!begins)
        return;
    c->place = CLIENT_WAITS;
    c->host->slow.n++;
    c->place_until_ms = c->host->now_ms + c->host->settings->stall_timeout_ms;
    c->acknowledged = acknowledged(c);
    client_plan(c);
}

void slow_reader_forget(struct client *c)
{
    slow_reader_copied(c, 0);
    if (c->place != CLIENT_WAITS)
        return;
    list_remove(&c->in_place);
    c->place = CLIENT_NOWHERE;
    c->host->slow.n--;
}

void slow_reader_copied(struct client *c, size_t bytes)
{
    c->host->slow.pool.held += bytes - c->copied;
    c->copied = (uint32_t)bytes;
}

/* ---- its limits ----------------------------------------------------------------------------- */

static void tell(void *ctx, struct left_out *left)
{
    struct client *c = ctx;

    c->dialect->dropped(c, left);
}

static struct trim limits(struct client *c)
{
    const struct gateway_settings *s = c->host->settings;
    const struct dialect *d = c->dialect;

    return (struct trim){.classes = &s->stream_classes,
                         .counters = c->host->counters,
                         .max_bytes = d && d->queue_bytes ? d->queue_bytes : s->queue_bytes,
                         .max_messages =
                             d && d->queue_messages ? d->queue_messages : s->queue_messages,
                         .tell = d && d->dropped ? tell : NULL,
                         .ctx = c};
}

void slow_reader_check(struct client *c)
{
    if (c->queue.n == 0 && c->copied == 0) {
        slow_reader_forget(c);
        return;
    }
    struct trim trim = limits(c);
    bool over = !c->after_queue && trim_over(&trim, &c->queue);
    if (over) {
        c->host->counters->queue_overflows++;
        if (trim.classes->yields && trim_queue(&trim, &c->queue) == 0)
            over = trim_over(&trim, &c->queue);
    }
    if (over)
        client_close(c, CLOSE_slow_reader);
    else
        wait(c);
}

/* ---- its time ------------------------------------------------------------------------------- */

void slow_reader_moved(struct client *c)
{
    if (c->place == CLIENT_WAITS)
        c->place_until_ms = c->host->now_ms + c->host->settings->stall_timeout_ms;
}

/* A long frame may be on its way while the queue stands still: what the peer has acknowledged
 * decides. */
bool slow_reader_stalled(struct client *c)
{
    uint32_t before = c->acknowledged;

    if (c->place != CLIENT_WAITS || c->host->now_ms < c->place_until_ms)
        return false;
    c->acknowledged = acknowledged(c);
    slow_reader_moved(c);
    return c->acknowledged == before;
}

/* ---- the budget of all ---------------------------------------------------------------------- */

static struct client *longest(struct slow_readers *slow)
{
    for (int i = SLOW_LISTS; i-- > 0;)
        if (!list_empty(&slow->lists[i]))
            return list_first(&slow->lists[i], struct client, in_place);
    return NULL;
}

/* Its memory is wanted now: the queue goes at once, the connection in the next turn. */
static void cut(struct client *c)
{
    uint64_t held, bytes = c->queue.bytes;

    if (log_allowed(&c->host->slow.budget_limit, &held))
        log_warn("slow readers need more than queue-budget; those with the longest queues are cut",
                 LOG_NUMBER("queue_bytes", bytes), LOG_NUMBER("slow_clients", c->host->slow.n),
                 LOG_NUMBER("held_back", held));
    client_drop_queue(c);
    slow_reader_forget(c);
    client_cut(c, CLOSE_queue_budget);
}

void slow_readers_keep_budget(struct client_host *host)
{
    struct slow_readers *slow = &host->slow;
    struct client *c;

    while (slow->pool.held > host->settings->queue_budget && (c = longest(slow)))
        cut(c);
    host->counters->queued_bytes = slow->pool.waiting;
    host->counters->queue_memory = slow->pool.held;
    host->counters->slow_clients = slow->n;
}
