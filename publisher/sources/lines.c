/* lines.c - events, one a line, from standard input, a file or TCP connections.
 *
 *   lines                     standard input, to its end
 *   lines=FILE                a file from its beginning, followed as it grows
 *   lines=tcp://HOST:PORT     any number of connections
 */
#include "publisher/sources/lines.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int open_lines(const struct source_host *host, const char *argument, const char *options,
                      struct source **source, char error[SOURCE_ERROR_MAX])
{
    static const char tcp[] = "tcp://";

    if (options) {
        snprintf(error, SOURCE_ERROR_MAX, "'%.100s': lines has no options", options);
        return -EINVAL;
    }
    if (!argument)
        return lines_stdin_open(host, source, error);
    if (strncmp(argument, tcp, sizeof tcp - 1) == 0)
        return lines_tcp_open(host, argument + sizeof tcp - 1, source, error);
    return lines_file_open(host, argument, source, error);
}

const struct source_kind lines_source = {.name = "lines", .open = open_lines};
