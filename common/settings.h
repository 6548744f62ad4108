/* settings.h - one table of settings gives flags, environment, settings file and --help.
 *
 *   name "queue-bytes":  --queue-bytes 2M | --queue-bytes=2M      (flag)
 *                        SLUICE_QUEUE_BYTES=2M                    (environment, settings file)
 *
 * Order of precedence: flag, environment, settings file, default. The settings file (named by the
 * table's own "settings" entry, as --settings or SLUICE_SETTINGS) has KEY=VALUE lines, '#'
 * comments and optional quotes round the value, so that systemd, Docker and we read the same file.
 * A repeatable setting (SETTING_LIST) may be given several times as a flag; in environment and
 * file its values are separated by white space. One source's values replace those of the next.
 */
#ifndef COMMON_SETTINGS_H
#define COMMON_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum setting_kind {
    SETTING_TEXT,     /* char *, never NULL once loaded: "" where empty */
    SETTING_LIST,     /* struct setting_list */
    SETTING_COUNT,    /* uint64_t: a whole number */
    SETTING_BYTES,    /* uint64_t: a whole number with an optional k, M or G (powers of 1024) */
    SETTING_DURATION, /* uint64_t milliseconds: a number with ms, s, m or h; bare: seconds */
    SETTING_SWITCH,   /* bool: --name alone, or on/off, true/false, yes/no, 1/0 */
    SETTING_CHOICE,   /* int: index into the choices */
};

struct setting_list {
    char **items;
    size_t n;
};

struct setting {
    const char *name; /* lower case with hyphens */
    enum setting_kind kind;
    size_t offset;              /* of the field in the program's settings struct */
    const char *fallback;       /* the default, written as a user would; NULL: empty */
    uint64_t min, max;          /* COUNT, BYTES, DURATION (ms); max 0: no upper bound */
    const char *const *choices; /* CHOICE: NULL-terminated */
    const char *value_name;     /* for --help: "ADDR", "FILE" */
    const char *help;           /* one or two lines, no full stop needed */
    bool reloadable;            /* may change on SIGHUP */
};

enum {
    SETTINGS_ERROR_MAX = 400,
    SETTINGS_LIST_MAX = 256, /* values of one list; more are an error */
};

/* Fill *into (zeroed by the caller) from defaults, the settings file, env ("NAME=value" strings,
 * NULL-terminated, as environ) and argv[1..]. 0; -EINVAL with one clear line in error that names
 * the setting (and the file and line) and what it may be. An unknown flag, an unknown SLUICE_
 * variable in the file, or a stray argument is an error; an unknown SLUICE_ variable in the
 * environment is one too, unless `other` (another program's table, may be NULL) knows it.
 * SLUICE_BUILD is ignored. --help and --version are the caller's: see settings_wants().
 * -ENOMEM likewise. On error *into holds nothing that must be freed. */
int settings_load(const struct setting *table, size_t n, const struct setting *other,
                  size_t n_other, void *into, int argc, char *const *argv, char *const *env,
                  char error[SETTINGS_ERROR_MAX]);

/* The text of a SETTING_DURATION in milliseconds, for lists whose values contain one. 0; -EINVAL;
 * -ERANGE. */
int settings_duration(const char *text, uint64_t *ms);

/* Was this flag ("--help") given anywhere in argv before "--"? */
bool settings_wants(int argc, char *const *argv, const char *flag);

/* Frees what settings_load() allocated inside *into, and zeroes those fields. */
void settings_free(const struct setting *table, size_t n, void *into);

/* The part of --help that lists the settings: flag, environment variable, range, default, help. */
void settings_help(const struct setting *table, size_t n, FILE *out);

/* The names of the settings that differ between two structs, separated by ", ", for the log line
 * of a reload; with not_reloadable_only, only those that differ and are not reloadable. Returns
 * how many there are; names that do not fit into cap are left out. */
size_t settings_difference(const struct setting *table, size_t n, const void *a, const void *b,
                           bool not_reloadable_only, char *buf, size_t cap);

/* Exchange the reloadable fields of two structs: afterwards *to has the new values, and *from,
 * still to be freed, the old ones. */
void settings_take_reloadable(const struct setting *table, size_t n, void *to, void *from);

#endif
