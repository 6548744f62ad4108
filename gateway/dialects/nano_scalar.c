/* nano_scalar.c - see nano_scalar.h. */
#include "gateway/dialects/nano_scalar.h"

#include <string.h>

void nano_scalar(struct json_value value, char buf[NANO_SCALAR_MAX])
{
    int len = 0;

    if (value.kind == JSON_STRING) {
        len = json_decode(value, buf, NANO_SCALAR_MAX - 1);
    } else if (value.kind > JSON_NONE && value.kind < JSON_STRING && value.len < NANO_SCALAR_MAX) {
        memcpy(buf, value.at, value.len);
        len = (int)value.len;
    }
    buf[len < 0 || memchr(buf, '\0', (size_t)len) ? 0 : len] = '\0';
}

bool nano_text_is(struct json_value value, const char *text)
{
    char buf[NANO_SCALAR_MAX];

    if (value.kind == JSON_STRING)
        return json_string_is(value, text);
    nano_scalar(value, buf);
    return strcmp(buf, text) == 0;
}

static const char *skip_space(const char *p)
{
    return p + strspn(p, " \t\n\v\f\r");
}

/* A number of value 0 or 1, or else a word; white space on either side, nothing more. */
bool nano_bool(struct json_value value, bool fallback)
{
    char buf[NANO_SCALAR_MAX];
    bool result;

    nano_scalar(value, buf);
    const char *p = skip_space(buf);
    const char *digits = p + (*p == '+' || *p == '-');
    size_t n = strspn(digits, "0123456789"), zeros = strspn(digits, "0");
    if (n > 0 && (zeros == n || (zeros == n - 1 && digits[zeros] == '1' && *p != '-'))) {
        result = zeros < n;
        p = digits + n;
    } else if (strncmp(p, "true", 4) == 0) {
        result = true;
        p += 4;
    } else if (strncmp(p, "false", 5) == 0) {
        result = false;
        p += 5;
    } else {
        return fallback;
    }
    return *skip_space(p) == '\0' ? result : fallback;
}
