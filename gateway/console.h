/* console.h - the page that a browser sees at the gateway's address: streams, live messages,
 * health.
 *
 * Its files, gateway/console/, are built into the program. The page asks this gateway alone
 * (/streams, /metrics, /readyz and WebSockets); its Content-Security-Policy allows nothing else, no
 * script or style but its own two files, and no frame round it.
 */
#ifndef GATEWAY_CONSOLE_H
#define GATEWAY_CONSOLE_H

#include <stddef.h>

#define CONSOLE_PATH "/console"
#define CONSOLE_POLICY                                                                             \
    "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; "           \
    "connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "                    \
    "frame-ancestors 'none'"

struct console_file {
    const char *path, *content_type;
    const unsigned char *bytes;
    size_t len;
};

/* Made by the build from gateway/console/; ends with an entry without path. */
extern const struct console_file console_files[];

/* NULL: not one of its files. */
const struct console_file *console_find(const char *path);

#endif
