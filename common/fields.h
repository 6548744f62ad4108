/* fields.h - small tables that people write: a line each, fields between commas, '#' remarks.
 *
 *   while (fields_line(&rest, &line, &number))
 *       { struct field first = fields_cut(&line, ','), last = fields_trim(line); ... }
 *
 * A field is a span of the text: nothing is copied, and white space around it is not in it.
 */
#ifndef COMMON_FIELDS_H
#define COMMON_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

struct field {
    const char *at;
    size_t len;
};

struct field fields_trim(struct field f);

/* What is before the separator, trimmed; *rest goes behind it, or is empty. */
struct field fields_cut(struct field *rest, char separator);

/* The next line that is neither blank nor begins with '#': true, with the number of the line, which
 * begins as 0 and is the caller's to keep. */
bool fields_line(struct field *rest, struct field *line, size_t *number);

/* All of a file of at most `most` bytes, in *text, to be freed, also after an error. 0; -errno with
 * one line in error, which names the file. */
int fields_file(const char *path, size_t most, char **text, size_t *len, char *error, size_t cap);

#endif
