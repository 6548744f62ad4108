/* lines.h - the three places that `lines` reads from; for lines.c alone. */
#ifndef PUBLISHER_SOURCES_LINES_H
#define PUBLISHER_SOURCES_LINES_H

#include "publisher/sources/source.h"

/* All: 0 with *source; -errno with one line in error. */
int lines_stdin_open(const struct source_host *host, struct source **source,
                     char error[SOURCE_ERROR_MAX]);
int lines_tcp_open(const struct source_host *host, const char *address, struct source **source,
                   char error[SOURCE_ERROR_MAX]);

/* A regular file, followed as it grows. */
int lines_file_open(const struct source_host *host, const char *path, struct source **source,
                    char error[SOURCE_ERROR_MAX]);
/* An open regular file, from where it stands to its end; the descriptor stays open. */
int lines_fd_open(const struct source_host *host, int fd, struct source **source,
                  char error[SOURCE_ERROR_MAX]);

#endif
