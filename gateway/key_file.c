/* key_file.c - see key_file.h. */
#include "gateway/key_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *key_file_read(const char *path, size_t max, size_t *len, const char **why)
{
    FILE *file = fopen(path, "re");
    char *bytes = file ? malloc(max + 2) : NULL;

    *why = strerror(errno);
    if (bytes) {
        *len = fread(bytes, 1, max + 1, file);
        bytes[*len] = '\0';
        if (ferror(file) || *len > max) {
            *why = ferror(file) ? strerror(errno) : "is too long";
            free(bytes);
            bytes = NULL;
        }
    }
    if (file)
        fclose(file);
    return bytes;
}
