/* proxy_header.c - see proxy_header.h. */
#include "gateway/proxy_header.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "gateway/frame.h"

enum {
    V1_MAX = 107, /* with its CR LF */
    V2_FIXED = 16,
    V2_VERSION = 0x20,
    V2_LOCAL = 0,
    V2_PROXY = 1,
    V2_INET = 1,
    V2_INET6 = 2,
    V2_INET_BYTES = 12,
    V2_INET6_BYTES = 36,
};

static const char v1_start[] = "PROXY ";
static const char v2_start[] = "\r\n\r\n\0\r\nQUIT\n";

/* ---- version 1: PROXY TCP4 192.0.2.1 198.51.100.1 50000 443\r\n ------------------------------ */

static struct span next_word(struct span *line)
{
    struct span word = {line->at, line->len};
    const char *blank = memchr(line->at, ' ', line->len);

    if (blank)
        word.len = (size_t)(blank - line->at);
    line->at += word.len + (blank ? 1 : 0);
    line->len -= word.len + (blank ? 1 : 0);
    return word;
}

static bool is(struct span word, const char *text)
{
    return word.len == strlen(text) && memcmp(word.at, text, word.len) == 0;
}

static bool is_port(struct span word)
{
    unsigned value = 0;

    if (word.len == 0 || word.len > 5)
        return false;
    for (size_t i = 0; i < word.len; i++) {
        if (word.at[i] < '0' || word.at[i] > '9')
            return false;
        value = value * 10 + (unsigned)(word.at[i] - '0');
    }
    return value <= 65535;
}

static int read_v1(struct span line, struct address *from)
{
    struct address source, destination;

    next_word(&line);
    struct span family = next_word(&line);
    if (is(family, "UNKNOWN"))
        return 0;
    bool v6 = is(family, "TCP6");
    struct span first = next_word(&line), second = next_word(&line);
    struct span from_port = next_word(&line), to_port = next_word(&line);
    if ((!v6 && !is(family, "TCP4")) || !memchr(first.at, v6 ? ':' : '.', first.len) ||
        address_parse(first.at, first.len, &source) < 0 ||
        address_parse(second.at, second.len, &destination) < 0 || !is_port(from_port) ||
        !is_port(to_port) || line.len > 0)
        return -EPROTO;
    *from = source;
    return 0;
}

static int parse_v1(const char *bytes, size_t len, struct address *from)
{
    size_t seen = len < V1_MAX ? len : V1_MAX;
    const char *end = memmem(bytes, seen, "\r\n", 2);

    if (!end)
        return seen == V1_MAX ? -EPROTO : 0;
    int err = read_v1((struct span){bytes, (size_t)(end - bytes)}, from);
    return err ? err : (int)(end - bytes) + 2;
}

/* ---- version 2: binary ----------------------------------------------------------------------- */

static int read_v2(const unsigned char *b, size_t len, struct address *from)
{
    unsigned family = b[13] >> 4;

    if ((b[12] & 0xf0) != V2_VERSION || (b[12] & 0x0f) > V2_PROXY)
        return -EPROTO;
    if ((b[12] & 0x0f) == V2_LOCAL)
        return 0;
    if (family == V2_INET && len >= V2_FIXED + V2_INET_BYTES) {
        *from = (struct address){.bytes = {[10] = 0xff, [11] = 0xff}};
        memcpy(from->bytes + 12, b + V2_FIXED, 4);
    } else if (family == V2_INET6 && len >= V2_FIXED + V2_INET6_BYTES) {
        memcpy(from->bytes, b + V2_FIXED, 16);
    } else if (family == V2_INET || family == V2_INET6) {
        return -EPROTO;
    }
    return 0; /* of another family: the proxy speaks for itself */
}

static int parse_v2(const char *bytes, size_t len, struct address *from)
{
    const unsigned char *b = (const unsigned char *)bytes;

    if (len < V2_FIXED)
        return 0;
    size_t whole = V2_FIXED + ((size_t)b[14] << 8 | b[15]);
    if (whole > PROXY_HEADER_MAX)
        return -EPROTO;
    if (len < whole)
        return 0;
    int err = read_v2(b, whole, from);
    return err ? err : (int)whole;
}

static bool begins(const char *bytes, size_t len, const char *start, size_t start_len)
{
    return memcmp(bytes, start, len < start_len ? len : start_len) == 0;
}

int proxy_header_parse(const char *bytes, size_t len, struct address *from)
{
    if (begins(bytes, len, v1_start, sizeof v1_start - 1))
        return parse_v1(bytes, len, from);
    if (begins(bytes, len, v2_start, sizeof v2_start - 1))
        return parse_v2(bytes, len, from);
    return -EPROTO;
}
