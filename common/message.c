/* message.c - see message.h. */
#include "common/message.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

bool message_tag_valid(const char *tag, size_t len)
{
    if (len < 1 || len > MESSAGE_TAG_MAX)
        return false;
    for (size_t i = 0; i < len; i++)
        if (tag[i] <= ' ' || tag[i] > '~')
            return false;
    return true;
}

/* Read a number in its one form, without leading zeros, so that an id has one spelling. Gives the
 * place behind it, NULL where there is none or it does not fit. */
static const char *read_number(const char *p, const char *end, uint64_t *out)
{
    const char *start = p;
    uint64_t n = 0;

    for (; p < end && *p >= '0' && *p <= '9'; p++)
        if (__builtin_mul_overflow(n, 10u, &n) ||
            __builtin_add_overflow(n, (unsigned)(*p - '0'), &n))
            return NULL;
    if (p == start || (*start == '0' && p - start > 1))
        return NULL;
    *out = n;
    return p;
}

/* The same with the byte that must follow. */
static const char *read_field(const char *p, const char *end, char separator, uint64_t *out)
{
    p = read_number(p, end, out);
    return p && p < end && *p == separator ? p + 1 : NULL;
}

/* end is the line's end. */
static int read_head(const char *p, const char *end, struct message *m)
{
    if (!(p = read_field(p, end, '-', &m->epoch)) || !(p = read_field(p, end, ' ', &m->seq)) ||
        !(p = read_number(p, end, &m->time_us)) || m->seq == 0)
        return -EBADMSG;
    if (p == end)
        return 0;
    if (*p++ != ' ' || !message_tag_valid(p, (size_t)(end - p)))
        return -EBADMSG;
    m->tag = p;
    m->tag_len = (size_t)(end - p);
    return 0;
}

int message_read(const char *bytes, size_t len, struct message *m)
{
    struct message read = {.data = bytes, .data_len = len};

    if (len == 0)
        return -EBADMSG;
    if (bytes[0] != '{' && bytes[0] != '[') {
        const char *newline = memchr(bytes, '\n', len < MESSAGE_HEAD_MAX ? len : MESSAGE_HEAD_MAX);
        if (!newline || read_head(bytes, newline, &read) < 0)
            return -EBADMSG;
        read.has_head = true;
        read.data = newline + 1;
        read.data_len = (size_t)(bytes + len - read.data);
        if (read.data_len == 0)
            return -EBADMSG;
    }
    *m = read;
    return 0;
}

static char *write_number(char *p, uint64_t n)
{
    char digits[20];
    size_t len = 0;

    do
        digits[len++] = (char)('0' + n % 10);
    while (n /= 10);
    while (len > 0)
        *p++ = digits[--len];
    return p;
}

size_t message_write_head(char buf[MESSAGE_HEAD_MAX], const struct message *m)
{
    char *p = write_number(buf, m->epoch);

    assert(m->seq > 0);
    assert(!m->tag || message_tag_valid(m->tag, m->tag_len));
    *p++ = '-';
    p = write_number(p, m->seq);
    *p++ = ' ';
    p = write_number(p, m->time_us);
    if (m->tag) {
        *p++ = ' ';
        memcpy(p, m->tag, m->tag_len);
        p += m->tag_len;
    }
    *p++ = '\n';
    return (size_t)(p - buf);
}
