/* inflater.h - the compressed messages of one client (permessage-deflate, RFC 7692), unpacked.
 *
 * It knows no limit on a message and keeps none of it: what comes out goes to the sink piece by
 * piece, and the sink says when it is enough. So a message that is small on the wire and huge when
 * unpacked costs no more than the sink takes, and one piece.
 *
 * A client may refer back to its earlier messages, unless it promised not to. For that zlib keeps
 * 32 KiB of them, so an inflater is made when the first compressed message comes.
 */
#ifndef GATEWAY_INFLATER_H
#define GATEWAY_INFLATER_H

#include <stdbool.h>
#include <stddef.h>

struct inflater;

enum { INFLATER_PIECE = 4096 };

/* One more piece of the message; false: no more is wanted. */
typedef bool inflated_fn(void *ctx, const char *bytes, size_t len);

struct inflater *inflater_new(void);            /* NULL: out of memory */
void inflater_free(struct inflater **inflater); /* NULL is fine */

/* Some more bytes of a message; last: it ends with them. 0, also when the sink wanted no more;
 * -EINVAL: this is no compressed data; -ENOMEM. After anything but "go on", or an error, only
 * inflater_free() may follow. */
int inflater_feed(struct inflater *in, const char *bytes, size_t len, bool last, inflated_fn *sink,
                  void *ctx);

#endif
