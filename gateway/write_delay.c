/* write_delay.c - see write_delay.h. */
#include "gateway/write_delay.h"

#include "gateway/client.h"
#include "gateway/frame.h"
#include "gateway/gateway_settings.h"
#include "gateway/outlet.h"

void write_delays_init(struct write_delays *delays)
{
    for (int i = 0; i < STREAM_CLASSES_MAX; i++)
        list_init(&delays->lists[i]);
}

static uint16_t delay_of(const struct client_host *host, const struct frame *frame)
{
    const struct stream_classes *classes = &host->settings->stream_classes;

    return frame->class_id < classes->n ? classes->classes[frame->class_id].delay_ms : 0;
}

bool write_delay_holds(struct client *c, const struct frame *frame)
{
    struct client_host *host = c->host;
    uint16_t delay = delay_of(host, frame);
    uint64_t due = host->now_ms + delay;

    if (delay == 0 || c->dirty || c->place == CLIENT_WAITS)
        return false;
    if (c->queue.bytes >= OUTLET_BATCH_BYTES || c->queue.n >= OUTLET_BATCH_FRAMES)
        return false;
    if (c->place == CLIENT_HELD && c->place_until_ms <= due)
        return true;
    list_remove(&c->in_place);
    list_append(&host->delays.lists[frame->class_id], &c->in_place);
    c->place = CLIENT_HELD;
    c->place_until_ms = due;
    return true;
}

/* A client that has been flushed earlier than it had to be stays here until its time: it is looked
 * at once in vain, and no flush has to know of delays. */
void write_delay_forget(struct client *c)
{
    if (c->place != CLIENT_HELD)
        return;
    list_remove(&c->in_place);
    c->place = CLIENT_NOWHERE;
}

static struct client *first(const struct client_host *host, unsigned class_id)
{
    const struct list *l = &host->delays.lists[class_id];

    return list_empty(l) ? NULL : list_first(l, struct client, in_place);
}

void write_delays_run(struct client_host *host)
{
    for (unsigned i = 0; i < host->settings->stream_classes.n; i++)
        for (struct client *c; (c = first(host, i)) && c->place_until_ms <= host->now_ms;) {
            write_delay_forget(c);
            client_look_at(c);
        }
}

uint64_t write_delays_next(const struct client_host *host)
{
    uint64_t next = WRITE_DELAY_NEVER;

    for (unsigned i = 0; i < host->settings->stream_classes.n; i++) {
        const struct client *c = first(host, i);
        if (c && c->place_until_ms < next)
            next = c->place_until_ms;
    }
    return next;
}
