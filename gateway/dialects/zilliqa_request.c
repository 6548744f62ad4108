/* zilliqa_request.c - see zilliqa_request.h. */
#include "gateway/dialects/zilliqa_request.h"

#include <errno.h>
#include <string.h>

#include "common/utf8.h"

static size_t skip_blank(const char *text, size_t len, size_t at)
{
    while (at < len && memchr(" \t\r\n", text[at], 4))
        at++;
    return at;
}

/* Make a blank of each comma that stands before a closing bracket. */
static void blank_last_commas(char *text, size_t len)
{
    bool in_string = false;

    for (size_t i = 0; i < len; i++) {
        if (in_string && text[i] == '\\') {
            i++;
        } else if (text[i] == '"') {
            in_string = !in_string;
        } else if (!in_string && text[i] == ',') {
            size_t next = skip_blank(text, len, i + 1);
            if (next < len && (text[next] == '}' || text[next] == ']'))
                text[i] = ' ';
        }
    }
}

int zilliqa_request_read(const char *text, size_t len, bool binary, enum profile profile,
                         char copy[ZILLIQA_MESSAGE_MAX], struct json_value *root)
{
    if (binary && !utf8_valid(text, len))
        return -EBADMSG; /* it could not be echoed as a text */
    int err = json_check(text, len, ZILLIQA_JSON, root, NULL);
    if (!err || profile == PROFILE_NODE || len > ZILLIQA_MESSAGE_MAX)
        return err;
    memcpy(copy, text, len);
    blank_last_commas(copy, len);
    return json_check(copy, len, ZILLIQA_JSON, root, NULL);
}

bool zilliqa_request_is(const char *text, size_t len, bool binary, enum profile profile)
{
    char copy[ZILLIQA_MESSAGE_MAX];
    struct json_value root;

    return zilliqa_request_read(text, len, binary, profile, copy, &root) == 0 &&
           json_member(root, "query", ZILLIQA_JSON).kind != JSON_NONE;
}
