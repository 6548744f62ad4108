/* write_delay.h - messages that may wait a little, so that one write carries several.
 *
 * A class of streams may have a delay (--write-delay). A client that gains a message of such a
 * class is then not flushed in this turn, but when the first of its messages has waited that long;
 * or at once, when it gains anything that may not wait, or a whole batch. The frames stay what they
 * are: only the number of writes changes.
 *
 * All messages of a class wait equally long, so the clients of each list are in the order of their
 * times, and nothing is searched.
 */
#ifndef GATEWAY_WRITE_DELAY_H
#define GATEWAY_WRITE_DELAY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/list.h"
#include "gateway/stream_class.h"

struct client;
struct client_host;
struct frame;

#define WRITE_DELAY_NEVER UINT64_MAX

/* Of one process: part of struct client_host. */
struct write_delays {
    struct list lists[STREAM_CLASSES_MAX]; /* by class: the client that is due first is first */
};

void write_delays_init(struct write_delays *delays);

/* The frame has been queued for the client, and some class has a delay: true when the client need
 * not be flushed for it in this turn. */
bool write_delay_holds(struct client *c, const struct frame *frame);

void write_delay_forget(struct client *c);

/* Part of the turn, before clients are flushed: those whose time has come are to be. */
void write_delays_run(struct client_host *host);

/* When the next one is due, on the host's clock. */
uint64_t write_delays_next(const struct client_host *host);

#endif
