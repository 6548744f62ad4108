/* settings_help.c - the table of settings as --help prints it.
 *
 *   --queue-bytes SIZE  how much may wait for one client (default 1M; 4k to 1G;
 *                       SLUICE_QUEUE_BYTES; SIGHUP)
 */
#include "common/settings_private.h"

#include <string.h>

enum {
    HELP_WIDTH = 100,
    HELP_FLAG_MAX = 28, /* a longer flag has a line of its own, and its help begins below it */
    HELP_NOTES_MAX = 768,
};

static const char *value_name(const struct setting *s)
{
    if (s->value_name)
        return s->value_name;
    switch (s->kind) {
    case SETTING_COUNT: return "N";
    case SETTING_BYTES: return "SIZE";
    case SETTING_DURATION: return "TIME";
    case SETTING_SWITCH: return "";
    case SETTING_CHOICE: return "NAME";
    default: return "VALUE";
    }
}

static size_t flag_width(const struct setting *s)
{
    size_t name = strlen(value_name(s));
    return strlen("--") + strlen(s->name) + (name ? 1 + name : 0);
}

static size_t help_column(const struct setting *table, size_t n)
{
    size_t widest = 0;
    for (size_t i = 0; i < n; i++) {
        size_t width = flag_width(&table[i]);
        if (width > widest && width <= HELP_FLAG_MAX)
            widest = width;
    }
    return 2 + widest + 2;
}

/* Words at a margin, with a new line where one would cross HELP_WIDTH. */
struct paragraph {
    FILE *out;
    size_t margin, column;
    bool begun; /* a word is already on this line */
};

static void put_word(struct paragraph *p, const char *word, size_t len)
{
    if (p->begun && p->column + 1 + len > HELP_WIDTH) {
        fputc('\n', p->out);
        p->column = 0;
        p->begun = false;
    }
    size_t space = p->begun ? 1 : p->margin - p->column;
    fprintf(p->out, "%*s%.*s", (int)space, "", (int)len, word);
    p->column += space + len;
    p->begun = true;
}

static void put_words(struct paragraph *p, const char *text)
{
    while (*text) {
        size_t len = strcspn(text, " \n");
        if (len)
            put_word(p, text, len);
        text += len + (text[len] != '\0');
    }
}

static void add_note(char notes[HELP_NOTES_MAX], const char *before, const char *note)
{
    size_t len = strlen(notes);
    if (*note)
        snprintf(notes + len, HELP_NOTES_MAX - len, "%s%s%s", len ? "; " : "", before, note);
}

static void put_notes(struct paragraph *p, const struct setting *s)
{
    char notes[HELP_NOTES_MAX] = "", whole[HELP_NOTES_MAX + 2];
    char range[SETTINGS_RANGE_MAX], variable[SETTINGS_NAME_MAX];

    add_note(notes, "default ", s->fallback ? s->fallback : "");
    add_note(notes, "", setting_range(s, range));
    add_note(notes, "", s->kind == SETTING_LIST ? "repeatable" : "");
    add_note(notes, "", setting_variable(s, variable));
    add_note(notes, "", s->reloadable ? "SIGHUP" : "");
    snprintf(whole, sizeof whole, "(%s)", notes);
    put_words(p, whole);
}

static void put_setting(const struct setting *s, size_t margin, FILE *out)
{
    const char *name = value_name(s);
    struct paragraph p = {.out = out, .margin = margin, .column = 2 + flag_width(s)};

    fprintf(out, "  --%s%s%s", s->name, *name ? " " : "", name);
    if (p.column + 2 > margin) {
        fputc('\n', out);
        p.column = 0;
    }
    put_words(&p, s->help ? s->help : "");
    put_notes(&p, s);
    fputc('\n', out);
}

void settings_help(const struct setting *table, size_t n, FILE *out)
{
    size_t margin = help_column(table, n);
    for (size_t i = 0; i < n; i++)
        put_setting(&table[i], margin, out);
}
