/* slow_reader.h - clients whose sockets take less than they are due: what they may cost.
 *
 * A client waits from the moment at which a flush leaves something in its queue until the queue is
 * empty again. While it waits:
 *
 *   limits    its queue has at most queue-bytes and queue-messages, or one frame. Over them it
 * gives up what its streams' policies allow (trim.h); if that is not enough, it is closed. budget
 * all queues of the process together take at most queue-budget bytes of memory, a frame that waits
 * in many counted once. Over it the longest queues go first. stall     something of it must reach
 * the client within stall-timeout, or it is cut.
 *
 * So one that stops reading costs a bounded number of bytes, and is gone in a bounded time. The
 * clients that wait are in lists by the length of their queues, to the power of two: the longest is
 * found without a search.
 */
#ifndef GATEWAY_SLOW_READER_H
#define GATEWAY_SLOW_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/list.h"
#include "common/log.h"
#include "gateway/queue.h"

struct client;
struct client_host;

enum { SLOW_LISTS = 33 }; /* by the number of bits of the length; the last: longer than that */

/* Of one process: part of struct client_host. */
struct slow_readers {
    struct queue_pool pool;
    struct list lists[SLOW_LISTS]; /* in each, the client that has been there longest is first */
    struct log_limit budget_limit;
    size_t n;
};

void slow_readers_init(struct slow_readers *slow);

/* A flush of the client has ended: it waits, or not any more. May mark it for closing. */
void slow_reader_check(struct client *c);

/* The socket has taken something. */
void slow_reader_moved(struct client *c);

/* Of a frame that the socket cut in two, libwebsockets holds a copy of so many bytes; 0: no longer.
 */
void slow_reader_copied(struct client *c, size_t bytes);

/* It waits no longer; its end, too. */
void slow_reader_forget(struct client *c);

/* The time has come at which a client that waits must have taken something: true when it has not.
 */
bool slow_reader_stalled(struct client *c);

/* Part of the turn, after the clients of the turn have been flushed: marks clients for closing
 * while the budget is exceeded, and brings the gauges up to date. */
void slow_readers_keep_budget(struct client_host *host);

#endif
