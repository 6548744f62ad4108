/* stream_name.c - see stream_name.h. */
#include "common/stream_name.h"

#include <assert.h>
#include <openssl/evp.h>
#include <string.h>

static bool is_name_byte(char c)
{
    return c > ' ' && c <= '~' && !strchr("\"\\{}*?[]/", c);
}

bool stream_name_valid(const char *name, size_t len)
{
    if (len < 1 || len > STREAM_NAME_MAX || name[0] == '_')
        return false;
    for (size_t i = 0; i < len; i++)
        if (!is_name_byte(name[i]))
            return false;
    return true;
}

/* '~' is not among them, so that no encoded value looks like a hash. */
static bool is_plain(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("._:@!-", c));
}

/* '~' and 64 digits. Without memory for the digest there is no right name, and a wrong one would
 * carry one account's events to another: better to end. */
static size_t hash_value(const char *value, size_t len, char *buf)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    int done = EVP_Digest(value, len, digest, &size, EVP_sha256(), NULL);

    assert(done == 1);
    (void)done;
    *buf++ = '~';
    for (unsigned i = 0; i < size; i++) {
        *buf++ = digits[digest[i] >> 4];
        *buf++ = digits[digest[i] & 15];
    }
    *buf = '\0';
    return 1 + 2 * (size_t)size;
}

size_t stream_name_encode(const char *value, size_t len, char buf[STREAM_VALUE_MAX + 1])
{
    static const char digits[] = "0123456789ABCDEF";
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)value[i];
        bool plain = is_plain(c);
        if (n + (plain ? 1 : 3) > STREAM_VALUE_MAX)
            return hash_value(value, len, buf);
        if (plain) {
            buf[n++] = (char)c;
            continue;
        }
        buf[n++] = '%';
        buf[n++] = digits[c >> 4];
        buf[n++] = digits[c & 15];
    }
    buf[n] = '\0';
    return n;
}

/* Only the last star is ever tried again: what an earlier one gave up, the later one can take. */
bool glob_match(const char *pattern, const char *text, size_t len)
{
    const char *end = text + len, *star = NULL, *from = NULL;

    while (text < end) {
        if (*pattern == '*') {
            star = ++pattern;
            from = text;
        } else if (*pattern && (*pattern == '?' || *pattern == *text)) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star;
            text = ++from;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

bool stream_prefix_valid(const char *prefix)
{
    size_t len = strlen(prefix);

    for (size_t i = 0; i < len; i++)
        if (prefix[i] <= ' ' || prefix[i] >= 127 || strchr("{}*?[]\"'\\", prefix[i]))
            return false;
    return len <= STREAM_PREFIX_MAX;
}
