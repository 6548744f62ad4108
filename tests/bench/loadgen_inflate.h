/* loadgen_inflate.h - messages that came by permessage-deflate without context takeover (RFC 7692).
 */
#ifndef LOADGEN_INFLATE_H
#define LOADGEN_INFLATE_H

#include <stdint.h>
#include <sys/types.h>

/* The message in out; its length, or -1 when it is malformed or has more than cap bytes. */
ssize_t inflate_message(const uint8_t *bytes, size_t len, uint8_t *out, size_t cap);

#endif
