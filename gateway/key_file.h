/* key_file.h - a file with secrets in it, read whole. */
#ifndef GATEWAY_KEY_FILE_H
#define GATEWAY_KEY_FILE_H

#include <stddef.h>

/* Its bytes with a NUL behind them, for free(), and how many in *len; NULL with the reason in *why
 * (static, or valid until the next call). */
char *key_file_read(const char *path, size_t max, size_t *len, const char **why);

#endif
