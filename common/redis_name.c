/* redis_name.c - see redis_name.h. */
#include "common/redis_name.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

static const char *const block_chains[] = {"injective", "zilliqa"};
static const char *const kinds[] = {
    [REDIS_CHANNEL] = "", [REDIS_HISTORY] = "hist:", [REDIS_LAST] = "last:"};

/* How much of the stream's name is hashed: the chain, or all of it. */
static size_t hashed_len(const char *stream, size_t len)
{
    for (size_t i = 0; i < sizeof block_chains / sizeof *block_chains; i++) {
        size_t n = strlen(block_chains[i]);
        if (len > n && stream[n] == '.' && memcmp(stream, block_chains[i], n) == 0)
            return n;
    }
    return len;
}

static char *put(char *at, const char *bytes, size_t len)
{
    memcpy(at, bytes, len);
    return at + len;
}

size_t redis_name(const struct redis_naming *naming, enum redis_name_kind kind, const char *stream,
                  size_t len, char buf[REDIS_NAME_MAX + 1])
{
    char *at = put(buf, naming->prefix, strlen(naming->prefix));

    assert(len <= STREAM_NAME_MAX);
    if (naming->sharded) {
        *at++ = '{';
        at = put(at, stream, hashed_len(stream, len));
        *at++ = '}';
    }
    at = put(at, kinds[kind], strlen(kinds[kind]));
    at = put(at, stream, len);
    *at = '\0';
    return (size_t)(at - buf);
}

const char *redis_name_stream(const struct redis_naming *naming, const char *channel, size_t len,
                              size_t *stream_len)
{
    size_t skip = strlen(naming->prefix);

    if (len <= skip || memcmp(channel, naming->prefix, skip) != 0)
        return NULL;
    if (naming->sharded) {
        const char *end = channel[skip] == '{' ? memchr(channel + skip, '}', len - skip) : NULL;
        if (!end || end + 1 == channel + len)
            return NULL;
        skip = (size_t)(end + 1 - channel);
    }
    *stream_len = len - skip;
    return channel + skip;
}

/* CRC16-CCITT (XMODEM): polynomial 0x1021, from 0. */
static unsigned crc16(const char *bytes, size_t len)
{
    unsigned crc = 0;

    for (size_t i = 0; i < len; i++) {
        crc ^= (unsigned)(unsigned char)bytes[i] << 8;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1) & 0xffff;
    }
    return crc;
}

int redis_slot(const char *name, size_t len)
{
    const char *open = memchr(name, '{', len);

    if (open) {
        size_t rest = len - (size_t)(open + 1 - name);
        const char *close = memchr(open + 1, '}', rest);
        if (close && close > open + 1)
            return (int)(crc16(open + 1, (size_t)(close - open - 1)) % REDIS_SLOTS);
    }
    return (int)(crc16(name, len) % REDIS_SLOTS);
}

int redis_name_slot(const struct redis_naming *naming, const char *stream, size_t len)
{
    if (!naming->sharded)
        return REDIS_NO_SLOT;
    return (int)(crc16(stream, hashed_len(stream, len)) % REDIS_SLOTS);
}
