/* api_keys.c - see api_keys.h. */
#include "gateway/api_keys.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/frame.h"

struct api_key {
    unsigned char sum[SHA256_DIGEST_LENGTH];
    uint64_t max_connections;
    struct grants *grants; /* NULL: every stream */
};

struct api_keys {
    size_t n, cap;
    struct api_key *keys;
};

static const char *wrong_line = "must be NAME, the SHA-256 sum of the key in 64 hexadecimal "
                                "digits, then streams=GLOB,... or connections=N";

static struct span next_word(struct span *line)
{
    while (line->len > 0 && strchr(" \t\r", *line->at))
        line->at++, line->len--;
    struct span word = {line->at, 0};
    while (word.len < line->len && word.at[word.len] != '\0' && !strchr(" \t\r", word.at[word.len]))
        word.len++;
    line->at += word.len;
    line->len -= word.len;
    return word;
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_sum(struct span word, unsigned char *sum)
{
    if (word.len != (size_t)2 * SHA256_DIGEST_LENGTH)
        return false;
    for (size_t i = 0; i < SHA256_DIGEST_LENGTH; i++) {
        int high = digit(word.at[2 * i]), low = digit(word.at[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        sum[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

static bool begins(struct span word, const char *start)
{
    return word.len > strlen(start) && memcmp(word.at, start, strlen(start)) == 0;
}

static bool read_number(struct span digits, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.at[i] < '0' || digits.at[i] > '9' || i >= 9)
            return false;
        *out = *out * 10 + (uint64_t)(digits.at[i] - '0');
    }
    return digits.len > 0;
}

static bool read_option(struct span word, struct api_key *key)
{
    if (begins(word, "connections="))
        return read_number((struct span){word.at + 12, word.len - 12}, &key->max_connections);
    if (!begins(word, "streams=") || key->grants)
        return false;
    return (key->grants = grants_new(word.at + 8, word.len - 8)) != NULL;
}

static struct api_key *add(struct api_keys *keys)
{
    if (keys->n == keys->cap) {
        size_t cap = keys->cap ? 2 * keys->cap : 16;
        struct api_key *bigger = realloc(keys->keys, cap * sizeof *bigger);
        if (!bigger)
            return NULL;
        keys->keys = bigger;
        keys->cap = cap;
    }
    keys->keys[keys->n] = (struct api_key){0};
    return &keys->keys[keys->n++];
}

/* NULL, or what is wrong with the line. */
static const char *read_line(struct api_keys *keys, struct span line)
{
    struct span name = next_word(&line), word;

    if (name.len == 0 || *name.at == '#')
        return NULL;
    if (keys->n == API_KEYS_MAX)
        return "is one key too many (at most 10,000)";
    struct api_key *key = add(keys);
    if (!key)
        return "out of memory";
    if (!read_sum(next_word(&line), key->sum))
        return wrong_line;
    while ((word = next_word(&line)).len > 0)
        if (!read_option(word, key))
            return wrong_line;
    return NULL;
}

struct api_keys *api_keys_read(const char *text, size_t len, char *error, size_t cap)
{
    struct api_keys *keys = calloc(1, sizeof *keys);
    const char *at = text, *end = text + len, *why = keys ? NULL : "out of memory";

    for (size_t number = 1; !why && at < end; number++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop ? stop : end;
        why = read_line(keys, (struct span){at, (size_t)(stop - at)});
        if (why)
            snprintf(error, cap, "line %zu %s", number, why);
        at = stop + 1;
    }
    if (!keys)
        snprintf(error, cap, "out of memory");
    if (why)
        api_keys_free(&keys);
    return keys;
}

void api_keys_free(struct api_keys **keysp)
{
    struct api_keys *keys = *keysp;

    *keysp = NULL;
    if (!keys)
        return;
    for (size_t i = 0; i < keys->n; i++)
        grants_free(&keys->keys[i].grants);
    free(keys->keys);
    free(keys);
}

bool api_keys_accept(const struct api_keys *keys, const char *key, size_t len, struct identity *out)
{
    unsigned char sum[SHA256_DIGEST_LENGTH];
    const struct api_key *found = NULL;

    SHA256((const unsigned char *)key, len, sum);
    for (size_t i = 0; i < keys->n; i++)
        if (CRYPTO_memcmp(sum, keys->keys[i].sum, sizeof sum) == 0)
            found = &keys->keys[i];
    if (!found)
        return false;
    *out = (struct identity){.max_connections = found->max_connections};
    memcpy(out->key, sum, sizeof out->key);
    return !found->grants || (out->grants = grants_copy(found->grants));
}
