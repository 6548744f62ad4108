/* console.c - see console.h. */
#include "gateway/console.h"

#include <string.h>

const struct console_file *console_find(const char *path)
{
    for (const struct console_file *file = console_files; file->path; file++)
        if (strcmp(path, file->path) == 0)
            return file;
    return NULL;
}
