/* settings_value.c - a setting's value as text: read, checked, and written back for people. */
#include "common/settings_private.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

struct unit {
    const char *name;
    uint64_t factor;
};

/* Largest first, so that a number is printed in the largest unit that divides it. */
static const struct unit byte_units[] = {
    {"G", 1u << 30}, {"M", 1u << 20}, {"k", 1u << 10}, {"", 1}};
static const struct unit time_units[] = {{"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};

const char *setting_variable(const struct setting *s, char buf[SETTINGS_NAME_MAX])
{
    int len = snprintf(buf, SETTINGS_NAME_MAX, "SLUICE_%s", s->name);
    for (int i = 0; i < len && i < SETTINGS_NAME_MAX - 1; i++)
        buf[i] = buf[i] == '-' ? '_' : (char)toupper((unsigned char)buf[i]);
    return buf;
}

const char *setting_show(const char *text, char buf[SETTINGS_SHOWN_MAX])
{
    size_t len = strnlen(text, SETTINGS_SHOWN_MAX);
    bool cut = len == SETTINGS_SHOWN_MAX;
    if (cut)
        len = SETTINGS_SHOWN_MAX - sizeof "...";
    for (size_t i = 0; i < len; i++)
        buf[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
    memcpy(buf + len, cut ? "..." : "", cut ? sizeof "..." : 1);
    return buf;
}

/* ---- numbers ------------------------------------------------------------------------------- */

/* Digits at *text, which moves past them. 0; -EINVAL without any; -ERANGE. */
static int read_whole(const char **text, uint64_t *out)
{
    const char *p = *text;
    uint64_t n = 0;

    if (!isdigit((unsigned char)*p))
        return -EINVAL;
    for (; isdigit((unsigned char)*p); p++)
        if (__builtin_mul_overflow(n, (uint64_t)10, &n) ||
            __builtin_add_overflow(n, (uint64_t)(*p - '0'), &n))
            return -ERANGE;
    *text = p;
    *out = n;
    return 0;
}

/* ".5" and the like at *text, as thousandths; 0 where there is none. */
static int read_thousandths(const char **text, uint64_t *out)
{
    const char *p = *text;
    uint64_t n = 0, place = 100;

    *out = 0;
    if (*p != '.')
        return 0;
    if (!isdigit((unsigned char)*++p))
        return -EINVAL;
    for (; isdigit((unsigned char)*p); p++, place /= 10) {
        if (place == 0)
            return -EINVAL;
        n += (uint64_t)(*p - '0') * place;
    }
    *text = p;
    *out = n;
    return 0;
}

static int read_count(const char *text, uint64_t *out)
{
    int err = read_whole(&text, out);
    return err ? err : *text ? -EINVAL : 0;
}

static int read_bytes(const char *text, uint64_t *out)
{
    int err = read_whole(&text, out);
    if (err)
        return err;
    for (size_t i = 0; i < sizeof byte_units / sizeof *byte_units; i++)
        if (strcasecmp(text, byte_units[i].name) == 0)
            return __builtin_mul_overflow(*out, byte_units[i].factor, out) ? -ERANGE : 0;
    return -EINVAL;
}

static int read_duration(const char *text, uint64_t *out)
{
    uint64_t whole, thousandths, factor = 0;
    int err = read_whole(&text, &whole);
    if (!err)
        err = read_thousandths(&text, &thousandths);
    if (err)
        return err;
    if (!*text)
        factor = 1000; /* a bare number is seconds */
    for (size_t i = 0; i < sizeof time_units / sizeof *time_units; i++)
        if (strcmp(text, time_units[i].name) == 0)
            factor = time_units[i].factor;
    if (!factor || thousandths * factor % 1000 != 0) /* nothing is rounded */
        return -EINVAL;
    if (__builtin_mul_overflow(whole, factor, out) ||
        __builtin_add_overflow(*out, thousandths * factor / 1000, out))
        return -ERANGE;
    return 0;
}

int settings_duration(const char *text, uint64_t *ms)
{
    return read_duration(text, ms);
}

static int read_switch(const char *text, uint64_t *out)
{
    static const char *const words[] = {"off", "on", "false", "true", "no", "yes", "0", "1"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(text, words[i]) == 0) {
            *out = i % 2;
            return 0;
        }
    return -EINVAL;
}

static int read_choice(const struct setting *s, const char *text, uint64_t *out)
{
    for (uint64_t i = 0; s->choices[i]; i++)
        if (strcmp(text, s->choices[i]) == 0) {
            *out = i;
            return 0;
        }
    return -EINVAL;
}

static int read_value(const struct setting *s, const char *text, uint64_t *out)
{
    switch (s->kind) {
    case SETTING_TEXT:
    case SETTING_LIST: return 0;
    case SETTING_COUNT: return read_count(text, out);
    case SETTING_BYTES: return read_bytes(text, out);
    case SETTING_DURATION: return read_duration(text, out);
    case SETTING_SWITCH: return read_switch(text, out);
    case SETTING_CHOICE: return read_choice(s, text, out);
    }
    return -EINVAL;
}

static const char *expected(const struct setting *s)
{
    switch (s->kind) {
    case SETTING_COUNT: return "is not a whole number";
    case SETTING_BYTES: return "is not a size such as 512, 64k, 2M or 1G";
    case SETTING_DURATION: return "is not a duration such as 500ms, 2s, 5m or 1h";
    case SETTING_SWITCH: return "is neither on nor off";
    case SETTING_CHOICE: return "is not one of";
    default: return "is not valid";
    }
}

static bool is_number(const struct setting *s)
{
    return s->kind == SETTING_COUNT || s->kind == SETTING_BYTES || s->kind == SETTING_DURATION;
}

int setting_parse(const struct setting *s, const char *text, uint64_t *number,
                  char error[SETTINGS_ERROR_MAX])
{
    char shown[SETTINGS_SHOWN_MAX], range[SETTINGS_RANGE_MAX];
    int err = read_value(s, text, number);

    if (!err && is_number(s) && (*number < s->min || (s->max && *number > s->max)))
        err = -ERANGE;
    if (!err)
        return 0;
    setting_show(text, shown);
    setting_range(s, range);
    if (err == -ERANGE)
        snprintf(error, SETTINGS_ERROR_MAX, "\"%s\" is out of range%s%s", shown,
                 *range ? ": it may be " : "", range);
    else if (s->kind == SETTING_CHOICE)
        snprintf(error, SETTINGS_ERROR_MAX, "\"%s\" %s %s", shown, expected(s), range);
    else
        snprintf(error, SETTINGS_ERROR_MAX, "\"%s\" %s%s%s%s", shown, expected(s),
                 *range ? " (" : "", range, *range ? ")" : "");
    return -EINVAL;
}

/* ---- back to text -------------------------------------------------------------------------- */

static const char *format_number(const struct setting *s, uint64_t n, char buf[32])
{
    const struct unit *u = s->kind == SETTING_DURATION ? time_units : byte_units;
    if (s->kind == SETTING_COUNT || n == 0) {
        snprintf(buf, 32, "%" PRIu64, n);
        return buf;
    }
    while (n % u->factor != 0) /* ends: the last factor is 1 */
        u++;
    snprintf(buf, 32, "%" PRIu64 "%s", n / u->factor, u->name);
    return buf;
}

static void list_choices(const struct setting *s, char buf[SETTINGS_RANGE_MAX])
{
    size_t len = 0;
    for (size_t i = 0; s->choices[i] && len < SETTINGS_RANGE_MAX; i++) {
        const char *between = i == 0 ? "" : s->choices[i + 1] ? ", " : " or ";
        len +=
            (size_t)snprintf(buf + len, SETTINGS_RANGE_MAX - len, "%s%s", between, s->choices[i]);
    }
}

const char *setting_range(const struct setting *s, char buf[SETTINGS_RANGE_MAX])
{
    char min[32], max[32];

    *buf = '\0';
    if (s->kind == SETTING_CHOICE)
        list_choices(s, buf);
    else if (is_number(s) && s->max)
        snprintf(buf, SETTINGS_RANGE_MAX, "%s to %s", format_number(s, s->min, min),
                 format_number(s, s->max, max));
    else if (is_number(s) && s->min)
        snprintf(buf, SETTINGS_RANGE_MAX, "at least %s", format_number(s, s->min, min));
    return buf;
}
