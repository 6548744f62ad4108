/* host_port.h - addresses as settings have them: HOST:PORT or [IPV6]:PORT. */
#ifndef COMMON_HOST_PORT_H
#define COMMON_HOST_PORT_H

#include <sys/socket.h>

enum { HOST_PORT_ERROR_MAX = 200 };

/* The first address of it, to listen on; resolving may take its time. 0; -EINVAL with one line in
 * error that does not name the address. */
int host_port_resolve(const char *text, struct sockaddr_storage *to,
                      char error[HOST_PORT_ERROR_MAX]);

#endif
