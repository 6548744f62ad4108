/* settings_private.h - what the files of settings share; not for anybody else.
 *
 *   settings.c        the sources and their order
 *   settings_file.c   KEY=VALUE text --> (line, key, value)
 *   settings_value.c  text --> a checked value, and numbers back to text
 *   settings_field.c  a value --> its field of the struct, which owns it
 *   settings_help.c   the table, printed
 */
#ifndef COMMON_SETTINGS_PRIVATE_H
#define COMMON_SETTINGS_PRIVATE_H

#include "common/settings.h"

enum {
    SETTINGS_FILE_MAX = 256 * 1024, /* bytes; a longer settings file is refused */
    SETTINGS_NAME_MAX = 64,         /* bytes of a name as an environment variable, with NUL */
    SETTINGS_SHOWN_MAX = 64,        /* bytes of a wrong value repeated in an error, with NUL */
    SETTINGS_RANGE_MAX = 256,       /* bytes of a range or a list of choices, with NUL */
};

/* ---- settings_value.c ---- */

/* Read a value. 0 with *number filled (unless it is text); -EINVAL with what is wrong with it. */
int setting_parse(const struct setting *s, const char *text, uint64_t *number,
                  char error[SETTINGS_ERROR_MAX]);

/* "queue-bytes" --> "SLUICE_QUEUE_BYTES"; returns buf. */
const char *setting_variable(const struct setting *s, char buf[SETTINGS_NAME_MAX]);

/* "4k to 1G", "at least 1", "debug, info, warn or error"; "" where anything goes. Returns buf. */
const char *setting_range(const struct setting *s, char buf[SETTINGS_RANGE_MAX]);

/* The text on one line of printable ASCII, cut when long; returns buf. */
const char *setting_show(const char *text, char buf[SETTINGS_SHOWN_MAX]);

/* ---- settings_field.c ---- */

/* Put a parsed value into its field, in place of what is there. Not for lists. 0; -ENOMEM. */
int setting_store(const struct setting *s, void *into, const char *text, uint64_t number);

/* 0; -ENOMEM; -E2BIG beyond SETTINGS_LIST_MAX. */
int setting_list_add(struct setting_list *list, const char *text, size_t len);
int setting_list_split(struct setting_list *list, const char *text); /* at white space */
void setting_list_clear(struct setting_list *list);

/* The field as it was before anything was stored. */
void setting_clear(const struct setting *s, void *into);

bool setting_equal(const struct setting *s, const void *a, const void *b);

/* ---- settings_file.c ---- */

/* One KEY=VALUE line, quotes removed. Not 0: reading ends with that. */
typedef int settings_line_fn(void *ctx, size_t line, const char *key, const char *value);

/* Give each line of text to take(). text has len bytes and a NUL, and is written into.
 * 0; what take() returned; -EINVAL with *line and *reason (static text) where it is not valid. */
int settings_file_read(char *text, size_t len, settings_line_fn *take, void *ctx, size_t *line,
                       const char **reason);

/* ---- settings.c ---- */

/* As settings_load() with a settings file of that text and name, and neither environment nor
 * flags. */
int settings_load_text(const struct setting *table, size_t n, void *into, const char *name,
                       char *text, size_t len, char error[SETTINGS_ERROR_MAX]);

#endif
