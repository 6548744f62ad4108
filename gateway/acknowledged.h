/* acknowledged.h - how much of what was written to a socket has reached the peer's kernel. */
#ifndef GATEWAY_ACKNOWLEDGED_H
#define GATEWAY_ACKNOWLEDGED_H

#include <stdint.h>

/* Bytes since the connection began; 0 where the kernel does not say, as of Unix sockets. */
uint64_t acknowledged_bytes(int fd);

#endif
