/* fields.c - see fields.h. */
#include "common/fields.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

struct field fields_trim(struct field f)
{
    while (f.len > 0 && is_space(*f.at)) {
        f.at++;
        f.len--;
    }
    while (f.len > 0 && is_space(f.at[f.len - 1]))
        f.len--;
    return f;
}

struct field fields_cut(struct field *rest, char separator)
{
    const char *found = rest->len > 0 ? memchr(rest->at, separator, rest->len) : NULL;
    size_t len = found ? (size_t)(found - rest->at) : rest->len;
    struct field first = {rest->at, len};

    rest->at += found ? len + 1 : len;
    rest->len -= found ? len + 1 : len;
    return fields_trim(first);
}

bool fields_line(struct field *rest, struct field *line, size_t *number)
{
    while (rest->len > 0) {
        *line = fields_cut(rest, '\n');
        ++*number;
        if (line->len > 0 && *line->at != '#')
            return true;
    }
    return false;
}

int fields_file(const char *path, size_t most, char **text, size_t *len, char *error, size_t cap)
{
    FILE *file = fopen(path, "re");
    int err = file ? 0 : -errno;

    *text = file ? malloc(most + 1) : NULL;
    if (file && !*text)
        err = -ENOMEM;
    *len = *text ? fread(*text, 1, most + 1, file) : 0;
    if (*text && ferror(file))
        err = -errno;
    if (err)
        snprintf(error, cap, "cannot read %.150s: %s", path, strerror(-err));
    else if (*len > most) {
        snprintf(error, cap, "%.150s: longer than %zu bytes", path, most);
        err = -EINVAL;
    }
    if (file)
        fclose(file);
    return err;
}
