/* settings_file.c - the lines of a settings file.
 *
 * What systemd (EnvironmentFile=) and Docker (--env-file) read alike, and no more: KEY=VALUE, one
 * to a line, '#' only at its beginning. White space round the line and the value goes, then one
 * pair of quotes round the value; between them every byte stands for itself.
 */
#include "common/settings_private.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

/* Cut white space off both ends of a text that ends at end; returns where it begins. */
static char *trim(char *text, char *end)
{
    while (end > text && is_space(end[-1]))
        end--;
    *end = '\0';
    while (is_space(*text))
        text++;
    return text;
}

static bool is_key(const char *key)
{
    if (!isalpha((unsigned char)*key) && *key != '_')
        return false;
    while (isalnum((unsigned char)*key) || *key == '_')
        key++;
    return *key == '\0';
}

/* Returns the value without its quotes, NULL where they do not match. */
static char *unquote(char *value)
{
    if (*value != '"' && *value != '\'')
        return value;
    char *close = strchr(value + 1, *value);
    if (!close || close[1] != '\0')
        return NULL;
    *close = '\0';
    return value + 1;
}

/* Returns NULL or what is wrong. An empty *key: nothing on this line. */
static const char *read_line(char *at, char *end, char **key, char **value)
{
    *key = (char *)"";
    if (memchr(at, '\0', (size_t)(end - at)))
        return "a line may not hold a NUL byte";
    at = trim(at, end);
    if (*at == '\0' || *at == '#')
        return NULL;
    char *equals = strchr(at, '=');
    if (!equals)
        return "a line must be KEY=VALUE, a comment or empty";
    *value = unquote(trim(equals + 1, strchr(equals, '\0')));
    *equals = '\0';
    if (!is_key(at))
        return "the part before '=' is not a variable's name";
    if (!*value)
        return "the quotes must go round the whole value";
    *key = at;
    return NULL;
}

int settings_file_read(char *text, size_t len, settings_line_fn *take, void *ctx, size_t *line,
                       const char **reason)
{
    char *end = text + len;
    for (*line = 1; text < end; (*line)++) {
        char *newline = memchr(text, '\n', (size_t)(end - text));
        char *stop = newline ? newline : end;
        char *key, *value;
        if ((*reason = read_line(text, stop, &key, &value)))
            return -EINVAL;
        int err = *key ? take(ctx, *line, key, value) : 0;
        if (err)
            return err;
        text = stop + 1;
    }
    return 0;
}
