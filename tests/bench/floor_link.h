/* floor_link.h - the floor's Redis Pub/Sub connection: RESP read by hand.
 *
 *   socket --link_read()--> message()*      at most LINK_READ_SLICE bytes a wake-up
 */
#ifndef FLOOR_LINK_H
#define FLOOR_LINK_H

#include <stddef.h>
#include <stdint.h>

struct link;

enum { LINK_READ_SLICE = 64 * 1024 }; /* as the gateway reads */

/* A message of a stream (the channel without the prefix), its head line taken off. Borrowed. */
typedef void link_message_fn(void *ctx, const char *stream, size_t stream_len, const char *data,
                             size_t len);

struct link *link_new(uint64_t port, const char *prefix, link_message_fn *message, void *ctx);
void link_free(struct link **link);
int link_fd(const struct link *link);

/* Subscribe to the stream's channel, now. */
void link_subscribe(struct link *link, const char *stream, size_t len);

/* The socket is readable: one read, and every whole message that is there then. */
void link_read(struct link *link);

#endif
