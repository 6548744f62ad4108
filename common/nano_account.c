/* nano_account.c - see nano_account.h. */
#include "common/nano_account.h"

#include <blake2.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

enum {
    DIGITS = 60,
    DIGIT_BITS = 5,
    CHECK_BYTES = 5,
    NUMBER_BYTES =
        CHECK_BYTES + NANO_KEY_BYTES + 1, /* the four bits above the key reach into one */
};

static const char alphabet[] = "13456789abcdefghijkmnopqrstuwxyz";

/* The value of a digit, -1 where it is none. */
static int digit_value(char c)
{
    const char *at = c ? strchr(alphabet, c) : NULL;

    return at ? (int)(at - alphabet) : -1;
}

/* The length of the prefix; 0 where there is none, or the name's length is not the prefix's. A
 * node_ name may have any length: what is above the key's bits is not looked at. */
static size_t prefix_len(const char *text, size_t len)
{
    bool mark5 = len >= 5 && (text[4] == '_' || text[4] == '-');
    bool mark4 = len >= 5 && (text[3] == '_' || text[3] == '-');

    if (mark5 && memcmp(text, "nano", 4) == 0)
        return len == 5 + DIGITS ? 5 : 0;
    if (mark4 && memcmp(text, "xrb", 3) == 0)
        return len == 4 + DIGITS ? 4 : 0;
    return len > 5 && memcmp(text, "node_", 5) == 0 ? 5 : 0;
}

/* The five-byte digest as it stands in the number: lowest byte first. */
static void checksum(const struct nano_key *key, unsigned char check[CHECK_BYTES])
{
    blake2b(check, key->bytes, NULL, CHECK_BYTES, NANO_KEY_BYTES, 0);
}

/* Put a digit into the number (lowest byte first), at a position counted from its end. */
static void put_digit(unsigned char number[NUMBER_BYTES], size_t position, unsigned value)
{
    size_t bit = position * DIGIT_BITS, byte = bit / 8;
    unsigned shifted = value << (bit % 8);

    if (byte < NUMBER_BYTES)
        number[byte] |= (unsigned char)shifted;
    if (byte + 1 < NUMBER_BYTES)
        number[byte + 1] |= (unsigned char)(shifted >> 8);
}

static unsigned get_digit(const unsigned char number[NUMBER_BYTES], size_t position)
{
    size_t bit = position * DIGIT_BITS, byte = bit / 8;
    unsigned two = number[byte];

    if (byte + 1 < NUMBER_BYTES)
        two |= (unsigned)number[byte + 1] << 8;
    return two >> (bit % 8) & 31;
}

static void copy_reversed(unsigned char *to, const unsigned char *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = from[n - 1 - i];
}

int nano_account_read(const char *text, size_t len, struct nano_key *key)
{
    unsigned char number[NUMBER_BYTES] = {0}, check[CHECK_BYTES];
    size_t prefix = prefix_len(text, len);

    if (prefix == 0 || (text[prefix] != '1' && text[prefix] != '3'))
        return -EINVAL;
    for (size_t i = prefix; i < len; i++) {
        int value = digit_value(text[i]);
        if (value < 0)
            return -EINVAL;
        put_digit(number, len - 1 - i, (unsigned)value);
    }
    copy_reversed(key->bytes, number + CHECK_BYTES, NANO_KEY_BYTES);
    checksum(key, check);
    return memcmp(check, number, CHECK_BYTES) == 0 ? 0 : -EINVAL;
}

void nano_account_write(const struct nano_key *key, char buf[NANO_ACCOUNT_LEN + 1])
{
    unsigned char number[NUMBER_BYTES] = {0};

    checksum(key, number);
    copy_reversed(number + CHECK_BYTES, key->bytes, NANO_KEY_BYTES);
    memcpy(buf, "nano_", 5);
    for (size_t i = 0; i < DIGITS; i++)
        buf[5 + i] = alphabet[get_digit(number, DIGITS - 1 - i)];
    buf[NANO_ACCOUNT_LEN] = '\0';
}

int nano_key_compare(const void *a, const void *b)
{
    return memcmp(a, b, NANO_KEY_BYTES);
}
