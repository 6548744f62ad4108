/* settings.c - see settings.h for the sources and their order.
 *
 * Every source offers its values; a setting keeps the one of the highest source and checks all of
 * them, so that a wrong line in the file is found even while a flag hides it.
 */
#include "common/settings_private.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum source { /* in order of precedence, the lowest first */
              FROM_NOWHERE,
              FROM_DEFAULT,
              FROM_FILE,
              FROM_ENVIRONMENT,
              FROM_FLAG,
};

enum { FILE_SHOWN_MAX = 120 }; /* bytes, with NUL, so that an error has room for what is wrong */

struct load {
    const struct setting *table, *other;
    size_t n, n_other;
    void *into;
    enum source *from;         /* one per setting: the source of the value it has now */
    char file[FILE_SHOWN_MAX]; /* the settings file's name as errors show it */
    char *error;
};

__attribute__((format(printf, 3, 4))) static int fail(struct load *l, const char *where,
                                                      const char *format, ...)
{
    va_list args;
    int len = snprintf(l->error, SETTINGS_ERROR_MAX, "%s: ", where);
    if (len >= SETTINGS_ERROR_MAX)
        return -EINVAL;
    va_start(args, format);
    vsnprintf(l->error + len, SETTINGS_ERROR_MAX - (size_t)len, format, args);
    va_end(args);
    return -EINVAL;
}

static const struct setting *find(const struct setting *table, size_t n, const char *name,
                                  size_t len)
{
    for (size_t i = 0; i < n; i++)
        if (strlen(table[i].name) == len && memcmp(table[i].name, name, len) == 0)
            return &table[i];
    return NULL;
}

static const struct setting *find_variable(const struct setting *table, size_t n, const char *name,
                                           size_t len)
{
    char buf[SETTINGS_NAME_MAX];
    for (size_t i = 0; i < n; i++) {
        const char *variable = setting_variable(&table[i], buf);
        if (strlen(variable) == len && memcmp(variable, name, len) == 0)
            return &table[i];
    }
    return NULL;
}

/* ---- one value ----------------------------------------------------------------------------- */

static int store_list(struct load *l, const struct setting *s, enum source source, const char *text,
                      bool more)
{
    struct setting_list *list = (void *)((char *)l->into + s->offset);
    if (!more)
        setting_list_clear(list);
    if (source == FROM_FLAG) /* one flag is one value, white space and all */
        return setting_list_add(list, text, strlen(text));
    return setting_list_split(list, text);
}

/* A source's value for a setting; where names both for the error line. */
static int offer(struct load *l, const struct setting *s, enum source source, const char *where,
                 const char *text)
{
    enum source *from = &l->from[s - l->table];
    char wrong[SETTINGS_ERROR_MAX];
    uint64_t number = 0;

    if (setting_parse(s, text, &number, wrong) < 0)
        return fail(l, where, "%s", wrong);
    if (*from > source)
        return 0;
    bool more = *from == FROM_FLAG;
    *from = source;
    int err = s->kind == SETTING_LIST ? store_list(l, s, source, text, more)
                                      : setting_store(s, l->into, text, number);
    if (err == -E2BIG)
        return fail(l, where, "more than %d values", SETTINGS_LIST_MAX);
    if (err < 0)
        fail(l, where, "%s", strerror(-err));
    return err;
}

/* ---- flags --------------------------------------------------------------------------------- */

/* The value of the flag at argv[*i]; moves *i when it is the next argument. NULL: there is none. */
static const char *flag_value(const struct setting *s, int argc, char *const *argv, int *i)
{
    const char *equals = strchr(argv[*i], '=');
    if (equals)
        return equals + 1;
    if (s->kind == SETTING_SWITCH)
        return "on";
    if (*i + 1 >= argc || strncmp(argv[*i + 1], "--", 2) == 0)
        return NULL;
    return argv[++*i];
}

/* The argument without what may be a secret: a flag's value, a URL's login. Returns buf. */
static const char *show_argument(const char *arg, char buf[SETTINGS_SHOWN_MAX])
{
    char *name = strndup(arg, strcspn(arg, *arg == '-' ? "=" : ":"));
    setting_show(name ? name : "", buf);
    free(name);
    return buf;
}

static int take_flag(struct load *l, int argc, char *const *argv, int *i)
{
    char shown[SETTINGS_SHOWN_MAX], where[SETTINGS_NAME_MAX];
    const char *arg = argv[*i];

    show_argument(arg, shown);
    if (arg[0] != '-' || arg[1] == '\0')
        return fail(l, shown, "unexpected argument; settings are given as --name value");
    size_t len = strcspn(arg, "=");
    bool is_long = len > 2 && arg[1] == '-';
    const struct setting *s = is_long ? find(l->table, l->n, arg + 2, len - 2) : NULL;
    if (!s)
        return fail(l, shown, "unknown flag; --help lists them");
    snprintf(where, sizeof where, "--%s", s->name);
    const char *value = flag_value(s, argc, argv, i);
    if (!value)
        return fail(l, where, "needs a value (%s=...)", where);
    return offer(l, s, FROM_FLAG, where, value);
}

static int take_flags(struct load *l, int argc, char *const *argv)
{
    char shown[SETTINGS_SHOWN_MAX];
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0)
            return i + 1 == argc
                       ? 0
                       : fail(l, show_argument(argv[i + 1], shown), "unexpected argument");
        int err = take_flag(l, argc, argv, &i);
        if (err)
            return err;
    }
    return 0;
}

bool settings_wants(int argc, char *const *argv, const char *flag)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], flag) == 0)
            return true;
    return false;
}

/* ---- environment and file ------------------------------------------------------------------ */

static bool is_ours(const char *variable)
{
    return strncmp(variable, "SLUICE_", 7) == 0;
}

/* SLUICE_BUILD tells the tests where the programs are; it is no setting of theirs. */
static bool is_ignored(const char *name, size_t len)
{
    return len == strlen("SLUICE_BUILD") && memcmp(name, "SLUICE_BUILD", len) == 0;
}

static int take_variable(struct load *l, const char *variable)
{
    size_t len = strcspn(variable, "=");
    char name[SETTINGS_SHOWN_MAX], where[SETTINGS_SHOWN_MAX + 32];

    if (!is_ours(variable) || is_ignored(variable, len) || variable[len] == '\0')
        return 0;
    snprintf(where, sizeof where, "%.*s (environment)", len > 60 ? 60 : (int)len, variable);
    const struct setting *s = find_variable(l->table, l->n, variable, len);
    if (s)
        return offer(l, s, FROM_ENVIRONMENT, where, variable + len + 1);
    if (find_variable(l->other, l->n_other, variable, len))
        return 0;
    return fail(l, setting_show(where, name), "unknown setting; --help lists them");
}

static int take_environment(struct load *l, char *const *env)
{
    int err = 0;
    for (; env && *env && !err; env++)
        err = take_variable(l, *env);
    return err;
}

static int take_line(void *ctx, size_t line, const char *key, const char *value)
{
    struct load *l = ctx;
    char where[SETTINGS_ERROR_MAX / 2], shown[SETTINGS_SHOWN_MAX];
    size_t len = strlen(key);

    if (!is_ours(key) || is_ignored(key, len))
        return 0;
    snprintf(where, sizeof where, "%s:%zu: %s", l->file, line, setting_show(key, shown));
    const struct setting *s = find_variable(l->table, l->n, key, len);
    if (!s)
        return fail(l, where, "unknown setting; --help lists them");
    if (strcmp(s->name, "settings") == 0)
        return fail(l, where, "a settings file cannot name another");
    return offer(l, s, FROM_FILE, where, value);
}

static int take_text(struct load *l, char *text, size_t len)
{
    const char *reason = NULL;
    char where[SETTINGS_ERROR_MAX / 2];
    size_t line;
    int err = settings_file_read(text, len, take_line, l, &line, &reason);
    if (!reason)
        return err;
    snprintf(where, sizeof where, "%s:%zu", l->file, line);
    return fail(l, where, "%s", reason);
}

/* The whole of a file, and a NUL; a pipe will do. Returns its length or -errno. */
static long read_file(const char *path, char *text)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return -errno;
    size_t len = fread(text, 1, SETTINGS_FILE_MAX + 1, file);
    int err = ferror(file) ? -errno : len > SETTINGS_FILE_MAX ? -EFBIG : 0;
    fclose(file);
    text[len] = '\0';
    return err ? err : (long)len;
}

/* The end of a name, which says more than its beginning, on one line. */
static void show_file(struct load *l, const char *path)
{
    size_t len = strlen(path), skip = len < sizeof l->file ? 0 : len - (sizeof l->file - 1);
    snprintf(l->file, sizeof l->file, "%s", path + skip);
    for (char *c = l->file; *c; c++)
        if (iscntrl((unsigned char)*c))
            *c = '?';
}

static int take_file(struct load *l, const char *path)
{
    char *text = malloc(SETTINGS_FILE_MAX + 2);
    if (!text) {
        fail(l, "settings", "%s", strerror(ENOMEM));
        return -ENOMEM;
    }
    long len = read_file(path, text);
    show_file(l, path);
    int err = len < 0 ? fail(l, "settings", "cannot read %s: %s", l->file, strerror((int)-len))
                      : take_text(l, text, (size_t)len);
    free(text);
    return err;
}

/* The file that flag, environment or the default names; "" for none. */
static const char *file_named(struct load *l)
{
    const struct setting *s = find(l->table, l->n, "settings", strlen("settings"));
    if (!s || s->kind != SETTING_TEXT)
        return "";
    if (l->from[s - l->table] == FROM_NOWHERE)
        return s->fallback ? s->fallback : "";
    return *(char **)(void *)((char *)l->into + s->offset);
}

static int take_named_file(struct load *l)
{
    const char *path = file_named(l);
    return *path ? take_file(l, path) : 0;
}

/* ---- the whole ----------------------------------------------------------------------------- */

static int take_defaults(struct load *l)
{
    int err = 0;
    for (const struct setting *s = l->table; s < l->table + l->n && !err; s++) {
        bool worth = s->fallback || s->kind == SETTING_TEXT; /* a text is never NULL */
        if (worth && l->from[s - l->table] == FROM_NOWHERE)
            err = offer(l, s, FROM_DEFAULT, s->name, s->fallback ? s->fallback : "");
        assert(err != -EINVAL); /* a default must be a value that a user could give */
    }
    return err;
}

static int begin(struct load *l)
{
    *l->error = '\0';
    l->from = calloc(l->n ? l->n : 1, sizeof *l->from);
    if (l->from)
        return 0;
    fail(l, "settings", "%s", strerror(ENOMEM));
    return -ENOMEM;
}

/* Ends the load with err; on error nothing stays behind in the program's struct. */
static int finish(struct load *l, int err)
{
    if (!err)
        err = take_defaults(l);
    if (err)
        settings_free(l->table, l->n, l->into);
    free(l->from);
    return err;
}

int settings_load(const struct setting *table, size_t n, const struct setting *other,
                  size_t n_other, void *into, int argc, char *const *argv, char *const *env,
                  char error[SETTINGS_ERROR_MAX])
{
    struct load l = {.table = table, .n = n, .other = other, .n_other = n_other};
    l.into = into;
    l.error = error;
    int err = begin(&l);
    if (err)
        return err;
    err = take_flags(&l, argc, argv);
    if (!err)
        err = take_environment(&l, env);
    if (!err)
        err = take_named_file(&l);
    return finish(&l, err);
}

int settings_load_text(const struct setting *table, size_t n, void *into, const char *name,
                       char *text, size_t len, char error[SETTINGS_ERROR_MAX])
{
    struct load l = {.table = table, .n = n, .into = into, .error = error};
    int err = begin(&l);
    show_file(&l, name);
    return err ? err : finish(&l, take_text(&l, text, len));
}
